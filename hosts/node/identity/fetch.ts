import type { FetchDocument } from "../../../control/identity/index.ts";

const TIMEOUT_MS = 5_000;
const LOOPBACK: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

async function readAtMost(response: Response, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of response.body ?? []) {
    total += chunk.length;
    if (total > maxBytes) throw new Error(`the answer is over ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Documents over https, within 5 seconds, without redirects; over http from this machine only. */
export const fetchDocument: FetchDocument = {
  async get(url, maxBytes) {
    const { protocol, hostname } = new URL(url);
    const isLocal = protocol === "http:" && LOOPBACK.includes(hostname);
    if (protocol !== "https:" && !isLocal) throw new Error("keys are fetched over https only");
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(url, { redirect: "error", signal, headers: { accept: "application/json" } });
    if (response.status === 200) return readAtMost(response, maxBytes);
    await response.body?.cancel();
    throw new Error(`the answer has status ${response.status}`);
  },
};
