import { createHash } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { CODES, codeNamed, codeOf } from "../../engine/binding/codes.ts";
import { type Core, instantiate, type Sha256 } from "../../engine/binding/index.ts";
import { Instance } from "../../engine/binding/instance.ts";
import { compile } from "../../engine/build.mjs";
import * as constants from "../../engine/constants.ts";
import { compiled } from "../conformance/policy.ts";
import { action, coreWith, FIRST } from "./binding-core.ts";
import { builtCore } from "./json-core.ts";

const POLICY = `
agent "a" { default deny  rules { permit t reason: "ok"  defer u } }
agent "b" { default deny  redact t args ["x"] }`;

const digestOf = (bytes: Uint8Array) => new Uint8Array(createHash("sha256").update(bytes).digest());

let core: Core;
beforeAll(async () => {
  core = await coreWith(POLICY);
});

describe("instantiate", () => {
  test("from bytes, a buffer, or a module with its digest", async () => {
    const wasm = builtCore();
    const digest = digestOf(wasm);
    const module = await WebAssembly.compile(wasm);
    for (const made of [
      await instantiate(wasm),
      await instantiate(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.length)),
      await instantiate(module, { digest }),
    ]) {
      expect(made.engineDigest).toEqual(digest);
      expect(made.decide(action())).toMatchObject({ effect: "deny", code: "no_policy" });
    }
  });

  test("refuses a module without a digest of 32 bytes, and bytes that are no module", async () => {
    const module = await WebAssembly.compile(builtCore());
    await expect(instantiate(module, undefined as never)).rejects.toThrow(TypeError);
    await expect(instantiate(module, { digest: new Uint8Array(31) })).rejects.toThrow(TypeError);
    await expect(instantiate(new Uint8Array(8))).rejects.toThrow();
  });

  test("a SHA-256 of the runtime gives the same records; one that is none is refused", async () => {
    const module = await WebAssembly.compile(builtCore());
    const digest = digestOf(builtCore());
    const hashed: number[] = [];
    const sha256: Sha256 = (message, target) => {
      hashed.push(message.byteLength);
      target.set(digestOf(message as Uint8Array<ArrayBuffer>));
    };
    const native = await instantiate(module, { digest, sha256 });
    hashed.length = 0;
    const { bundle } = compiled(POLICY);
    expect(native.load(bundle, { signed: true }).ok).toBe(true);
    const own = await coreWith(POLICY);
    own.load(bundle, { signed: true });
    let previous = FIRST;
    for (let sequence = 0; sequence < 100; sequence++) {
      const text = action({ args: { sequence, text: "x".repeat(sequence) } });
      const made = native.decideRecorded(text, undefined, { sequence, previous });
      expect(made).toEqual(own.decideRecorded(text, undefined, { sequence, previous }));
      expect(hashed.at(-1)).toBe(64 + made.record.byteLength);
      previous = made.hash;
    }
    await expect(instantiate(module, { digest, sha256: () => {} })).rejects.toThrow(TypeError);
  });
});

describe("a verdict", () => {
  test("is frozen, and the same object for the same outcome", () => {
    const verdict = core.decide(action());
    expect(verdict).toEqual({
      agent: "a",
      code: "rule_permit",
      detail: null,
      effect: "permit",
      obligations: { credentials: [], notify: [], redact: [] },
      reason: "ok",
      rule: { column: 35, file: "policy.fpl", id: expect.stringMatching(/^[0-9a-f]{16}$/), line: 2 },
    });
    expect(core.decide(action({ args: { other: 1 } }))).toBe(verdict);
    expect(core.decideRecorded(action(), undefined, { sequence: 0, previous: FIRST }).verdict).toBe(verdict);
    expect(() => Object.assign(verdict, { effect: "deny" })).toThrow(TypeError);
    expect(Object.isFrozen(verdict.obligations.redact)).toBe(true);
  });

  test("is another object for another agent, and new where it has obligations or a detail", async () => {
    const deny = core.decide(action({ tool: "z" }));
    const other = core.decide(action({ agent: "b", tool: "z" }));
    expect([deny.agent, other.agent]).toEqual(["a", "b"]);
    expect([deny.code, other.code]).toEqual(["default_deny", "default_deny"]);
    expect(core.decide(action({ tool: "z" }))).toBe(deny);
    expect(core.decide(action({ agent: "b" })).obligations.redact).toEqual([["x"]]);
    expect(core.decide("[").detail).toEqual({ offset: 1 });
    expect(core.decide(" [").detail).toEqual({ offset: 2 });
  });

  test("does not outlive its policy", async () => {
    const reloaded = await coreWith(POLICY);
    const before = reloaded.decide(action());
    expect(reloaded.load(compiled('agent "a" { rules { permit t } }').bundle, { signed: true }).ok).toBe(
      true,
    );
    expect(reloaded.decide(action())).toMatchObject({ code: "rule_permit", reason: null });
    expect(before.reason).toBe("ok");
  });
});

