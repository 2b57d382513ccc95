/** The published key of the corpus: its secret is 32 bytes of one value, and nothing but the corpus may trust it. */
import { encodeContainer } from "../../../bundles/container.ts";
import { generateKey, printTrustFile, sign } from "../../../bundles/trust/index.ts";

export const SEED_BYTE = 0xfa;
const KEY = generateKey(new Uint8Array(32).fill(SEED_BYTE), "conformance");

const FROM_MS = Date.UTC(2026, 0, 1);
const UNTIL_MS = Date.UTC(2036, 0, 1);
/** A time at which the key may sign. */
export const VALID_MS = Date.UTC(2026, 5, 1);

export const TRUST_TEXT = new TextDecoder().decode(
  printTrustFile({
    threshold: 1,
    minimumSequence: 0,
    keys: [{ name: KEY.name, publicKey: KEY.publicKey, notBeforeMs: FROM_MS, notAfterMs: UNTIL_MS }],
  }),
);

/** That bundle in a `.fplb` file, signed with that key. */
export function signedFile(bundle: Uint8Array, sequence = 1): Uint8Array {
  const compiler = { name: "faramesh", version: "0.1.0" };
  const signed = sign(bundle, { keys: [KEY], sequence, sources: [], compiler });
  if (!signed.ok) throw new Error(signed.message);
  return encodeContainer({ bundle, envelope: signed.envelope });
}
