/** What a program hears that is refused: one line of JSON, and the same in words, for whoever reads it, a model included. */
import { fromLatin1 } from "./bytes.ts";
import { FAULTS, type FaultCode } from "./faults.ts";

export interface Denial {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly help: string;
  /** Of a deferred action: what an operator approves. */
  readonly actionDigest: string | null;
}

const STATUS_TEXTS: Readonly<Record<number, string>> = {
  400: "Bad Request",
  403: "Forbidden",
  407: "Proxy Authentication Required",
  408: "Request Timeout",
  414: "URI Too Long",
  417: "Expectation Failed",
  421: "Misdirected Request",
  431: "Request Header Fields Too Large",
  501: "Not Implemented",
  502: "Bad Gateway",
  505: "HTTP Version Not Supported",
};

/** What is known of a decision that does not permit. */
export interface Refused {
  readonly effect: string;
  readonly code: string;
  readonly reason: string | null;
  readonly actionDigest: string | null;
}

export function denialOf({ effect, code, reason, actionDigest }: Refused, host: string): Denial {
  const isDeferred = effect === "defer";
  const message =
    reason ??
    (isDeferred ? `a person must approve this for ${host}` : `the policy does not let this go to ${host}`);
  const help = isDeferred
    ? `an operator approves it with \`faramesh approve\` and the action's digest ${actionDigest ?? "(not recorded)"}; then send it again unchanged`
    : "do not try another way; ask the operator whether the policy should permit it";
  return { status: 403, code, message, help, actionDigest: isDeferred ? actionDigest : null };
}

export function faultDenial(code: FaultCode): Denial {
  return { ...FAULTS[code], code, actionDigest: null };
}

/** Characters beyond ASCII escaped, so that text is bytes. */
function ascii(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (other) => `\\u${other.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A whole response. @param isHead its body is only stated then. */
export function denialResponse(
  denial: Denial,
  { closes, isHead }: { closes: boolean; isHead: boolean },
): Uint8Array {
  const { status, code, message, help, actionDigest } = denial;
  const error =
    actionDigest === null ? { code, message, help } : { code, message, help, action_digest: actionDigest };
  const body = `${ascii(JSON.stringify({ error }))}\nfaramesh: ${ascii(message)} (${code}); ${ascii(help)}\n`;
  const challenge = status === 407 ? 'proxy-authenticate: Basic realm="faramesh"\r\n' : "";
  const head =
    `HTTP/1.1 ${status} ${STATUS_TEXTS[status] ?? "Refused"}\r\n${challenge}content-type: text/plain; charset=utf-8\r\n` +
    `cache-control: no-store\r\nx-faramesh-code: ${code}\r\ncontent-length: ${body.length}\r\n${closes ? "connection: close\r\n" : ""}\r\n`;
  return fromLatin1(isHead ? head : head + body);
}
