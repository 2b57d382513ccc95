/** Every way in which a file is refused before the core sees it. */
import { encodeContainer } from "../../bundles/container.ts";
import type { LoadOptions } from "../../bundles/load.ts";
import { toBase64 } from "../../bundles/trust/bytes.ts";
import { decodeEnvelope } from "../../bundles/trust/envelope.ts";
import { sha256Hex, type TrustCode } from "../../bundles/trust/index.ts";
import type { Json } from "../../bundles/trust/json.ts";
import { ABI_VERSION } from "../../engine/constants.ts";
import {
  bundle,
  bytes,
  changed,
  child,
  containerBy,
  END_MS,
  edited,
  editedEnvelope,
  envelopeBy,
  first,
  options,
  otherBundle,
  resigned,
  START_MS,
  second,
  signedPayload,
  text,
  third,
  trustIn,
  withEnvelope,
} from "./fixtures.ts";

export const good = containerBy([first]);
export const digest = sha256Hex(bundle);
const statement = (envelope: Map<string, Json>): Uint8Array =>
  Uint8Array.from(Buffer.from(String(envelope.get("payload")), "base64"));

/** One line per way to be refused: what is loaded, against what, and the code. */
export const REFUSALS: readonly [string, Uint8Array, LoadOptions, TrustCode][] = [
  ["empty file", new Uint8Array(0), options(), "container_truncated"],
  ["half a header", good.slice(0, 9), options(), "container_truncated"],
  ["truncated by one byte", good.slice(0, -1), options(), "container_truncated"],
  ["a byte too many", Uint8Array.of(...good, 0), options(), "container_trailing_bytes"],
  ["other magic", changed(good, 3, 0x43), options(), "container_bad_magic"],
  ["version 2", changed(good, 4, 2), options(), "container_bad_version"],
  ["huge bundle length", changed(good, 11, 0xff), options(), "container_too_large"],
  ["huge envelope length", changed(good, 15, 0xff), options(), "container_too_large"],
  ["no envelope", encodeContainer({ bundle, envelope: null }), options(), "unsigned"],
  ["envelope that is not JSON", withEnvelope(bytes("envelope")), options(), "envelope_malformed"],
  [
    "space in the envelope",
    withEnvelope(bytes(`${text(envelopeBy([first]))}\n`)),
    options(),
    "envelope_malformed",
  ],
  [
    "payload in other base64",
    editedEnvelope((e) => e.set("payload", "e30")),
    options(),
    "envelope_malformed",
  ],
  ["payload missing", editedEnvelope((e) => e.delete("payload")), options(), "envelope_malformed"],
  [
    "short signature",
    editedEnvelope((e) => child(e.get("signatures"), 0).set("sig", "AAAA")),
    options(),
    "envelope_malformed",
  ],
  [
    "key id in capitals",
    editedEnvelope((e) => child(e.get("signatures"), 0).set("keyid", first.id.toUpperCase())),
    options(),
    "envelope_malformed",
  ],
  [
    "signatures out of order",
    editedEnvelope((e) => (e.get("signatures") as Json[]).reverse(), [first, second]),
    options({ trust: trustIn([first, second]) }),
    "envelope_malformed",
  ],
  ["another field", editedEnvelope((e) => e.set("also", 1)), options(), "envelope_unknown_field"],
  [
    "another field of a signature",
    editedEnvelope((e) => child(e.get("signatures"), 0).set("alg", "none")),
    options(),
    "envelope_unknown_field",
  ],
  [
    "other payload type",
    editedEnvelope((e) => e.set("payloadType", "text/plain")),
    options(),
    "payload_type_wrong",
  ],
  ["stripped signature", editedEnvelope((e) => e.set("signatures", [])), options(), "signature_missing"],
  [
    "same signature twice",
    editedEnvelope((e) => (e.get("signatures") as Json[]).push(child(e.get("signatures"), 0))),
    options(),
    "signature_duplicate",
  ],
  ["a stranger's signature alone", containerBy([second]), options(), "signature_unknown_key"],
  [
    "a stranger's signature beside a good one",
    containerBy([first, second]),
    options(),
    "signature_unknown_key",
  ],
  [
    "key id of a stranger over a good signature",
    editedEnvelope((e) => child(e.get("signatures"), 0).set("keyid", second.id)),
    options(),
    "signature_unknown_key",
  ],
  [
    "key id of another trusted key",
    editedEnvelope((e) => child(e.get("signatures"), 0).set("keyid", second.id)),
    options({ trust: trustIn([first, second]) }),
    "signature_bad",
  ],
  [
    "signature of zeros",
    editedEnvelope((e) => child(e.get("signatures"), 0).set("sig", toBase64(new Uint8Array(64)))),
    options(),
    "signature_bad",
  ],
  [
    "payload changed, signature kept",
    editedEnvelope((e) =>
      e.set("payload", toBase64(edited(statement(e), (s) => child(s, "predicate").set("sequence", 99)))),
    ),
    options(),
    "signature_bad",
  ],
  [
    "one bad signature beside a good one",
    editedEnvelope(
      (e) => child(e.get("signatures"), 1).set("sig", toBase64(new Uint8Array(64))),
      [first, second],
    ),
    options({ trust: trustIn([first, second]) }),
    "signature_bad",
  ],
  ["at the moment the key expires", good, options({ nowMs: END_MS }), "key_expired"],
  ["a moment before the key is valid", good, options({ nowMs: START_MS - 1 }), "key_not_yet_valid"],
  ["one of two signatures", good, options({ trust: trustIn([first, second], 2) }), "threshold_not_met"],
  [
    "two of three signatures",
    containerBy([first, third]),
    options({ trust: trustIn([first, second, third], 3) }),
    "threshold_not_met",
  ],
  ["statement that is not JSON", signedPayload(bytes("statement")), options(), "statement_malformed"],
  ["statement that is a list", signedPayload(bytes("[]")), options(), "statement_malformed"],
  [
    "space in the statement",
    signedPayload(Uint8Array.of(...decodeEnvelope(envelopeBy([first])).payload, 32)),
    options(),
    "statement_malformed",
  ],
  [
    "sequence as text",
    resigned((s) => child(s, "predicate").set("sequence", "7")),
    options(),
    "statement_malformed",
  ],
  [
    "negative sequence",
    resigned((s) => child(s, "predicate").set("sequence", -7)),
    options(),
    "statement_malformed",
  ],
  [
    "sequence missing",
    resigned((s) => child(s, "predicate").delete("sequence")),
    options(),
    "statement_malformed",
  ],
  [
    "two subjects",
    resigned((s) => (s.get("subject") as Json[]).push(child(s.get("subject"), 0))),
    options(),
    "statement_malformed",
  ],
  ["no subject", resigned((s) => s.set("subject", [])), options(), "statement_malformed"],
  [
    "subject of another name",
    resigned((s) => child(s.get("subject"), 0).set("name", "wheel")),
    options(),
    "statement_malformed",
  ],
  [
    "digest in capitals",
    resigned((s) => child(child(s.get("subject"), 0), "digest").set("sha256", digest.toUpperCase())),
    options(),
    "statement_malformed",
  ],
  [
    "sources out of order",
    resigned((s) =>
      child(s, "predicate").set(
        "sources",
        ["b", "a"].map(
          (name) =>
            new Map([
              ["name", name],
              ["sha256", digest],
            ]),
        ),
      ),
    ),
    options(),
    "statement_malformed",
  ],
  [
    "source with a control character",
    resigned((s) => child(child(s, "predicate").get("sources"), 0).set("name", "a\u001b[2J")),
    options(),
    "statement_malformed",
  ],
  [
    "critical as text",
    resigned((s) => child(s, "predicate").set("critical", "abi")),
    options(),
    "statement_malformed",
  ],
  [
    "critical holds a number",
    resigned((s) => child(s, "predicate").set("critical", [1])),
    options(),
    "statement_malformed",
  ],
  [
    "critical twice the same",
    resigned((s) => child(s, "predicate").set("critical", ["abi", "abi"])),
    options(),
    "statement_malformed",
  ],
  ["another field of the statement", resigned((s) => s.set("also", 1)), options(), "statement_unknown_field"],
  [
    "another field of the predicate",
    resigned((s) => child(s, "predicate").set("region", "eu")),
    options(),
    "statement_unknown_field",
  ],
  [
    "another digest beside",
    resigned((s) => child(child(s.get("subject"), 0), "digest").set("md5", "x")),
    options(),
    "statement_unknown_field",
  ],
  [
    "older in-toto",
    resigned((s) => s.set("_type", "https://in-toto.io/Statement/v0.1")),
    options(),
    "statement_type_wrong",
  ],
  [
    "other predicate",
    resigned((s) => s.set("predicateType", "https://slsa.dev/provenance/v1")),
    options(),
    "statement_type_wrong",
  ],
  [
    "unknown critical field",
    resigned((s) => child(s, "predicate").set("critical", ["abi", "region", "sequence"])),
    options(),
    "critical_unknown",
  ],
  [
    "unknown critical field that is there",
    resigned((s) => child(s, "predicate").set("critical", ["region"]).set("region", "eu")),
    options(),
    "critical_unknown",
  ],
  ["another bundle", withEnvelope(envelopeBy([first]), otherBundle), options(), "digest_mismatch"],
  [
    "another ABI",
    resigned((s) => child(s, "predicate").set("abi", ABI_VERSION + 1)),
    options(),
    "abi_mismatch",
  ],
  [
    "below the trust file's minimum",
    good,
    options({ trust: trustIn([first], 1, { minimumSequence: 8 }) }),
    "sequence_below_minimum",
  ],
  ["older than seen", good, options({ highest: { sequence: 8, digest } }), "sequence_older"],
  [
    "same sequence, other bundle",
    good,
    options({ highest: { sequence: 7, digest: sha256Hex(otherBundle) } }),
    "sequence_reused",
  ],
  ["trust file without keys", good, options({ trust: trustIn([], 0) }), "trust_threshold_invalid"],
  ["threshold zero in an object", good, options({ trust: trustIn([first], 0) }), "trust_threshold_invalid"],
  ["threshold over the keys", good, options({ trust: trustIn([first], 2) }), "trust_threshold_invalid"],
  [
    "threshold that is no number",
    good,
    options({ trust: trustIn([first], Number.NaN) }),
    "trust_threshold_invalid",
  ],
  [
    "one key twice for a threshold of two",
    good,
    options({ trust: trustIn([first, { ...first, name: "again" }], 2) }),
    "trust_duplicate_key",
  ],
  [
    "unusable key",
    good,
    options({ trust: trustIn([{ ...first, publicKey: new Uint8Array(32) }]) }),
    "trust_key_invalid",
  ],
  [
    "validity that never begins",
    good,
    options({ trust: { ...trustIn([first]), keys: [{ ...first, notBeforeMs: 1, notAfterMs: 1 }] } }),
    "trust_malformed",
  ],
];
