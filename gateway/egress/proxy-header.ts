/** `PROXY TCP4 SOURCE DESTINATION SOURCEPORT DESTINATIONPORT` CRLF: version 1 of the PROXY protocol, as sandbox-native/PROFILE.md "The bridge" has it. */
import { parseIpv4, parseIpv6 } from "./address.ts";
import { latin1 } from "./bytes.ts";
import { fault, type Parsed, parsed } from "./faults.ts";
import { type Host, hostOf, parsePort } from "./host.ts";
import { MAX_PROXY_HEADER_BYTES } from "./limits.ts";

export interface Destination {
  readonly host: Host;
  readonly port: number;
}

export interface ProxyHeader extends Destination {
  /** Bytes that the header takes. */
  readonly length: number;
}

const LINE_FEED = 0x0a;

/** Null: more bytes are needed. */
export function parseProxyHeader(bytes: Uint8Array): Parsed<ProxyHeader> | null {
  const end = bytes.subarray(0, MAX_PROXY_HEADER_BYTES).indexOf(LINE_FEED);
  if (end === -1) return bytes.length < MAX_PROXY_HEADER_BYTES ? null : fault("proxy_header_invalid");
  const line = latin1(bytes, 0, end + 1);
  const match =
    /^PROXY (TCP4|TCP6) ([0-9a-fA-F.:]+) ([0-9a-fA-F.:]+) (0|[1-9]\d{0,4}) ([1-9]\d{0,4})\r\n$/.exec(line);
  if (match === null) return fault("proxy_header_invalid");
  const [, family, source = "", destination = "", sourcePort = "", destinationPort = ""] = match;
  const parse = family === "TCP4" ? parseIpv4 : parseIpv6;
  const address = parse(destination);
  const port = parsePort(destinationPort);
  if (parse(source) === null || address === null || port === null || Number(sourcePort) > 65_535)
    return fault("proxy_header_invalid");
  return parsed({ host: hostOf(address), port, length: end + 1 });
}
