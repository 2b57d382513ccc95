/** Compiles an entry below `root`; `sources` maps further paths, relative to it, to source text. Throws with the compiler's messages. */
export function compile(
  root?: string,
  entry?: string,
  sources?: Record<string, string>,
): Promise<Uint8Array<ArrayBuffer>>;
