/** Requests and connections as actions: engine/ABI.md "The action", docs/core/egress.md. */
import { fault, type Parsed, parsed } from "./faults.ts";
import type { Field } from "./fields.ts";
import type { Bound, RequestHead } from "./request.ts";
import { parseQuery, type Query } from "./target.ts";

export const REQUEST_TOOL = "net/request";
export const CONNECT_TOOL = "net/connect";
/** In the place of what nobody may read in an action or a record. */
export const SECRET = "(secret)";

/** Names of fields and of a query's parts whose values are secrets. */
const SECRET_NAME =
  /auth|cookie|credential|csrf|xsrf|jwt|passw|passphrase|private|secret|session|signature|token|(?:^|[-_.])(?:api|access|subscription|functions|master|account)?[-_.]?key(?:$|[-_.])|^sig$|^pwd$|^code$/i;
/** Fields that are another at every call, and that no rule is about: the same request would be another action each time. */
const LEFT_OUT = new Set(["baggage", "date", "traceparent", "tracestate", "x-request-id"]);

export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

export interface Caller {
  readonly agent: string;
  readonly session: string | null;
}

/** An action, as text, and what the terminal shows of it. */
export interface EgressAction {
  readonly text: string;
  readonly tool: typeof REQUEST_TOOL | typeof CONNECT_TOOL;
  readonly host: string;
  readonly port: number;
  readonly method: string | null;
  readonly path: string | null;
}

/** Names in small letters, each once: values of a list are joined as RFC 9110 section 5.3 does. */
function headersOf(fields: readonly Field[]): Record<string, string> {
  const headers: Record<string, string> = Object.create(null);
  for (const { lower, value } of fields) {
    if (LEFT_OUT.has(lower)) continue;
    const shown = isSecretName(lower) ? SECRET : value;
    const known = headers[lower];
    headers[lower] = known === undefined || shown === SECRET ? shown : `${known}, ${shown}`;
  }
  return headers;
}

function withoutSecrets(query: Query): Query {
  const shown: Record<string, string | readonly string[]> = Object.create(null);
  for (const [name, value] of Object.entries(query)) shown[name] = isSecretName(name) ? SECRET : value;
  return shown;
}

function named({ agent, session }: Caller): object {
  return session === null ? { agent } : { agent, session };
}

/** One request. */
export function requestAction(
  caller: Caller,
  head: RequestHead,
  { host, port }: Bound,
  scheme: "http" | "https",
): Parsed<EgressAction> {
  const query = parseQuery(head.target.query ?? "");
  if (!query.ok) return fault(query.fault);
  const { method } = head;
  const { path } = head.target;
  const headers = headersOf(head.fields);
  if (head.isUpgrade) headers.upgrade = "websocket";
  const http = { host: host.text, port, method, path, query: withoutSecrets(query.value), headers };
  const text = JSON.stringify({ ...named(caller), tool: REQUEST_TOOL, args: { scheme }, http });
  return parsed({ text, tool: REQUEST_TOOL, host: host.text, port, method, path });
}

/** How a connection was asked for, and what its first bytes said. */
export interface ConnectArgs {
  readonly via: "connect" | "socks5" | "tls" | "opaque";
  /** What a captured TLS connection to an address calls its server. */
  readonly server_name?: string;
  /** Another ClientHello is within it, encrypted, or it looks so. */
  readonly encrypted_hello?: true;
}

/** One connection, whose bytes are not read. */
export function connectAction(caller: Caller, { host, port }: Bound, args: ConnectArgs): EgressAction {
  const http = { host: host.text, port };
  const text = JSON.stringify({ ...named(caller), tool: CONNECT_TOOL, args, http });
  return { text, tool: CONNECT_TOOL, host: host.text, port, method: null, path: null };
}
