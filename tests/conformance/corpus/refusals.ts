/** Lines of what is refused: calls without a policy, files that do not open, states and texts that are none. */
import type { LoadOptions } from "../../../bundles/load.ts";
import { printTrustFile } from "../../../bundles/trust/index.ts";
import { LOAD_REFUSALS } from "../../core/load-refusals.ts";
import { REFUSALS } from "../../trust/refusals.ts";
import { compiled } from "../policy.ts";
import { keysOf } from "./keys.ts";
import { signedFile, TRUST_TEXT, VALID_MS } from "./signing.ts";
import { type CorpusWriter, unsignedFile } from "./writer.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const ACTION = utf8('{"agent":"a","args":{"amount":20},"tool":"pay"}');
const POLICY = 'agent "a" { rules { permit pay when amount <= 500 } }';
/** Its agent remembers. */
const STATEFUL = `agent "a" {
  budget session { max = $500 }
  cost pay args.amount
  rules { permit pay }
}`;

/** That what was in use decides as before. */
function stillDecides(writer: CorpusWriter, code: string): void {
  writer.call({ kind: "decide", text: ACTION, state: null }, code);
}

export function writeRefusals(writer: CorpusWriter): void {
  writeWithoutPolicy(writer);
  writeTrust(writer);
  writeTrustFiles(writer);
  writeLoads(writer);
  writeStates(writer);
  writePlaces(writer);
}

function writeWithoutPolicy(writer: CorpusWriter): void {
  const title = "before any policy is opened";
  writer.call({ kind: "plain", title, text: ACTION, state: null }, "no_policy");
  stillDecides(writer, "no_policy");
  writer.call({ kind: "event", text: utf8('{"agent":"a","type":"freeze"}'), state: null }, "no_policy");
  writer.call({ kind: "decide", text: utf8("{"), state: null }, "invalid_json");
  const file = Uint8Array.from(unsignedFile(compiled(POLICY).bundle).subarray(1));
  writer.open({ title: "a first file that is none", file, expect: "container_bad_magic" });
  stillDecides(writer, "no_policy");
}

/** Null: what the corpus cannot say, such as a threshold that is no number. */
function trustText(options: LoadOptions): string | null {
  if (options.insecure === true || Number.isNaN(options.trust.threshold)) return null;
  return new TextDecoder().decode(printTrustFile(options.trust));
}

function writeTrust(writer: CorpusWriter): void {
  const { bundle } = compiled(POLICY);
  const title = "signed, for what comes";
  writer.open({ title, file: signedFile(bundle), trust: TRUST_TEXT, nowMs: VALID_MS });
  stillDecides(writer, "rule_permit");
  for (const [title, file, options, expect] of REFUSALS) {
    const trust = trustText(options);
    if (trust === null || options.insecure === true) continue;
    const { nowMs, highest } = options;
    writer.open({ title, file, trust, nowMs, highest, expect });
  }
  const refused = new Set<string>();
  for (const [title, file, , expect] of REFUSALS) {
    if (!INSECURE.includes(expect) || refused.has(expect)) continue;
    refused.add(expect);
    writer.open({ title: `${title}, without signatures`, file, expect });
  }
  stillDecides(writer, "rule_permit");
  writer.open({
    kind: "load",
    title: "a reload that is refused",
    file: unsignedFile(bundle),
    trust: TRUST_TEXT,
    expect: "unsigned",
  });
  stillDecides(writer, "rule_permit");
}

/** Refused even when signatures are not asked for. */
const INSECURE: readonly string[] = [
  "container_truncated",
  "container_trailing_bytes",
  "container_bad_magic",
  "container_bad_version",
  "container_too_large",
  "envelope_malformed",
  "envelope_unknown_field",
  "payload_type_wrong",
  "signature_missing",
  "signature_duplicate",
  "statement_malformed",
  "statement_unknown_field",
  "statement_type_wrong",
  "critical_unknown",
  "digest_mismatch",
  "abi_mismatch",
];

const withKey = (edit: (key: Record<string, unknown>) => void): string => {
  const file = JSON.parse(TRUST_TEXT);
  edit(file.keys[0]);
  return JSON.stringify(file);
};
const withFile = (edit: (file: Record<string, unknown>) => void): string => {
  const file = JSON.parse(TRUST_TEXT);
  edit(file);
  return JSON.stringify(file);
};

