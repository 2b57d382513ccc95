/**
 * What a link holds: `#1.` and the content as JSON, compressed with DEFLATE (RFC 1951), in base64url without padding
 * (RFC 4648 section 5). A fragment comes from anyone: it is read up to fixed sizes, and only into texts.
 */

export interface Shared {
  policy: string;
  action: string;
  facts: string;
  cases: string;
}

const VERSION = "1.";
/** Characters of a fragment, and bytes of what it unpacks to. */
export const MAX_FRAGMENT = 65_536;
export const MAX_UNPACKED = 1_048_576;
const FIELDS = ["action", "cases", "facts", "policy"] as const;

export type Unpacked = { ok: true; shared: Shared } | { ok: false; message: string };

const refuse = (message: string): Unpacked => ({ ok: false, message });
const BROKEN = "it is cut short or altered";

/** The fragment without its `#`; null when it would be too long. */
export async function pack(shared: Shared): Promise<string | null> {
  const { action, cases, facts, policy } = shared;
  const bytes = new TextEncoder().encode(JSON.stringify({ action, cases, facts, policy }));
  if (bytes.length > MAX_UNPACKED) return null;
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const packed = new Uint8Array(await new Response(stream).arrayBuffer());
  const fragment = VERSION + toBase64Url(packed);
  return fragment.length > MAX_FRAGMENT ? null : fragment;
}

/** Reads a fragment without its `#`. */
export async function unpack(fragment: string): Promise<Unpacked> {
  if (fragment.length > MAX_FRAGMENT) return refuse(`it is longer than ${MAX_FRAGMENT} characters`);
  if (!fragment.startsWith(VERSION)) return refuse("it is not one of this playground");
  const packed = fromBase64Url(fragment.slice(VERSION.length));
  if (packed === null) return refuse(BROKEN);
  let bytes: Uint8Array | null;
  try {
    bytes = await inflate(packed);
  } catch {
    return refuse(BROKEN);
  }
  if (bytes === null) return refuse(`it unpacks to more than ${MAX_UNPACKED} bytes`);
  const shared = read(bytes);
  return shared === null ? refuse("it holds something else") : { ok: true, shared };
}

/** Null when it is over the limit, at which it stops. */
async function inflate(packed: Uint8Array<ArrayBuffer>): Promise<Uint8Array | null> {
  const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > MAX_UNPACKED) {
      await reader.cancel();
      return null;
    }
    chunks.push(value);
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

function read(bytes: Uint8Array): Shared | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
    if (Object.keys(value).sort().join() !== FIELDS.join()) return null;
    if (!Object.values(value).every((text) => typeof text === "string")) return null;
    return value as Shared;
  } catch {
    return null;
  }
}

function toBase64Url(bytes: Uint8Array): string {
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return null;
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}
