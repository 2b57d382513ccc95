/**
 * The trust file: which keys may sign policy, from when to when, and how many of them must.
 *
 *   { "version": 1, "threshold": 1, "minimum_sequence": 0,
 *     "keys": [ { "name": "release", "public": "<base64>",
 *                 "not_before": "2027-01-01T00:00:00Z", "not_after": "2028-01-01T00:00:00Z" } ] }
 *
 * People edit it, so white space and order are free; names, types and fields are not. `minimum_sequence` may be left out.
 */
import { fromBase64, toBase64, utf8 } from "./bytes.ts";
import { isUsablePublicKey, keyIdOf } from "./ed25519.ts";
import { outcome, quote, refuse, type TrustRefusal } from "./errors.ts";
import { type DocumentCodes, Fields, type Json, parseJson } from "./json.ts";
import { KEY_NAME } from "./keys.ts";
import { formatInstant, parseInstant } from "./time.ts";

export interface TrustedKey {
  name: string;
  /** 32 bytes. */
  publicKey: Uint8Array;
  /** Unix milliseconds; a signature counts while `notBeforeMs <= now < notAfterMs`. */
  notBeforeMs: number;
  notAfterMs: number;
}

export interface TrustFile {
  /** How many distinct keys must have signed, 1 to the number of keys. */
  threshold: number;
  keys: TrustedKey[];
  /** No bundle below this sequence number is accepted; 0 when the file does not say. */
  minimumSequence: number;
}

const TRUST_FILE_VERSION = 1;
const MAX_TRUST_FILE_BYTES = 262_144;
const CODES: DocumentCodes = { malformed: "trust_malformed", unknownField: "trust_unknown_field" };

function readInstant(fields: Fields, name: string): number {
  const instant = parseInstant(fields.string(name));
  return instant ?? fields.fail(name, "a time like `2027-01-31T00:00:00Z`");
}

function readKey(value: Json): TrustedKey {
  const fields = new Fields(value, "keys", ["name", "public", "not_before", "not_after"], CODES);
  const name = fields.string("name");
  if (!KEY_NAME.test(name)) fields.fail("name", "1 to 64 of [A-Za-z0-9._@-]");
  const publicKey = fromBase64(fields.string("public"));
  if (publicKey === null) return fields.fail("public", "padded standard base64");
  return {
    name,
    publicKey,
    notBeforeMs: readInstant(fields, "not_before"),
    notAfterMs: readInstant(fields, "not_after"),
  };
}

/** A trust file's keys by computed id. @throws Refused when the object breaks a rule, also one built by hand. */
export function trustedKeysById(trust: TrustFile): Map<string, TrustedKey> {
  const keys = new Map<string, TrustedKey>();
  const names = new Set<string>();
  for (const key of trust.keys) {
    if (!isUsablePublicKey(key.publicKey)) refuse("trust_key_invalid", quote(key.name));
    if (!(key.notBeforeMs < key.notAfterMs)) {
      refuse(CODES.malformed, `\`not_before\` of ${quote(key.name)} must be before its \`not_after\``);
    }
    const id = keyIdOf(key.publicKey);
    if (keys.has(id) || names.has(key.name)) refuse("trust_duplicate_key", quote(key.name));
    keys.set(id, key);
    names.add(key.name);
  }
  const { threshold } = trust;
  if (!(Number.isSafeInteger(threshold) && threshold >= 1 && threshold <= keys.size)) {
    refuse("trust_threshold_invalid", `${threshold} with ${keys.size} keys`);
  }
  if (!(Number.isSafeInteger(trust.minimumSequence) && trust.minimumSequence >= 0)) {
    refuse(CODES.malformed, "`minimum_sequence` must be a whole number of at least 0");
  }
  return keys;
}

/** Reads a trust file. Codes: those that begin with `trust_`. */
export function parseTrustFile(file: Uint8Array): { ok: true; trust: TrustFile } | TrustRefusal {
  return outcome(() => {
    const value = parseJson(file, MAX_TRUST_FILE_BYTES, CODES.malformed);
    const fields = new Fields(
      value,
      "trust file",
      ["version", "threshold", "keys", "minimum_sequence"],
      CODES,
    );
    fields.constant("version", TRUST_FILE_VERSION);
    const threshold = fields.value("threshold");
    if (typeof threshold !== "number") return fields.fail("threshold", "a whole number");
    const trust: TrustFile = {
      threshold,
      keys: fields.list("keys").map(readKey),
      minimumSequence: fields.has("minimum_sequence") ? fields.integer("minimum_sequence", 0) : 0,
    };
    trustedKeysById(trust);
    return { trust };
  });
}

/** A trust file as `parseTrustFile` reads it, indented for people. */
export function printTrustFile(trust: TrustFile): Uint8Array {
  const keys = trust.keys.map((key) => ({
    name: key.name,
    public: toBase64(key.publicKey),
    not_before: formatInstant(key.notBeforeMs),
    not_after: formatInstant(key.notAfterMs),
  }));
  const { threshold, minimumSequence } = trust;
  const file = { version: TRUST_FILE_VERSION, threshold, minimum_sequence: minimumSequence, keys };
  return utf8(`${JSON.stringify(file, null, 2)}\n`);
}
