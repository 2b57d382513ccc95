/** Hosts, canonicalised once: what is judged is what is resolved, dialled, compared and forwarded. */
import { type Address, addressText, parseIpv4, parseIpv6 } from "./address.ts";
import { latin1 } from "./bytes.ts";
import { fault, type Parsed, parsed } from "./faults.ts";
import { MAX_LABEL_BYTES, MAX_NAME_BYTES } from "./limits.ts";

/** `text` is the spelling of engine/ABI.md "The action". `address` is null for a name. */
export interface Host {
  readonly text: string;
  readonly address: Address | null;
}

export interface Authority {
  readonly host: Host;
  /** Null when not written. */
  readonly port: number | null;
}

const LABEL = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;

export function hostOf(address: Address): Host {
  return { text: addressText(address), address };
}

/**
 * A name of RFC 1123 labels in any case, perhaps with one dot at its end, or an IPv4 address of four decimal numbers. A name whose last label is a
 * number is what `inet_aton` reads as an address (`127.1`, `0x7f.1`, `2130706433`): refused.
 */
export function parseName(text: string): Parsed<Host> {
  const lower = text.endsWith(".") ? text.slice(0, -1).toLowerCase() : text.toLowerCase();
  if (lower.length === 0 || lower.length > MAX_NAME_BYTES) return fault("host_invalid");
  const labels = lower.split(".");
  if (!labels.every((label) => label.length <= MAX_LABEL_BYTES && LABEL.test(label)))
    return fault("host_invalid");
  if (!/^(?:\d+|0x.*)$/.test(labels.at(-1)!)) return parsed({ text: lower, address: null });
  // A dot behind an address is a spelling that resolvers disagree on.
  const address = text.endsWith(".") ? null : parseIpv4(lower);
  return address === null ? fault("host_invalid") : parsed(hostOf(address));
}

/** A name or an address as it stands in a URL: IPv6 in brackets. */
export function parseHost(text: string): Parsed<Host> {
  // `toLowerCase` makes ASCII of some other letters.
  if (!/^[\x21-\x7e]+$/.test(text)) return fault("host_invalid");
  if (!text.startsWith("[")) return parseName(text);
  const address = text.endsWith("]") && text.includes(":") ? parseIpv6(text.slice(1, -1)) : null;
  return address === null ? fault("host_invalid") : parsed(hostOf(address));
}

/** Of bytes that came with their length: SOCKS5, server names, labels of DNS. */
export function parseHostBytes(bytes: Uint8Array): Parsed<Host> {
  return parseHost(latin1(bytes));
}

/** 1 to 65535 in decimal, without leading zeros; null for anything else. */
export function parsePort(text: string): number | null {
  if (!/^[1-9]\d{0,4}$/.test(text)) return null;
  const port = Number(text);
  return port <= 65_535 ? port : null;
}

/** `HOST` or `HOST:PORT`. */
export function parseAuthority(text: string): Parsed<Authority> {
  const match = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/s.exec(text);
  if (match === null) return fault("host_invalid");
  const host = parseHost(match[1]!);
  if (!host.ok) return host;
  if (match[2] === undefined) return parsed({ host: host.value, port: null });
  const port = parsePort(match[2]);
  return port === null ? fault("port_invalid") : parsed({ host: host.value, port });
}

/** As it stands in `host` and in a target; the port left out when it is the scheme's own. */
export function authorityText(host: Host, port: number, defaultPort: number): string {
  const name = host.address?.length === 16 ? `[${host.text}]` : host.text;
  return port === defaultPort ? name : `${name}:${port}`;
}
