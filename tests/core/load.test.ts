import { createHash } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { encode } from "../../bundles/format/encode.ts";
import type { Ir } from "../../bundles/format/ir.ts";
import { type Core, instantiate } from "../../engine/binding/index.ts";
import { Instance } from "../../engine/binding/instance.ts";
import {
  EFFECT_DENY_ALWAYS,
  EFFECT_PERMIT,
  MAX_BUNDLE_BYTES,
  OP_AND,
  OP_CONSTANT,
  OP_NOT,
  OP_SKIP_IF_FALSE,
  OP_UNDER,
  OPERAND_BOOLEAN,
  OPERAND_DFA,
  OPERAND_NONE,
  OPERAND_PATH,
  OPERAND_STRING,
  OPERAND_TARGET,
  ROOT_SESSION,
  ROOT_TIME,
  ROOT_TOOL,
  SECTION_COUNT,
  SECTION_EXACT,
} from "../../engine/constants.ts";
import { compiled } from "../conformance/policy.ts";
import {
  action,
  coreWith,
  EVERYTHING,
  FIRST,
  HAPPENINGS,
  irOf,
  numbersFrom,
  SAMPLES,
} from "./binding-core.ts";
import { builtCore } from "./json-core.ts";

const bundle = compiled(EVERYTHING).bundle;
let core: Core;
beforeAll(async () => {
  core = await instantiate(builtCore());
});

function codeOfLoad(bytes: Uint8Array): string {
  const result = core.load(bytes, { signed: false });
  return result.ok ? "ok" : result.code;
}

function changed(change: (view: DataView, copy: Uint8Array) => void): Uint8Array {
  const copy = new Uint8Array(bundle);
  change(new DataView(copy.buffer), copy);
  return copy;
}

describe("load", () => {
  test("accepts a bundle and gives its digest", () => {
    const result = core.load(bundle, { signed: false });
    expect(result.ok && Buffer.from(result.digest)).toEqual(createHash("sha256").update(bundle).digest());
  });

  test("leaves no policy after a refusal", async () => {
    const other = await coreWith('agent "a" { default permit }');
    expect(other.decide(action()).code).toBe("default_permit");
    expect(other.load(bundle.subarray(1), { signed: true }).ok).toBe(false);
    expect(other.decide(action()).code).toBe("no_policy");
    expect(
      JSON.parse(
        Buffer.from(
          other.decideRecorded(action(), undefined, { sequence: 0, previous: FIRST }).record,
        ).toString(),
      ),
    ).toMatchObject({
      action: null,
      bundle: null,
      code: "no_policy",
      signed: false,
    });
  });

  test.each<[string, string, Uint8Array]>([
    ["no bytes", "bad_length", new Uint8Array(0)],
    ["the magic", "bad_magic", changed((view) => view.setUint8(0, 0x66))],
    ["the format version", "bad_version", changed((view) => view.setUint16(4, 1, true))],
    ["the ABI version", "bad_version", changed((view) => view.setUint16(6, 1, true))],
    ["the length", "bad_length", changed((view) => view.setUint32(8, bundle.length - 8, true))],
    ["a byte after the end", "bad_length", Buffer.concat([bundle, new Uint8Array(1)])],
    ["a byte less", "bad_length", bundle.subarray(0, bundle.length - 1)],
    ["the section count", "bad_section", changed((view) => view.setUint32(12, SECTION_COUNT + 1, true))],
    ["a section's place", "bad_section", changed((view) => view.setUint32(16, 160, true))],
    ["a section's length", "bad_section", changed((view) => view.setUint32(20, 0xfffffff0, true))],
    ["the hash table's capacity", "bad_section", changed(halveCapacity)],
  ])("refuses another value of %s as %s", (_, code, bytes) => {
    expect(codeOfLoad(new Uint8Array(bytes))).toBe(code);
  });

  test("refuses what is over the limit before it is copied", () => {
    const oversized = { byteLength: MAX_BUNDLE_BYTES + 1 } as Uint8Array;
    Object.setPrototypeOf(oversized, Uint8Array.prototype);
    expect(codeOfLoad(oversized)).toBe("too_large");
    expect(core.decide(action()).code).toBe("no_policy");
  });
});

function halveCapacity(view: DataView): void {
  const at = view.getUint32(16 + 8 * SECTION_EXACT, true);
  view.setUint32(at, view.getUint32(at, true) / 2, true);
}

