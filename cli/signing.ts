import { COMPILER_NAME, COMPILER_VERSION } from "../bundles/compile/manifest.ts";
import {
  inspectEnvelope,
  type PrivateKey,
  parsePrivateKey,
  type Source,
  sha256Hex,
  sign,
  type TrustFile,
  verify,
} from "../bundles/trust/index.ts";
import { wholeNumber } from "./arguments.ts";
import { refused } from "./errors.ts";
import { readBytes } from "./io.ts";

export function readPrivateKeys(paths: string[]): PrivateKey[] {
  return paths.map((path) => {
    const parsed = parsePrivateKey(readBytes(path));
    if (!parsed.ok) throw refused(path, parsed.message, parsed.help);
    return parsed.key;
  });
}

/** The value of `--sequence`, or null. */
export function readSequence(value: string | null): number | null {
  return value === null ? null : wholeNumber("sequence", value, 0, Number.MAX_SAFE_INTEGER);
}

/** A new envelope over a bundle. Throws CommandError when the signer refuses. */
export function signBundle(
  path: string,
  bundle: Uint8Array,
  keys: PrivateKey[],
  sequence: number,
  sources: Source[],
): Uint8Array {
  const compiler = { name: COMPILER_NAME, version: COMPILER_VERSION };
  const result = sign(bundle, { keys, sequence, sources, compiler });
  if (!result.ok) throw refused(path, result.message, result.help);
  return result.envelope;
}

/** A new envelope over one policy source, for imports. */
export function signSource(
  path: string,
  source: Uint8Array,
  keys: PrivateKey[],
  sequence: number,
  name: string,
): Uint8Array {
  const compiler = { name: COMPILER_NAME, version: COMPILER_VERSION };
  const sources = [{ name, sha256: sha256Hex(source) }];
  const result = sign(source, { kind: "source", keys, sequence, sources, compiler });
  if (!result.ok) throw refused(path, result.message, result.help);
  return result.envelope;
}

/** Names of the trusted keys that signed a policy source, or why it is refused. Sequence numbers are not judged: the lock pins the digest. */
export function verifySource(
  source: Uint8Array,
  envelope: Uint8Array,
  trust: TrustFile,
): { ok: true; keys: string[] } | { ok: false; message: string; help: string } {
  const options = {
    trust: { ...trust, minimumSequence: 0 },
    nowMs: Date.now(),
    highest: null,
    kind: "source" as const,
  };
  const result = verify(source, envelope, options);
  if (!result.ok) return result;
  return { ok: true, keys: result.keys };
}

/** The sequence number that an envelope states, unverified, with the digest it is about; null when it has none to read. */
export function statedSequence(bundle: Uint8Array, envelope: Uint8Array | null): number | null {
  const inspected = envelope === null ? null : inspectEnvelope(bundle, envelope);
  return inspected?.ok === true ? inspected.statement.sequence : null;
}
