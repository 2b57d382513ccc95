/** A signed container for the loading figures. The key's seed is fixed: it protects nothing. */
import { encodeContainer } from "../bundles/container.ts";
import { generateKey, sign, type TrustFile } from "../bundles/trust/index.ts";

const NOW_MS = Date.UTC(2026, 0, 1);
const YEAR_MS = 31_536_000_000;

export function signForBench(bundle: Uint8Array): { file: Uint8Array; trust: TrustFile; nowMs: number } {
  const key = generateKey(new Uint8Array(32).fill(7), "bench");
  const signed = sign(bundle, {
    keys: [key],
    sequence: 1,
    compiler: { name: "bench", version: "1" },
    sources: [],
  });
  if (!signed.ok) throw new Error(`signing failed: ${signed.code}`);
  return {
    file: encodeContainer({ bundle, envelope: signed.envelope }),
    trust: {
      threshold: 1,
      keys: [
        {
          name: "bench",
          publicKey: key.publicKey,
          notBeforeMs: NOW_MS - YEAR_MS,
          notAfterMs: NOW_MS + YEAR_MS,
        },
      ],
      minimumSequence: 0,
    },
    nowMs: NOW_MS,
  };
}
