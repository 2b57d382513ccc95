/**
 * Every reason for which a container, envelope, trust file or key file is refused, as one closed table.
 * `message` says what is wrong, `help` what to do about it; a place or a name is added to the message.
 */
export const TRUST_REFUSALS = {
  container_truncated: {
    message: "the bundle file ends before the lengths in its header",
    help: "copy or download the file again; nothing of a truncated file is used",
  },
  container_bad_magic: {
    message: "the file is not a bundle: it does not start with `FPLB`",
    help: "give the file that `faramesh build` wrote",
  },
  container_bad_version: {
    message: "the bundle file has a version that this release does not read",
    help: "build it again with this release, or upgrade",
  },
  container_too_large: {
    message: "the bundle file states a length over the limit",
    help: "split the policy; the limits are in engine/constants.ts and bundles/trust/envelope.ts",
  },
  container_trailing_bytes: {
    message: "there are bytes after the end of the bundle file",
    help: "copy or download the file again; nothing may follow the envelope",
  },
  unsigned: {
    message: "the bundle is not signed",
    help: "sign it with `faramesh sign`; for experiments only, ask for an insecure load explicitly",
  },
  envelope_malformed: {
    message: "the signature envelope is malformed",
    help: "sign the bundle again; an envelope has exactly one accepted encoding",
  },
  envelope_unknown_field: {
    message: "the signature envelope has a field that is not known",
    help: "sign the bundle again with this release",
  },
  payload_type_wrong: {
    message: "the envelope signs something other than an in-toto statement",
    help: "give the envelope that `faramesh sign` wrote for this bundle",
  },
  signature_missing: {
    message: "the envelope carries no signature",
    help: "the signatures were stripped; fetch the bundle again from its source and sign it if need be",
  },
  signature_duplicate: {
    message: "one key signed the envelope twice",
    help: "sign the bundle again, once with each key",
  },
  signature_unknown_key: {
    message: "the envelope is signed by a key that the trust file does not name",
    help: "add the key to the trust file if it is yours, or sign the bundle again with trusted keys only",
  },
  signature_bad: {
    message: "a signature does not verify",
    help: "the bundle or its envelope was altered; fetch it again, and find out who altered it",
  },
  key_expired: {
    message: "the bundle is signed by a key that has expired",
    help: "sign it with a key that is valid now, or extend `not_after` in the trust file",
  },
  key_not_yet_valid: {
    message: "the bundle is signed by a key that is not valid yet",
    help: "wait until `not_before`, or check the machine's clock",
  },
  threshold_not_met: {
    message: "too few trusted keys signed the bundle",
    help: "have further key holders add their signatures with `faramesh sign`",
  },
  statement_malformed: {
    message: "the signed statement is malformed",
    help: "sign the bundle again; a statement has exactly one accepted encoding",
  },
  statement_unknown_field: {
    message: "the signed statement has a field that is not known",
    help: "upgrade, or sign the bundle again with this release",
  },
  statement_type_wrong: {
    message: "the signed statement is about something else",
    help: "give the envelope that `faramesh sign` wrote for this file",
  },
  critical_unknown: {
    message: "the signed statement needs a check that this release does not know",
    help: "upgrade before using this bundle",
  },
  digest_mismatch: {
    message: "the signed statement is about another bundle",
    help: "the bundle was exchanged or altered; fetch it again together with its envelope",
  },
  abi_mismatch: {
    message: "the bundle was signed for another version of the core's ABI",
    help: "build and sign it again with the compiler of this release",
  },
  sequence_below_minimum: {
    message: "the bundle's sequence number is below the trust file's `minimum_sequence`",
    help: "use a newer bundle",
  },
  sequence_older: {
    message: "the bundle is older than one that was already used",
    help: "to return to an earlier policy, sign it again with a higher sequence number",
  },
  sequence_reused: {
    message: "another bundle was already used under this sequence number",
    help: "sign the new bundle with a higher sequence number",
  },
  trust_malformed: {
    message: "the trust file is malformed",
    help: "see docs/operations/signing-and-keys.md for its fields",
  },
  trust_unknown_field: {
    message: "the trust file has a field that is not known",
    help: "remove it or correct its name; see docs/operations/signing-and-keys.md",
  },
  trust_key_invalid: {
    message: "the trust file holds a public key that is not a usable Ed25519 key",
    help: "copy `public` from the key's `.pub` file again",
  },
  trust_duplicate_key: {
    message: "the trust file names one key or one name twice",
    help: "keep each key once; a threshold counts distinct keys",
  },
  trust_threshold_invalid: {
    message: "the trust file's threshold cannot be met or is below one",
    help: "set `threshold` between 1 and the number of keys",
  },
  key_malformed: {
    message: "the key file is malformed",
    help: "give the file that `faramesh keygen` wrote: the private key to sign, the `.pub` file to trust",
  },
  key_unknown_field: {
    message: "the key file has a field that is not known",
    help: "give the file that `faramesh keygen` wrote, unaltered",
  },
  key_mismatch: {
    message: "the key file's public half does not belong to its private half",
    help: "the file was altered; restore it from its copy",
  },
  signature_already_present: {
    message: "this key has signed the envelope already",
    help: "each key signs once; sign with another key to reach a threshold",
  },
} as const satisfies Record<string, { message: string; help: string }>;

export type TrustCode = keyof typeof TRUST_REFUSALS;

/** An expected refusal, as every public function of this folder returns it. */
export interface TrustRefusal {
  ok: false;
  code: TrustCode;
  message: string;
  help: string;
}

/** Thrown inside this folder only; `outcome` turns it into a `TrustRefusal`. */
export class Refused extends Error {
  readonly code: TrustCode;

  constructor(code: TrustCode, detail: string) {
    super(detail === "" ? TRUST_REFUSALS[code].message : `${TRUST_REFUSALS[code].message}: ${detail}`);
    this.name = "Refused";
    this.code = code;
  }
}

export function refuse(code: TrustCode, detail = ""): never {
  throw new Refused(code, detail);
}

/** Runs `work`; a refusal becomes a value, anything else is a programmer's error and is thrown on. */
export function outcome<Value extends object>(work: () => Value): ({ ok: true } & Value) | TrustRefusal {
  try {
    return { ok: true, ...work() };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { ok: false, code: error.code, message: error.message, help: TRUST_REFUSALS[error.code].help };
  }
}

const QUOTED_LIMIT = 60;

/** User text for a message: in backticks, cut short, control characters as escapes. */
export function quote(text: string): string {
  const cut = text.length > QUOTED_LIMIT ? `${text.slice(0, QUOTED_LIMIT)}…` : text;
  return `\`${JSON.stringify(cut).slice(1, -1)}\``;
}