describe("a text", () => {
  test("is taken as a string or as UTF-8, to the same verdict", () => {
    const text = action({ args: { x: "ä€😀\u0000" } });
    const encoded = new TextEncoder().encode(text);
    const surrounded = new Uint8Array(encoded.length + 20).fill(0x5d);
    surrounded.set(encoded, 10);
    expect(core.decide(encoded)).toBe(core.decide(text));
    expect(core.decide(surrounded.subarray(10, 10 + encoded.length))).toBe(core.decide(text));
    expect(core.decide(Buffer.from(text), Buffer.from("{}"))).toBe(core.decide(text, "{}"));
  });

  test("of facts that is empty is refused, facts left out are `{}`", () => {
    const place = { sequence: 0, previous: new Uint8Array(32) };
    expect(core.decide(action(), undefined)).toBe(core.decide(action(), "{}"));
    for (const empty of ["", new Uint8Array(0)]) {
      const refused = { code: "facts_invalid", effect: "deny" };
      expect(core.decide(action(), empty)).toMatchObject(refused);
      expect(core.trace(action(), empty).verdict).toMatchObject(refused);
      expect(core.decideRecorded(action(), empty, place).verdict).toMatchObject(refused);
    }
  });

  test("with half a surrogate pair is refused, with the character that would stand for it it is not", () => {
    expect(core.decide(action({ args: { x: "\ufffd" } })).code).toBe("rule_permit");
    const lone = action().replace("{}", '{"x":"\ud83d"}');
    expect(core.decide(lone)).toMatchObject({ code: "lone_surrogate", effect: "deny" });
    expect(core.trace(lone)).toMatchObject({ verdict: { code: "lone_surrogate" }, events: [] });
    expect(core.decide(action(), '{"purpose":"\udc00"}').code).toBe("facts_invalid");
    expect(core.canonicalize('"\ud83d"')).toEqual({ ok: false, code: "lone_surrogate", offset: null });
    // In an escape it is the core that sees it.
    expect(core.decide('{"agent":"\\ud83d"}')).toMatchObject({
      code: "lone_surrogate",
      detail: { offset: 10 },
    });
  });

  test("over the limit is refused before it is copied", () => {
    const large = " ".repeat(constants.MAX_INPUT_BYTES + 1);
    expect(core.decide(large).code).toBe("input_too_large");
    expect(core.decide(new Uint8Array(constants.MAX_INPUT_BYTES + 1)).code).toBe("input_too_large");
    // Fewer characters than the limit, more bytes.
    expect(core.decide(`"${"€".repeat(400_000)}"`).code).toBe("input_too_large");
    expect(core.canonicalize(large)).toEqual({ ok: false, code: "input_too_large", offset: null });
  });

  test("of another type is a programmer's error", () => {
    for (const wrong of [undefined, null, 1, {}, [], new ArrayBuffer(1)] as never[]) {
      expect(() => core.decide(wrong)).toThrow(TypeError);
      expect(() => core.trace(wrong)).toThrow(TypeError);
      expect(() => core.canonicalize(wrong)).toThrow(TypeError);
      if (wrong !== undefined) expect(() => core.decide(action(), wrong)).toThrow(TypeError);
      expect(() => core.load(wrong, { signed: true })).toThrow(TypeError);
    }
    const { bundle } = compiled(POLICY);
    expect(() => core.load(bundle, {} as never)).toThrow(TypeError);
    expect(core.decide(action()).code).toBe("rule_permit");
  });

  test("a place in the chain must be one", () => {
    for (const sequence of [-1, 0.5, 2 ** 53, Number.NaN, "1" as never]) {
      expect(() => core.decideRecorded(action(), undefined, { sequence, previous: FIRST })).toThrow(
        RangeError,
      );
    }
    const previous = new Uint8Array(31);
    expect(() => core.decideRecorded(action(), undefined, { sequence: 0, previous })).toThrow(RangeError);
    expect(() => core.chain(previous, FIRST)).toThrow(RangeError);
  });
});

test("canonicalize gives bytes, or the code and place of the fault", () => {
  expect(core.canonicalize('{"b":1e2,"a":"\\u0041"}')).toEqual({
    ok: true,
    bytes: new Uint8Array(Buffer.from('{"a":"A","b":100}')),
  });
  expect(core.canonicalize('{"b":1,"b":2}')).toEqual({ ok: false, code: "duplicate_key", offset: 7 });
});