/** What the encoder writes down as it is told, and the core must refuse. */
const FALSEHOODS: [string, string, (ir: Ir) => void][] = [
  ["strings out of order", "bad_string", (ir) => void ir.strings.reverse()],
  ["numbers out of order", "bad_section", (ir) => void ir.numbers.reverse()],
  ["a mantissa that ends in zero", "bad_section", (ir) => set(ir.numbers[0]!, { digits: "10" })],
  ["a list of an unknown kind", "bad_reference", (ir) => set(ir.lists[0]!, { kind: 3 })],
  ["a list's string that is not there", "bad_reference", (ir) => ir.lists.at(-1)!.ids.push(100_000)],
  ["a path of an unknown root", "bad_reference", (ir) => set(ir.paths[0]!, { root: 10 })],
  ["a path's key that is not there", "bad_reference", (ir) => ir.paths[0]!.steps.push(0x7fffffff)],
  [
    "a path too long",
    "bad_reference",
    (ir) => set(ir.paths[0]!, { steps: Array.from({ length: 65 }, () => 0) }),
  ],
  [
    "a step into the tool's name",
    "bad_reference",
    (ir) => void Object.assign(ir.paths[0]!, { root: ROOT_TOOL, steps: [0] }),
  ],
  [
    "an unknown session field",
    "bad_reference",
    (ir) => void Object.assign(ir.paths[0]!, { root: ROOT_SESSION, steps: [0] }),
  ],
  [
    "time without a field",
    "bad_reference",
    (ir) => void Object.assign(ir.paths[0]!, { root: ROOT_TIME, steps: [] }),
  ],
  ["a transition to no state", "bad_dfa", (ir) => set(ir.automata[0]!.next, { 0: 4095 })],
  ["a class that is not there", "bad_dfa", (ir) => set(ir.automata[0]!.classOf, { 7: 255 })],
  ["an unknown state flag", "bad_dfa", (ir) => set(ir.automata[0]!.flags, { 0: 8 })],
  ["an unknown instruction", "bad_code", (ir) => set(ir.code[0]!, { op: 22 })],
  [
    "an operand of another kind",
    "bad_code",
    (ir) => set(find(ir, OPERAND_DFA), { rightKind: OPERAND_STRING }),
  ],
  ["an operand that is not there", "bad_code", (ir) => set(find(ir, OPERAND_DFA), { right: 100_000 })],
  [
    "a relative directory",
    "bad_code",
    (ir) => set(ir.code.find(({ op }) => op === OP_UNDER)!, { right: ir.strings.length - 1 }),
  ],
  ["a stack that underflows", "bad_code", (ir) => setCode(ir, [NOT])],
  ["two values at the end", "bad_code", (ir) => setCode(ir, [ONE, ONE])],
  ["no value at the end", "bad_code", (ir) => setCode(ir, [ONE, ONE, AND, AND])],
  ["a jump backward", "bad_code", (ir) => setCode(ir, [ONE, skip(0)])],
  ["a jump to itself", "bad_code", (ir) => setCode(ir, [ONE, skip(1)])],
  ["a jump out of the rule", "bad_code", (ir) => setCode(ir, [ONE, skip(3)])],
  ["depths that differ between ways", "bad_code", (ir) => setCode(ir, [ONE, skip(3), ONE, AND])],
  ["a stack too deep", "bad_code", (ir) => setCode(ir, [...Array(65).fill(ONE), ...Array(64).fill(AND)])],
  ["code that no rule has", "bad_code", (ir) => setAll(ir.rules, { codeCount: 0 })],
  ["code of two rules", "bad_code", (ir) => set(ir.rules.at(-1)!, { codeFirst: 0 })],
  ["an unknown effect", "bad_reference", (ir) => set(ir.rules[0]!, { effect: 4 })],
  ["a phase that is not there", "bad_reference", (ir) => set(ir.rules[0]!, { phase: 9 })],
  ["an agent that is not there", "bad_reference", (ir) => set(ir.rules[0]!, { agent: 9 })],
  ["a deny! among the other rules", "bad_reference", (ir) => void swapSlices(ir)],
  ["a permit among the deny! rules", "bad_reference", (ir) => raisePermit(ir)],
  ["a rule that is not there", "bad_reference", (ir) => ir.patterns[0]!.rules.push(9999)],
  ["rules out of order", "bad_reference", (ir) => void ir.patterns[0]!.always.push(0)],
  [
    "a redaction outside the arguments",
    "bad_reference",
    (ir) => set(ir.paths[ir.redacts[0]!]!, { root: ROOT_TOOL }),
  ],
  [
    "a credential that is not canonical",
    "bad_string",
    (ir) => set(ir.credentials[0]!, { json: ir.credentials[0]!.name }),
  ],
  ["a selector that permits", "bad_reference", (ir) => set(ir.selectors[0]!, { onTimeout: EFFECT_PERMIT })],
  ["an argument of an unknown type", "bad_reference", (ir) => set(ir.arguments[0]!, { type: 8 })],
  ["an enum without a list", "bad_reference", (ir) => setAll(ir.arguments, { list: null, type: 7 })],
  ["a default of deny!", "bad_reference", (ir) => set(ir.agents[0]!, { defaultEffect: EFFECT_DENY_ALWAYS })],
  ["agents out of order", "bad_reference", (ir) => set(ir.agents[1]!, { name: 0 })],
  [
    "a method list of numbers",
    "bad_reference",
    (ir) => ir.lists.push({ kind: 1, ids: [] }) && set(ir.agents[0]!, { methods: ir.lists.length - 1 }),
  ],
  ["a model automaton that is not there", "bad_reference", (ir) => set(ir.agents[0]!, { modelAllow: 999 })],
  ["more phases than there are", "bad_reference", (ir) => set(ir.agents[0]!, { phaseCount: 3 })],
  ["a trie root that is not there", "bad_reference", (ir) => set(ir.agents[0]!, { globRoot: 9999 })],
  ["edges out of order", "bad_reference", (ir) => void ir.globs[0]!.edges.reverse()],
  ["an edge to no node", "bad_reference", (ir) => set(ir.globs[0]!.edges[0]!, { node: 9999 })],
  ["an unknown loop", "bad_reference", (ir) => set(ir.globs[0]!, { loop: 3 })],
  ["a name of no pattern", "bad_reference", (ir) => set(ir.exact[0]!, { target: 9999 })],
  ["a name of no scope", "bad_reference", (ir) => set(ir.exact[0]!, { scope: 77 })],
  ["a tool twice", "bad_reference", (ir) => void ir.exact.splice(1, 0, { ...ir.exact[0]! })],
  ["an agent twice", "bad_reference", (ir) => void ir.exact.push({ ...ir.exact.at(-1)! })],
  [
    "a tool's name over its limit",
    "too_large",
    // The last string there can be, so that no other id moves.
    (ir) => set(ir.exact[0]!, { string: ir.strings.push("\u{10ffff}".repeat(65)) - 1 }),
  ],
  [
    "an agent's name over its limit",
    "too_large",
    (ir) => set(ir.exact.at(-1)!, { string: ir.strings.push("\u{10ffff}".repeat(16385)) - 1 }),
  ],
  ["an offset of a day", "bad_reference", (ir) => set(ir.system, { utcOffsetMinutes: 1440 })],
  ["a default agent that is not there", "bad_reference", (ir) => set(ir.system, { defaultAgent: 9 })],
  [
    "an identity that is no canonical object",
    "bad_string",
    (ir) => set(ir.debug.rules[0]!, { identity: '{"line":1}' }),
  ],
  [
    "a line with leading zeros",
    "bad_string",
    (ir) => setIdentity(ir, '{"column":1,"file":"x","id":"y","line":01}'),
  ],
  [
    "an escape that is not canonical",
    "bad_string",
    (ir) => setIdentity(ir, '{"column":1,"file":"\\u0041","id":"y","line":1}'),
  ],
  ["a text over its limit", "too_large", (ir) => set(ir.debug.rules[0]!, { reason: "x".repeat(65537) })],
];

