/** The signature base of RFC 9421 section 2.5: what is signed of a request. */
import type { SignatureInput } from "./fields.ts";

/** A request as the host received it. */
export interface SignedRequest {
  /** As on the wire. */
  readonly method: string;
  /** Absolute, as the host knows it to be addressed; `new URL(url).href` is the same text. */
  readonly url: string;
  /** Names in any case, in the order on the wire; a name that stands twice stands twice here. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The content; empty without one. */
  readonly body: Uint8Array;
}

const VALUE = /^[\t\x20-\x7e]*$/;
const METHOD = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/;

/** The one value of a header; null when it is absent or stands twice, or is no line of ASCII. */
export function headerOf(request: SignedRequest, name: string): string | null {
  const values = request.headers.filter(([one]) => one.toLowerCase() === name).map(([, value]) => value);
  const value = values[0]?.trim();
  return values.length === 1 && value !== undefined && VALUE.test(value) ? value : null;
}

/** Section 2.2. */
function derived(name: string, method: string, url: URL): string | null {
  switch (name) {
    case "@method":
      return method;
    case "@target-uri":
      return url.href;
    case "@authority":
      return url.host;
    case "@scheme":
      return url.protocol.slice(0, -1);
    case "@request-target":
      return url.pathname + url.search;
    case "@path":
      return url.pathname;
    case "@query":
      return url.search === "" ? "?" : url.search;
    default:
      return null;
  }
}

function parseUrl(text: string): URL | null {
  try {
    const url = new URL(text);
    // A fragment, a user or another spelling would leave a doubt about what was signed.
    const isPlain = url.href === text && url.hash === "" && url.username === "" && url.password === "";
    return isPlain && /^https?:$/.test(url.protocol) ? url : null;
  } catch {
    return null;
  }
}

/** Null when a component cannot be had: the request is malformed, or says less than the signature covers. */
export function signatureBase(request: SignedRequest, input: SignatureInput): string | null {
  const url = parseUrl(request.url);
  if (url === null || !METHOD.test(request.method)) return null;
  const lines: string[] = [];
  for (const name of input.components) {
    const value = name.startsWith("@") ? derived(name, request.method, url) : headerOf(request, name);
    if (value === null || name !== name.toLowerCase()) return null;
    lines.push(`"${name}": ${value}`);
  }
  return [...lines, `"@signature-params": ${input.text}`].join("\n");
}