describe("the table of codes", () => {
  const numbers = Object.entries(constants).filter(([name]) => name.startsWith("CODE_"));

  test("has every code of the constants page, in order, by the same name", () => {
    expect(CODES.map(({ number, name }) => [`CODE_${name.toUpperCase()}`, number])).toEqual(
      numbers.sort(([, left], [, right]) => Number(left) - Number(right)),
    );
    for (const code of CODES) {
      expect(codeOf(code.number)).toBe(code);
      expect(codeNamed(code.name)).toBe(code);
      expect(code.text).toMatch(/^[a-z`].*[^.]$/);
      expect(code.next).toMatch(/^[a-z].*[^.]$/);
    }
    expect(codeOf(0)).toBeUndefined();
  });

  test("agrees with the names that the core writes", () => {
    const instance = new Instance(new WebAssembly.Module(builtCore()));
    const { exports } = instance;
    for (const { number, name } of CODES) {
      const packed = exports.refuse(number, 0, 0, 0, 0) >>> 0;
      expect(packed & 0xff).toBe(number);
      const verdict = Buffer.from(instance.read(exports.outputPointer(), exports.describe()));
      expect(JSON.parse(verdict.toString())).toMatchObject({ code: name, effect: "deny" });
    }
  });
});

describe("a core that traps", () => {
  /** The core, but for actions that begin with `!`, on which it traps, or `?`, on which it permits without a code. */
  const FAULTY = `
import { actionPointer, decide as decideRightly, decideRecorded as recordRightly } from "./index";
export { abi, actionPointer, bundleDigestPointer, canonicalize, chain, describe, digest, enginePointer } from "./index";
export { errorOffset, factsPointer, hashPointer, load, outputPointer, previousPointer, recordBytes } from "./index";
export { recordPointer, refuse, reserve, stateAfterBytes, stateAfterPointer, statePointer, statusPointer, traceEvents } from "./index";
export { applyEvent, tracePointer } from "./index";
function fails(): bool {
  const first = i32.load8_u(actionPointer());
  if (first == 0x21) unreachable();
  return first == 0x3f;
}
export function decide(actionBytes: u32, factsBytes: u32, stateBytes: u32, trace: u32): u32 {
  return fails() ? 3 << 8 : decideRightly(actionBytes, factsBytes, stateBytes, trace);
}
export function decideRecorded(actionBytes: u32, factsBytes: u32, stateBytes: u32, low: u32, high: u32): u32 {
  return fails() ? 3 << 8 : recordRightly(actionBytes, factsBytes, stateBytes, low, high);
}`;
  let faulty: Core;
  beforeAll(async () => {
    const entry = "engine/assembly/faulty.ts";
    const wasm = new Uint8Array(await compile(undefined, entry, { [entry]: FAULTY }));
    faulty = await instantiate(wasm);
    expect(faulty.load(compiled(POLICY).bundle, { signed: true }).ok).toBe(true);
  });

  test.each(["!", "?"])("on `%s` denies, and decides the next action on a fresh memory", (mark) => {
    const permit = faulty.decide(action());
    expect(permit.effect).toBe("permit");
    for (let round = 0; round < 3; round++) {
      expect(faulty.decide(mark)).toMatchObject({
        code: "engine_trap",
        effect: "deny",
        agent: null,
        rule: null,
      });
      expect(faulty.decide(action())).toEqual(permit);
      expect(faulty.trace(mark)).toMatchObject({ verdict: { code: "engine_trap" }, events: [] });
      expect(faulty.decide(action({ tool: "u" })).code).toBe("rule_defer");
    }
  });

  test("records the failure, signed state and chain intact", () => {
    const previous = digestOf(FIRST);
    const made = faulty.decideRecorded("!secret", '{"x":1}', { sequence: 7, previous });
    expect(made.verdict).toMatchObject({ code: "engine_trap", effect: "deny" });
    const json = JSON.parse(Buffer.from(made.record).toString());
    expect(json).toMatchObject({
      action: null,
      action_digest: Buffer.from(digestOf(Buffer.from("!secret"))).toString("hex"),
      bundle: Buffer.from(digestOf(compiled(POLICY).bundle)).toString("hex"),
      code: "engine_trap",
      effect: "deny",
      engine: Buffer.from(faulty.engineDigest).toString("hex"),
      inputs: null,
      previous: Buffer.from(previous).toString("hex"),
      sequence: 7,
      signed: true,
    });
    expect(faulty.chain(previous, made.record)).toEqual(made.hash);
    const next = faulty.decideRecorded(action(), undefined, { sequence: 8, previous: made.hash });
    expect(JSON.parse(Buffer.from(next.record).toString())).toMatchObject({
      code: "rule_permit",
      signed: true,
    });
  });
});
