import { createHash } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import type { Core } from "../../engine/binding/index.ts";
import { compiled } from "../conformance/policy.ts";
import { action, coreWith, EVERYTHING, FIRST, SAMPLES } from "./binding-core.ts";
import { builtCore } from "./json-core.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const SALT = "0123456789abcdef";
const sha256 = (...parts: (string | Uint8Array)[]): Buffer => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const tag = (text: string): Buffer => Buffer.concat([Buffer.from(text)], 32);
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

/** RFC 8785 for values that JSON.stringify writes canonically but for the order of keys. */
function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.keys(value).sort();
  return `{${members.map((key) => `${JSON.stringify(key)}:${canonical(value[key]!)}`).join(",")}}`;
}

const FIELDS = [
  "action",
  "action_digest",
  "agent",
  "bundle",
  "code",
  "detail",
  "effect",
  "engine",
  "inputs",
  "inputs_digest",
  "obligations",
  "previous",
  "reason",
  "rule",
  "sequence",
  "signed",
  "state",
  "state_after",
  "state_before",
  "time",
  "type",
  "version",
];

let core: Core;
beforeAll(async () => {
  core = await coreWith(EVERYTHING);
});

function record(text: string | Uint8Array, facts?: string, sequence = 0, previous: Uint8Array = FIRST) {
  const made = core.decideRecorded(text, facts, { sequence, previous });
  const json = JSON.parse(Buffer.from(made.record).toString()) as Record<string, Json>;
  return { ...made, text: Buffer.from(made.record).toString(), json };
}

