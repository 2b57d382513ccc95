/** Why the proxy itself refuses, before or behind a decision: a closed table. `status`: what a program hears over HTTP. */

interface FaultRow {
  readonly status: 400 | 403 | 407 | 408 | 414 | 417 | 421 | 431 | 501 | 502 | 505;
  readonly message: string;
  readonly help: string;
}

const TWO_READINGS = "send it in the one form of RFC 9112; what can be read in two ways is not let through";

export const FAULTS = {
  host_invalid: {
    status: 400,
    message: "the host is no name of letters, digits and hyphens, and no address in its usual form",
    help: "names beyond ASCII as `xn--` labels; IPv4 as four decimal numbers; no user, space or percent sign",
  },
  port_invalid: { status: 400, message: "the port is none of 1 to 65535", help: "write it in decimal" },
  line_invalid: {
    status: 400,
    message: "a line of the head is malformed",
    help: TWO_READINGS,
  },
  line_end_invalid: { status: 400, message: "a line ends in CR or LF alone", help: TWO_READINGS },
  line_too_long: { status: 431, message: "a line of the head is too long", help: "16 KiB at most" },
  head_too_large: { status: 431, message: "the head is too large", help: "64 KiB and 128 fields at most" },
  field_repeated: {
    status: 400,
    message: "a field that may stand once stands twice",
    help: TWO_READINGS,
  },
  framing_mixed: {
    status: 400,
    message: "the body's length is said in two ways, or in an unknown one",
    help: "one `content-length` in digits, or `transfer-encoding: chunked`",
  },
  chunk_invalid: {
    status: 400,
    message: "the chunked body is malformed",
    help: "sizes in hexadecimal and CRLF, without extensions",
  },
  target_invalid: { status: 400, message: "the request's target is malformed", help: TWO_READINGS },
  query_invalid: {
    status: 400,
    message: "the query is no percent-encoded UTF-8",
    help: "encode it as forms are",
  },
  target_form: {
    status: 400,
    message: "the target has another form than is used here",
    help: "through a proxy: `http://HOST/PATH`, or CONNECT with HOST:PORT; else the path alone",
  },
  method_refused: {
    status: 501,
    message: "the method is not let through",
    help: "TRACE is not, nor one in small letters",
  },
  version_refused: {
    status: 505,
    message: "the protocol is not let through",
    help: "HTTP/1.1, or TLS through CONNECT",
  },
  host_differs: {
    status: 421,
    message: "target, `host`, server name and destination do not name the same host",
    help: "connect to the host that the request is for",
  },
  expectation_refused: { status: 417, message: "the expectation is not known", help: "only `100-continue`" },
  upgrade_refused: {
    status: 400,
    message: "the upgrade is malformed",
    help: "a GET without a body, to `websocket`",
  },
  credentials_missing: {
    status: 407,
    message: "the proxy's password is missing or wrong",
    help: "use the proxy's address from the environment, with its user and password",
  },
  head_slow: { status: 408, message: "the head took too long", help: "10 seconds at most" },
  hello_invalid: {
    status: 400,
    message: "the TLS handshake is malformed",
    help: "send one whole ClientHello",
  },
  socks_invalid: { status: 400, message: "the SOCKS5 request is malformed", help: "CONNECT alone is known" },
  proxy_header_invalid: {
    status: 400,
    message: "the connection does not begin as the launcher begins it",
    help: "sandbox-native/PROFILE.md says how",
  },
  address_unknown: {
    status: 403,
    message: "the address stands for no name any more, or for nothing that can be dialled",
    help: "look the name up again",
  },
  name_unresolved: { status: 502, message: "the name has no address", help: "check its spelling" },
  dial_failed: {
    status: 502,
    message: "the host cannot be reached",
    help: "see the terminal for the reason",
  },
  response_invalid: {
    status: 502,
    message: "the server's answer is malformed",
    help: "nothing of it was let through",
  },
  failed: { status: 502, message: "the proxy failed", help: "nothing was let through; see the terminal" },
} as const satisfies Record<string, FaultRow>;

export type FaultCode = keyof typeof FAULTS;

/** `null` in place of one: more bytes are needed. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: FaultCode };

export function parsed<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

export function fault(code: FaultCode): { readonly ok: false; readonly fault: FaultCode } {
  return { ok: false, fault: code };
}
