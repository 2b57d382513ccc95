/** Where a policy's bundles come from, and the origin that is an address on the web. */
import { type PolicyRefusal, policyRefusal } from "./refusals.ts";

/** What an origin gives. `tag`: names these bytes to the origin, as an ETag does; null when it has none. */
export type Fetched =
  | { readonly kind: "unchanged" }
  | { readonly kind: "file"; readonly file: Uint8Array; readonly tag: string | null }
  | { readonly kind: "refused"; readonly refusal: PolicyRefusal };

export interface BundleOrigin {
  /** For people: the address, without what is secret of it. */
  readonly name: string;
  /** The bundle file, unless it is still the one of that tag. Ends in bounded time. A rejection counts as `origin_unreachable`. */
  get(tag: string | null): Promise<Fetched>;
}

/** The part of the web's `fetch` that is used. */
export type Fetch = (
  address: string,
  init: { headers: Record<string, string>; redirect: "error"; signal: AbortSignal },
) => Promise<Response>;

export interface HttpOriginOptions {
  readonly fetch: Fetch;
  /** For the whole answer, its body included. */
  readonly timeoutMs: number;
  /** Calls `run` after so long; the result takes that back. */
  readonly schedule: (delayMs: number, run: () => void) => () => void;
  /** Headers of every request, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A container holds a bundle and an envelope (bundles/container.ts); this is above both limits together. */
export const MAX_FILE_BYTES = 80 * 1_048_576;

const refused = (code: Parameters<typeof policyRefusal>[0], detail: string): Fetched => ({
  kind: "refused",
  refusal: policyRefusal(code, detail),
});

/** A bundle on the web. Signatures protect what it gives, so that any server or cache may; redirects are refused all the same. */
export function httpOrigin(address: string, options: HttpOriginOptions): BundleOrigin {
  const { protocol, username, password, origin, pathname } = new URL(address);
  if (protocol !== "https:" && protocol !== "http:") {
    throw new RangeError(`address: one that begins with https:// or http://, not ${protocol}`);
  }
  if (username !== "" || password !== "") throw new RangeError("address: no user or password, but `headers`");
  checkHeaders(options.headers ?? {});
  // A query may hold a token, which is for no message.
  const name = `${origin}${pathname}`;
  return { name, get: (tag) => getWithin(address, name, tag, options) };
}

/** Here, since the runtime's own message would quote the value at every poll. */
function checkHeaders(headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    try {
      new Headers([[name, value]]);
    } catch {
      throw new RangeError(`headers: \`${name}\` is no header of HTTP, or its value is none`);
    }
  }
}

async function getWithin(
  address: string,
  name: string,
  tag: string | null,
  { fetch: ask, timeoutMs, schedule, headers = {} }: HttpOriginOptions,
): Promise<Fetched> {
  const aborting = new AbortController();
  const cancel = schedule(timeoutMs, () => aborting.abort());
  try {
    const conditional = tag === null ? {} : { "if-none-match": tag };
    const response = await ask(address, {
      headers: { ...headers, ...conditional },
      redirect: "error",
      signal: aborting.signal,
    });
    return await readAnswer(response, name, tag);
  } catch (error) {
    if (aborting.signal.aborted) return refused("origin_slow", `${name}, longer than ${timeoutMs} ms`);
    if (error instanceof Truncated) return refused("origin_truncated", error.message);
    return refused("origin_unreachable", `${name}: ${describe(error)}`);
  } finally {
    cancel();
  }
}

class Truncated extends Error {}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

async function readAnswer(response: Response, name: string, tag: string | null): Promise<Fetched> {
  if (response.status === 304 && tag !== null) return { kind: "unchanged" };
  if (response.status !== 200) {
    await response.body?.cancel();
    return refused("origin_refused", `${name} answers ${response.status}`);
  }
  const stated = lengthOf(response);
  const file = await readBody(response);
  if (file === null) return refused("origin_too_large", `more than ${MAX_FILE_BYTES} bytes`);
  if (stated !== null && file.byteLength < stated) {
    return refused("origin_truncated", `${file.byteLength} of ${stated} bytes`);
  }
  return { kind: "file", file, tag: response.headers.get("etag") };
}

/** Null when the length is not stated, or is that of a compressed body, which is longer once it is read. */
function lengthOf({ headers }: Response): number | null {
  const stated = headers.get("content-length");
  return stated === null || headers.has("content-encoding") ? null : Number(stated);
}

/** Null when there is more of it than any bundle has. Rejects with Truncated when the connection ends before the body does. */
async function readBody({ body }: Response): Promise<Uint8Array | null> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  const reader = body?.getReader();
  for (;;) {
    const piece = await reader?.read().catch((error: unknown) => {
      throw new Truncated(`after ${length} bytes: ${describe(error)}`);
    });
    if (piece === undefined || piece.done) break;
    pieces.push(piece.value);
    length += piece.value.byteLength;
    if (length <= MAX_FILE_BYTES) continue;
    await reader?.cancel();
    return null;
  }
  const file = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    file.set(piece, at);
    at += piece.byteLength;
  }
  return file;
}