describe("a record", () => {
  test.each(SAMPLES.map(([text, facts], index) => [index, text, facts] as const))(
    "of sample %i holds what was decided, in canonical bytes under the hash",
    (index, text, facts) => {
      const previous = sha256(String(index));
      const { verdict, hash, text: bytes, json } = record(text, facts, 2 ** 40 + index, previous);
      expect(Object.keys(json)).toEqual(FIELDS);
      expect(bytes).toBe(canonical(json));
      expect(Buffer.from(hash)).toEqual(sha256(tag("faramesh/record/v2"), previous, bytes));
      const { salt: _, ...inputs } = JSON.parse(facts) as { [key: string]: Json };
      expect(json).toMatchObject({
        ...verdict,
        action_digest: sha256(canonical(JSON.parse(text) as Json)).toString("hex"),
        bundle: sha256(compiled(EVERYTHING).bundle).toString("hex"),
        engine: sha256(builtCore()).toString("hex"),
        inputs_digest: sha256(canonical(JSON.parse(facts) as Json)).toString("hex"),
        previous: previous.toString("hex"),
        sequence: 2 ** 40 + index,
        signed: false,
        state_after: null,
        state_before: null,
        time: inputs.time ?? null,
        type: "decision",
        version: 2,
      });
      expect(json.inputs).toEqual(inputs);
      if (verdict.code !== "salt_missing") expect(core.decide(text, facts)).toEqual(verdict);
    },
  );

  test("shows the action when nothing is redacted, and commitments where something is", () => {
    const plain = record(SAMPLES[2]![0], SAMPLES[2]![1]);
    expect(plain.json.action).toEqual(JSON.parse(SAMPLES[2]![0]));

    const { json, verdict } = record(SAMPLES[0]![0], SAMPLES[0]![1]);
    expect(verdict.obligations.redact).toEqual([["to"], ["x", "secret"], ["cc", 0]]);
    const commitment = (path: Json, value: Json) => {
      const pathText = canonical(path);
      const head = [tag("faramesh/redact/v1"), u32(SALT.length), SALT, u32(pathText.length), pathText];
      return { redacted: sha256(...head, canonical(value)).toString("hex") };
    };
    expect(json.action).toEqual({
      agent: "a",
      args: {
        amount: 3,
        cc: [commitment(["cc", 0], 1)],
        kind: "a",
        to: commitment(["to"], "x@example.com"),
        x: { secret: commitment(["x", "secret"], 1) },
      },
      tool: "mail/send",
    });
  });

  test("redacts a value once, with all that lies within it", async () => {
    const nested = await coreWith(
      'agent "a" { default permit  redact t args ["a.b.c", "a.b", "a.b.d[1]", "a.z"] }',
    );
    const text = action({ args: { a: { b: { c: 1, d: [2, 3] }, z: null } } });
    const made = nested.decideRecorded(text, `{"salt":"${SALT}"}`, { sequence: 0, previous: FIRST });
    const { action: shown, action_digest } = JSON.parse(Buffer.from(made.record).toString());
    const path = '["a","b"]';
    const value = '{"c":1,"d":[2,3]}';
    const head = [tag("faramesh/redact/v1"), u32(SALT.length), SALT, u32(path.length), path];
    expect(shown.args.a.b).toEqual({ redacted: sha256(...head, value).toString("hex") });
    expect(shown.args.a.z).toEqual({ redacted: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(action_digest).toBe(sha256(canonical(JSON.parse(text))).toString("hex"));
    expect(Buffer.from(made.record).includes(SALT)).toBe(false);
  });

  test("redacts a value of another shape than the path's whole, under the declared path", async () => {
    const typed = await coreWith(
      'agent "a" { default permit  redact t args ["card.number", "card.cvc", "l[0]"] }',
    );
    const text = action({ args: { card: "4111", l: { "0": 1 }, n: [null] } });
    const made = typed.decideRecorded(text, `{"salt":"${SALT}"}`, { sequence: 0, previous: FIRST });
    const { action: shown } = JSON.parse(Buffer.from(made.record).toString());
    const commitment = (path: string, value: string) => {
      const head = [tag("faramesh/redact/v1"), u32(SALT.length), SALT, u32(path.length), path];
      return { redacted: sha256(...head, value).toString("hex") };
    };
    const [first] = made.verdict.obligations.redact;
    expect(first?.[0]).toBe("card");
    expect(shown.args).toEqual({
      card: commitment(JSON.stringify(first), '"4111"'),
      l: commitment('["l",0]', '{"0":1}'),
      n: [null],
    });
    expect(typed.decideRecorded(text, "{}", { sequence: 0, previous: FIRST }).verdict.code).toBe(
      "salt_missing",
    );
  });

  test("without the salt that it needs is of a deny, and shows nothing", () => {
    const facts = SAMPLES[0]![1].replace(`,"salt":"${SALT}"`, "");
    const { verdict, json, text } = record(SAMPLES[0]![0], facts);
    expect(core.decide(SAMPLES[0]![0], facts).code).toBe("rule_permit");
    expect(verdict).toMatchObject({ code: "salt_missing", effect: "deny", rule: null, agent: "a" });
    expect(verdict.obligations).toMatchObject({ credentials: [], notify: ["sec"] });
    expect(json).toMatchObject({ action: null, code: "salt_missing", effect: "deny" });
    expect(text).not.toContain("x@example.com");
    // Nothing that must be redacted is there: no salt is needed.
    expect(record(action({ tool: "mail/y" }), facts).verdict.code).not.toBe("salt_missing");
  });

  test.each<[string, string, string, string | undefined]>([
    ["the action's text", "invalid_json", '{"secret":1,}', undefined],
    ["the action's fields", "action_field_unknown", action({ secret: 1 }), '{"x":1}'],
    ["the facts' text", "facts_invalid", action({ args: { secret: 1 } }), "{"],
    ["the facts' fields", "fact_unknown", action({ args: { secret: 1 } }), '{ "salary": 1 }'],
  ])("of a refusal of %s shows neither action nor inputs", (_, code, text, facts) => {
    const { json, text: bytes } = record(text, facts);
    expect(bytes).toBe(canonical(json));
    const hasCanonicalAction = code !== "invalid_json";
    const actionText = hasCanonicalAction ? canonical(JSON.parse(text) as Json) : text;
    const factsText = code === "fact_unknown" ? '{"salary":1}' : (facts ?? "");
    expect(json).toMatchObject({
      action: null,
      action_digest: sha256(actionText).toString("hex"),
      agent: null,
      code,
      inputs: null,
      inputs_digest: sha256(factsText).toString("hex"),
    });
    expect(bytes).not.toContain('"secret":1');
  });

  test("of texts that could not be handed over has no digest of them", () => {
    const large = action({ args: { x: "y".repeat(1 << 20) } });
    expect(record(large).json).toMatchObject({ action: null, action_digest: null, code: "input_too_large" });
    expect(record('"\ud800"').json).toMatchObject({
      action: null,
      action_digest: null,
      code: "lone_surrogate",
      inputs_digest: sha256("").toString("hex"),
    });
    expect(record(action(), large).json).toMatchObject({ code: "facts_invalid", inputs_digest: null });
    expect(record(action(), '{"purpose":"\udc00"}').json).toMatchObject({
      code: "facts_invalid",
      inputs_digest: null,
    });
  });

  test("without facts commits to the empty object", () => {
    const none = record(SAMPLES[8]![0]);
    expect(none.json).toMatchObject({ inputs: {}, inputs_digest: sha256("{}").toString("hex") });
    expect(record(SAMPLES[8]![0], "{}").text).toBe(none.text);
    const salted = record(SAMPLES[8]![0], '{"salt":null}').json;
    expect(salted).toMatchObject({ inputs: {}, inputs_digest: sha256("{}").toString("hex") });
  });

  test("is a copy that later decisions leave alone", () => {
    const made = record(SAMPLES[0]![0], SAMPLES[0]![1]);
    const before = Buffer.from(made.record).toString("hex");
    record(SAMPLES[5]![0], SAMPLES[5]![1]);
    expect(Buffer.from(made.record).toString("hex")).toBe(before);
  });

  test("chains: the core's own hash, over records of any size", () => {
    const large = record(action({ args: { x: "\u0001".repeat(170_000) } }), '{"purpose":"p"}');
    expect(large.record.length).toBeGreaterThan(1_000_000);
    expect(Buffer.from(core.chain(FIRST, large.record))).toEqual(Buffer.from(large.hash));
    const next = record(SAMPLES[0]![0], SAMPLES[0]![1], 1, Buffer.from(large.hash));
    expect(Buffer.from(core.chain(large.hash, next.record))).toEqual(Buffer.from(next.hash));
    expect(Buffer.from(core.digest(next.record))).toEqual(sha256(next.record));
    expect(() => core.chain(FIRST, new Uint8Array((1 << 24) + 1))).toThrow(RangeError);
  });
});

describe("the largest verdict", () => {
  test("fits: texts of the longest kind, in the most escapes", async () => {
    // Escaped, each of these bytes takes six.
    const long = "\\u0001".repeat(65_000);
    // No agent's name holds a control character.
    const name = '\\"'.repeat(65_000);
    const policy = `agent "${name}" { default permit
      alert { permit "${long}x" }
      redact t args ["s"]
      rules { permit t notify: "${long}y" reason: "${long}z" } }`;
    const made = (await coreWith(policy)).decideRecorded(
      JSON.stringify({ agent: '"'.repeat(65_000), tool: "t", args: { s: "\u0001".repeat(80_000) } }),
      `{"salt":"${SALT}","purpose":"${long}"}`,
      { sequence: 0, previous: FIRST },
    );
    const json = JSON.parse(Buffer.from(made.record).toString());
    expect(json).toMatchObject({ code: "rule_permit", effect: "permit" });
    expect(json.obligations.notify.map((text: string) => text.length)).toEqual([65_001, 65_001]);
    expect(made.verdict).toMatchObject({ reason: json.reason, agent: json.agent });
  });
});