function set(owner: object, fields: object): void {
  Object.assign(owner, fields);
}

function setAll(owners: object[], fields: object): void {
  for (const owner of owners) Object.assign(owner, fields);
}

const ONE = { op: OP_CONSTANT, leftKind: OPERAND_BOOLEAN, left: 1, rightKind: OPERAND_NONE, right: 0 };
const AND = { op: OP_AND, leftKind: OPERAND_NONE, left: 0, rightKind: OPERAND_NONE, right: 0 };
const NOT = { ...AND, op: OP_NOT };
const skip = (left: number) => ({ ...AND, op: OP_SKIP_IF_FALSE, leftKind: OPERAND_TARGET, left });

function find(ir: Ir, rightKind: number) {
  return ir.code.find((one) => one.rightKind === rightKind && one.leftKind === OPERAND_PATH)!;
}

/** Makes these instructions all the code there is, of the first rule. */
function setCode(ir: Ir, code: Ir["code"]): void {
  ir.code = code;
  ir.debug.instructions = code.map(() => ({ file: "x", line: 1, column: 1, text: "x" }));
  for (const [id, rule] of ir.rules.entries()) {
    Object.assign(rule, { codeFirst: id === 0 ? 0 : code.length, codeCount: id === 0 ? code.length : 0 });
  }
}

function setIdentity(ir: Ir, identity: string): void {
  ir.debug.rules[0]!.identity = identity;
}

