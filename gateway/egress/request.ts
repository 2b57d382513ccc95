/** A request's head: read strictly, kept as values, written anew. Nothing of what was received is forwarded as it came. */
import { fault, type Parsed, parsed } from "./faults.ts";
import {
  endToEnd,
  type Field,
  type Framing,
  fieldValue,
  framingOf,
  headLines,
  listOf,
  parseRequestFields,
} from "./fields.ts";
import { type Authority, authorityText, type Host, parseAuthority } from "./host.ts";
import { parseTarget, type Target } from "./target.ts";

export interface RequestHead {
  readonly method: string;
  readonly target: Target;
  readonly minor: 0 | 1;
  /** Of `host`; null when there is none. */
  readonly hostField: Authority | null;
  /** What is forwarded besides `host` and the body's length. */
  readonly fields: readonly Field[];
  readonly framing: Framing;
  readonly isUpgrade: boolean;
  readonly expectsContinue: boolean;
  /** The connection ends behind the response. */
  readonly closes: boolean;
  /** Of `proxy-authorization`. */
  readonly proxyCredentials: string | null;
}

const METHOD = /^[A-Z]{1,32}$/;

/** The three parts of the first line. */
function parseLine(line: string): Parsed<{ method: string; target: Target; minor: 0 | 1 }> {
  const parts = line.split(" ");
  if (parts.length !== 3) return fault("line_invalid");
  const [method, target, version] = parts as [string, string, string];
  if (!/^HTTP\/\d\.\d$/.test(version)) return fault("line_invalid");
  if (!/^HTTP\/1\.[01]$/.test(version)) return fault("version_refused");
  if (!METHOD.test(method) || method === "TRACE") return fault("method_refused");
  const read = parseTarget(method, target);
  return read.ok ? parsed({ method, target: read.value, minor: version.endsWith("0") ? 0 : 1 }) : read;
}

/** Whether the connection is to become one of WebSocket, RFC 6455 section 4.1; other offers are left out. */
function readsUpgrade(fields: readonly Field[], method: string, framing: Framing): Parsed<boolean> {
  const offered = fieldValue(fields, "upgrade");
  if (offered?.toLowerCase() !== "websocket" || !listOf(fields, "connection").includes("upgrade"))
    return parsed(false);
  return method === "GET" && framing.kind === "none" ? parsed(true) : fault("upgrade_refused");
}

function readHostField(fields: readonly Field[]): Parsed<Authority | null> {
  const text = fieldValue(fields, "host");
  return text === null ? parsed(null) : parseAuthority(text);
}

function expects(fields: readonly Field[]): Parsed<boolean> {
  const text = fieldValue(fields, "expect");
  if (text === null) return parsed(false);
  return text.toLowerCase() === "100-continue" ? parsed(true) : fault("expectation_refused");
}

/** @param head up to and with its empty line, as `findHeadEnd` found it. */
export function parseRequest(head: Uint8Array): Parsed<RequestHead> {
  const [first = "", ...rest] = headLines(head);
  const line = parseLine(first);
  if (!line.ok) return line;
  const { method, target, minor } = line.value;
  const fields = parseRequestFields(rest);
  if (!fields.ok) return fields;
  const framing = framingOf(fields.value, minor, "none");
  if (!framing.ok) return framing;
  const hostField = readHostField(fields.value);
  if (!hostField.ok) return hostField;
  if (hostField.value === null && minor === 1) return fault("line_invalid");
  const isUpgrade = readsUpgrade(fields.value, method, framing.value);
  if (!isUpgrade.ok) return isUpgrade;
  const expectsContinue = expects(fields.value);
  if (!expectsContinue.ok) return expectsContinue;
  const kept = endToEnd(fields.value);
  if (!kept.ok) return kept;
  return parsed({
    method,
    target,
    minor,
    hostField: hostField.value,
    fields: kept.value.filter(({ lower }) => lower !== "host" && lower !== "expect"),
    framing: framing.value,
    isUpgrade: isUpgrade.value && minor === 1,
    expectsContinue: expectsContinue.value && minor === 1,
    closes: minor === 0 || listOf(fields.value, "connection").includes("close"),
    proxyCredentials: fieldValue(fields.value, "proxy-authorization"),
  });
}

export interface Bound {
  readonly host: Host;
  readonly port: number;
}

function isSame(authority: Authority, { host, port }: Bound, defaultPort: number): boolean {
  return authority.host.text === host.text && (authority.port ?? defaultPort) === port;
}

/**
 * Whom the request is for. `bound`: whom the connection is for; null where a proxy is spoken to, and the target says it. Every place that
 * names a host must name this one.
 */
export function resolveBound(head: RequestHead, bound: Bound | null, defaultPort: number): Parsed<Bound> {
  const { target, hostField } = head;
  if (bound !== null) {
    if (target.form !== "origin") return fault("target_form");
    if (hostField !== null && !isSame(hostField, bound, defaultPort)) return fault("host_differs");
    return parsed(bound);
  }
  if (target.authority === null) return fault("target_form");
  const { host, port } = target.authority;
  const named = { host, port: port ?? defaultPort };
  // A `host` beside CONNECT has no port of its own to stand for: it may leave it out.
  const fieldPort = target.form === "authority" ? named.port : defaultPort;
  if (hostField !== null && !isSame(hostField, named, fieldPort)) return fault("host_differs");
  if (target.form === "authority" && (head.framing.kind === "chunked" || hasBody(head.framing)))
    return fault("framing_mixed");
  return parsed(named);
}

export function hasBody(framing: Framing): boolean {
  return (
    framing.kind === "chunked" || framing.kind === "close" || (framing.kind === "length" && framing.bytes > 0)
  );
}

/** Of the fields that say how a body ends. */
export function framingLines(framing: Framing): string {
  if (framing.kind === "length") return `content-length: ${framing.bytes}\r\n`;
  return framing.kind === "chunked" ? "transfer-encoding: chunked\r\n" : "";
}

/** In origin form, for the host that was judged. One character for each byte. */
export function requestText(head: RequestHead, { host, port }: Bound, defaultPort: number): string {
  const { path, query } = head.target;
  const lines = head.fields.map(({ name, value }) => `${name}: ${value}\r\n`).join("");
  const upgrade = head.isUpgrade ? "connection: Upgrade\r\nupgrade: websocket\r\n" : "";
  return (
    `${head.method} ${path}${query === null ? "" : `?${query}`} HTTP/1.1\r\n` +
    `host: ${authorityText(host, port, defaultPort)}\r\n${lines}${upgrade}${framingLines(head.framing)}\r\n`
  );
}