const TRUST_FILES: readonly [title: string, file: string, expect: string][] = [
  ["a trust file of no bytes", "", "trust_malformed"],
  ["a trust file that is a list", "[]", "trust_malformed"],
  ["a trust file with a comma too many", TRUST_TEXT.replace(/\}\s*$/, ",}"), "trust_malformed"],
  ["a trust file that says a name twice", TRUST_TEXT.replace("{", '{"version":1,'), "trust_malformed"],
  ["a trust file of version 2", withFile((file) => Object.assign(file, { version: 2 })), "trust_malformed"],
  ["a threshold as text", withFile((file) => Object.assign(file, { threshold: "1" })), "trust_malformed"],
  [
    "a negative minimum",
    withFile((file) => Object.assign(file, { minimum_sequence: -1 })),
    "trust_malformed",
  ],
  ["a field that is not known", withFile((file) => Object.assign(file, { also: 1 })), "trust_unknown_field"],
  [
    "a key's field that is not known",
    withKey((key) => Object.assign(key, { also: 1 })),
    "trust_unknown_field",
  ],
  ["a key in other base64", withKey((key) => Object.assign(key, { public: "AAA" })), "trust_malformed"],
  ["a key too short", withKey((key) => Object.assign(key, { public: "AAAA" })), "trust_key_invalid"],
  [
    "30 February",
    withKey((key) => Object.assign(key, { not_before: "2026-02-30T00:00:00Z" })),
    "trust_malformed",
  ],
  [
    "a time with an offset",
    withKey((key) => Object.assign(key, { not_after: "2036-01-01T00:00:00+00:00" })),
    "trust_malformed",
  ],
  ["a name with a blank", withKey((key) => Object.assign(key, { name: "a b" })), "trust_malformed"],
  [
    "a threshold over the keys",
    withFile((file) => Object.assign(file, { threshold: 2 })),
    "trust_threshold_invalid",
  ],
];

function writeTrustFiles(writer: CorpusWriter): void {
  const file = signedFile(compiled(POLICY).bundle);
  for (const [title, trust, expect] of TRUST_FILES)
    writer.open({ title, file, trust, nowMs: VALID_MS, expect });
}

/** Files that are whole and perhaps signed, whose bundle the core refuses. */
function writeLoads(writer: CorpusWriter): void {
  for (const { title, code, bundle } of LOAD_REFUSALS) {
    writer.open({ title, file: unsignedFile(bundle), expect: "bundle_refused", coreCode: code });
  }
  const { title, code, bundle } = LOAD_REFUSALS[0]!;
  const refused = { expect: "bundle_refused", coreCode: code };
  const signed = { file: signedFile(bundle), trust: TRUST_TEXT, nowMs: VALID_MS, ...refused };
  writer.open({ ...signed, title: `${title}, signed` });
  stillDecides(writer, "rule_permit");
  writer.open({ ...signed, title: `${title}, signed, as a reload`, kind: "load" });
  stillDecides(writer, "rule_permit");
}

/** States that are not those of the call. */
function writeStates(writer: CorpusWriter): void {
  const file = signedFile(compiled(STATEFUL).bundle);
  writer.open({ title: "states that do not fit", file, trust: TRUST_TEXT, nowMs: VALID_MS });
  const facts = utf8('{"time":1767225600000}');
  const opened = utf8('{"agent":"a","session":"s","type":"session_open"}');
  const call = utf8('{"agent":"a","args":{"amount":20},"session":"s","tool":"pay"}');
  const state = keysOf("action", call, facts)!;
  const [agent, session] = state as [string, string];
  const decide = (keys: (string | null)[] | null, code: string): void => {
    writer.call({ kind: "decide", text: call, facts, state: keys }, code);
  };
  writer.call({ kind: "event", text: opened, facts, state }, "event_applied");
  decide(state, "rule_permit");
  decide([session, agent], "state_invalid");
  decide([session, session], "state_invalid");
  decide([agent], "state_invalid");
  decide([agent, session, null, null], "state_invalid");
  decide([], "state_invalid");
  decide([agent, null], "session_unknown");
  decide(null, "session_missing");
  writer.call({ kind: "decide", text: call, facts: new Uint8Array(), state }, "facts_invalid");
  writer.call({ kind: "decide", text: call, state }, "time_missing");
  writer.call({ kind: "decide", text: call, facts: Uint8Array.of(0x7b, 0xff), state }, "facts_invalid");
  writer.call({ kind: "event", text: utf8('{"type":"freeze"}'), facts, state }, "event_invalid");
  writer.call({ kind: "event", text: Uint8Array.of(0xff), facts, state }, "invalid_utf8");
  decide(state, "rule_permit");
}

/** Records far on in a log. */
function writePlaces(writer: CorpusWriter): void {
  const file = signedFile(compiled(POLICY).bundle);
  for (const sequence of [2 ** 32 - 2, 2 ** 53 - 4]) {
    const title = `from record ${sequence} on`;
    writer.open({ title, file, trust: TRUST_TEXT, nowMs: VALID_MS, sequence });
    for (let count = 0; count < 3; count++) stillDecides(writer, "rule_permit");
  }
}