function swapSlices(ir: Ir): void {
  const pattern = ir.patterns.find(({ always }) => always.length > 0)!;
  [pattern.always, pattern.rules] = [pattern.rules, pattern.always];
}

function raisePermit(ir: Ir): void {
  const isPermit = (id: number): boolean => ir.rules[id]!.effect === EFFECT_PERMIT;
  const pattern = ir.patterns.find(({ rules }) => rules.some(isPermit))!;
  pattern.always = pattern.rules.filter(isPermit);
}

describe("load refuses", () => {
  test.each(FALSEHOODS)("%s as %s", (_, code, change) => {
    const ir = irOf(EVERYTHING);
    change(ir);
    expect(codeOfLoad(encode(ir))).toBe(code);
  });

  test("nothing of code that is balanced", () => {
    const ir = irOf(EVERYTHING);
    setCode(ir, [ONE, skip(4), ONE, AND]);
    expect(codeOfLoad(encode(ir))).toBe("ok");
  });
});

/** Lets HAPPENINGS happen on the bare core, so that a trap is an error; the codes. */
function happen(instance: Instance): number[] {
  const blobs = new Map<string, Uint8Array>();
  return HAPPENINGS.map(({ event, text, facts, chain }, sequence) => {
    const { agent, session } = JSON.parse(text) as { agent: string; session: string };
    const keys = [agent, ...chain].flatMap((name) => [name, `${session}/${name}`]);
    const stateBytes = instance.writeState(keys.map((key) => blobs.get(key) ?? null));
    const call = event ? instance.exports.applyEvent : instance.exports.decideRecorded;
    const packed = call(instance.writeAction(text), instance.writeFacts(facts), stateBytes, sequence, 0);
    for (const [i, blob] of (instance.readState() ?? []).entries()) blobs.set(keys[i]!, blob);
    return packed & 0xff;
  });
}

describe("bytes from anywhere", () => {
  /** Loads and decides on the bare core, so that a trap is an error. True when it was accepted. */
  function survives(instance: Instance, bytes: Uint8Array): boolean {
    const pointer = instance.reserve(bytes.length);
    instance.bytes.set(bytes, pointer);
    if (instance.exports.load(bytes.length, 0) !== 0) return false;
    for (const [text, facts] of SAMPLES) {
      const actionBytes = instance.writeAction(text);
      instance.exports.decide(actionBytes, instance.writeFacts(facts), 0, 1);
      instance.exports.describe();
      instance.exports.decideRecorded(actionBytes, instance.writeFacts(facts), 0, 1, 0);
    }
    happen(instance);
    expect(Buffer.compare(instance.read(pointer, bytes.length), bytes)).toBe(0);
    return true;
  }

  test("are refused or decided on, never a trap, and nothing writes into the bundle", () => {
    const instance = new Instance(new WebAssembly.Module(builtCore()));
    expect(survives(instance, bundle)).toBe(true);
    expect(happen(instance)).toEqual([4, 1, 1, 1, 1, 1, 1, 23, 2, 4, 31]);
    const next = numbersFrom(20261122);
    let accepted = 0;
    for (let round = 0; round < 20_000; round++) {
      const copy = new Uint8Array(bundle);
      for (let flips = 1 + next(3); flips > 0; flips--) {
        const at = next(copy.length);
        copy[at] = next(2) === 0 ? copy[at]! ^ (1 << next(8)) : next(8);
      }
      if (survives(instance, copy)) accepted++;
    }
    // Many flips are other policies: names, effects, numbers, stars.
    expect(accepted).toBeGreaterThan(1000);
    expect(instance.exports.memory.buffer.byteLength).toBe(instance.bytes.byteLength);
  });

  test("of any length", () => {
    const instance = new Instance(new WebAssembly.Module(builtCore()));
    for (let length = 0; length < bundle.length; length += 7) {
      const cut = new Uint8Array(bundle.subarray(0, length));
      if (length >= 12) new DataView(cut.buffer).setUint32(8, length, true);
      expect(survives(instance, cut)).toBe(false);
    }
  });
});

test("a text that many rules share is read once", () => {
  const ir = irOf('agent "a" { rules { permit t } }');
  const rule = ir.rules[0]!;
  const identity = JSON.stringify({ column: 1, file: "x".repeat(65_000), id: "i", line: 1 });
  const debug = { ...ir.debug.rules[0]!, identity };
  ir.rules = Array.from({ length: 100_000 }, () => ({ ...rule }));
  ir.debug.rules = ir.rules.map(() => debug);
  const shared = encode(ir);
  const started = performance.now();
  expect(codeOfLoad(shared)).toBe("ok");
  // For each rule it would take above 10 s.
  expect(performance.now() - started).toBeLessThan(3000);
});
