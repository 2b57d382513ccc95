import { decodeContainer } from "./container.ts";
import { decode } from "./format/decode.ts";
import { sha256Hex } from "./trust/bytes.ts";
import { outcome, refuse, type TrustRefusal } from "./trust/errors.ts";
import { inspectEnvelope, type VerifyOptions, verify } from "./trust/verify.ts";

/** Against a trust file, which is the rule; or explicitly without, for experiments. Nothing in between. */
export type LoadOptions =
  | (Omit<VerifyOptions, "kind"> & { insecure?: never })
  | { insecure: true; trust?: never };

export interface Loaded {
  /** A view into the file. */
  bundle: Uint8Array;
  /** SHA-256 of the bundle, hex. */
  digest: string;
  /** Whether signatures were verified against the trust file; never true for an insecure load. */
  signed: boolean;
  /** The verified sequence number, or null. */
  sequence: number | null;
  /** Names of the trusted keys that signed; empty for an insecure load. */
  keys: string[];
}

export type LoadResult = ({ ok: true } & Loaded) | TrustRefusal;

function loadInsecure(bundle: Uint8Array, envelope: Uint8Array | null): LoadResult {
  if (envelope !== null) {
    const inspected = inspectEnvelope(bundle, envelope);
    if (!inspected.ok) return inspected;
  }
  return { ok: true, bundle, digest: sha256Hex(bundle), signed: false, sequence: null, keys: [] };
}

/**
 * Opens a `.fplb` file: container, signatures, sequence. The bundle's own bytes are validated by the core.
 *
 * An insecure load skips keys, threshold, validity and sequence, and says `signed: false`; a malformed container or
 * envelope, and an envelope about another bundle, are refused even then.
 * @throws TypeError when neither `trust` nor `insecure: true`, or both, are given.
 */
export function load(file: Uint8Array, options: LoadOptions): LoadResult {
  const insecure = options.insecure === true;
  if (insecure === (options.trust !== undefined)) {
    throw new TypeError("options must have either `trust` or `insecure: true`");
  }
  const container = decodeContainer(file);
  if (!container.ok) return container;
  const { bundle, envelope } = container;
  if (options.insecure === true) return loadInsecure(bundle, envelope);
  if (envelope === null) return outcome(() => refuse("unsigned"));
  const { trust, nowMs, highest, sha256Hex: hash = sha256Hex } = options;
  const verified = verify(bundle, envelope, { trust, nowMs, highest, sha256Hex: hash });
  if (!verified.ok) return verified;
  const { digest, sequence } = verified.statement;
  return { ok: true, bundle, digest, signed: true, sequence, keys: verified.keys };
}

/** The manifest of a bundle that was loaded, as JSON text (FORMAT.md). Throws for bytes that are no bundle. */
export function manifestOf({ bundle }: Pick<Loaded, "bundle">): string {
  return decode(bundle).manifest;
}
