/**
 * IR to bundle bytes: engine/constants.ts, FORMAT.md. One encoding per IR.
 * The IR comes from `compile` or `decode`; a count or value that its field cannot hold is a RangeError.
 */

import {
  ABI_VERSION,
  AGENT_HAS_EGRESS,
  AGENT_HAS_MODEL_POLICY,
  AGENT_REQUIRE_VERIFIED,
  FORMAT_VERSION,
  MAX_BUNDLE_BYTES,
  NO_PHASE,
  NONE,
  SECTION_COUNT,
  SYSTEM_MISSING_APPLIES,
} from "../../engine/constants.ts";
import { Writer } from "./bytes.ts";
import { writeState } from "./encode-state.ts";
import { hashName } from "./hash.ts";
import type { Automaton, Ir } from "./ir.ts";
import { compareText } from "./order.ts";

const utf8 = new TextEncoder();
const MAGIC = "FPLC";

/** Throws RangeError when the bundle would exceed MAX_BUNDLE_BYTES. */
export function encode(ir: Ir): Uint8Array<ArrayBuffer> {
  const bytes = layOut(ir);
  if (bytes.length > MAX_BUNDLE_BYTES) {
    throw new RangeError(`bundle: ${bytes.length} bytes exceed the limit of ${MAX_BUNDLE_BYTES}`);
  }
  return bytes;
}

/** The bytes whatever their number. */
export function layOut(ir: Ir): Uint8Array<ArrayBuffer> {
  const strings = ir.strings.map((text) => utf8.encode(text));
  const index: number[] = [];
  // In the order of the SECTION_* constants; LISTS, PATHS and PATTERNS fill the index before it is written.
  const sections: ((out: Writer) => void)[] = [
    (out) => writeStrings(out, strings),
    (out) => writeNumbers(out, ir),
    (out) => writeLists(out, ir, index),
    (out) => writePaths(out, ir, index),
    (out) => writeAutomata(out, ir.automata),
    (out) => writeCode(out, ir),
    (out) => writeRules(out, ir),
    (out) => writePatterns(out, ir, index),
    (out) => writeAll(out, index),
    (out) => writeExact(out, ir, strings),
    (out) => writeGlobs(out, ir),
    (out) => writeAgents(out, ir),
    (out) => writeItems(out, ir),
    (out) => writeSystem(out, ir),
    (out) => writeState(out, ir),
    (out) => out.raw(utf8.encode(ir.manifest)),
    (out) => writeDebug(out, ir),
  ];
  const out = new Writer(1 << 16);
  out.raw(utf8.encode(MAGIC));
  out.u16(FORMAT_VERSION);
  out.u16(ABI_VERSION);
  out.u32(0);
  out.u32(SECTION_COUNT);
  const table = out.length;
  for (let entry = 0; entry < SECTION_COUNT * 2; entry++) out.u32(0);
  for (const [section, write] of sections.entries()) {
    const start = out.length;
    write(out);
    out.setU32(table + section * 8, start);
    out.setU32(table + section * 8 + 4, out.length - start);
    out.pad(8);
  }
  out.setU32(8, out.length);
  return out.finish();
}

function writeAll(out: Writer, values: readonly number[]): void {
  for (const value of values) out.u32(value);
}

function orNone(id: number | null): number {
  return id ?? NONE;
}

/** Shared by STRINGS and DEBUG. */
function writeStrings(out: Writer, strings: readonly Uint8Array[]): void {
  out.u32(strings.length);
  let start = 0;
  out.u32(0);
  for (const bytes of strings) {
    start += bytes.length;
    out.u32(start);
  }
  for (const bytes of strings) out.raw(bytes);
}

function writeNumbers(out: Writer, ir: Ir): void {
  for (const number of ir.numbers) {
    out.u64(BigInt(number.digits));
    out.u32(number.exponent);
    out.u32(number.negative ? 1 : 0);
  }
}

function writeSlice(out: Writer, index: number[], ids: readonly number[]): void {
  out.u32(index.length);
  out.u32(ids.length);
  for (const id of ids) index.push(id);
}

function writeLists(out: Writer, ir: Ir, index: number[]): void {
  for (const list of ir.lists) {
    out.u32(list.kind);
    writeSlice(out, index, list.ids);
  }
}

function writePaths(out: Writer, ir: Ir, index: number[]): void {
  for (const path of ir.paths) {
    out.u32(path.root);
    writeSlice(out, index, path.steps);
  }
}

function writeAutomata(out: Writer, automata: readonly Automaton[]): void {
  const section = out.length;
  out.u32(automata.length);
  for (const _ of automata) out.u32(0);
  for (const [id, automaton] of automata.entries()) {
    out.setU32(section + 4 + id * 4, out.length - section);
    out.u32(automaton.states);
    out.u32(automaton.classes);
    out.u32(0);
    out.raw(automaton.classOf);
    out.raw(automaton.flags);
    out.pad(2);
    for (const state of automaton.next) out.u16(state);
    out.pad(4);
  }
}

function writeCode(out: Writer, ir: Ir): void {
  for (const instruction of ir.code) {
    out.u8(instruction.op);
    out.u8(instruction.leftKind);
    out.u8(instruction.rightKind);
    out.u8(0);
    out.u32(instruction.left);
    out.u32(instruction.right);
  }
}

function writeRules(out: Writer, ir: Ir): void {
  for (const rule of ir.rules) {
    out.u8(rule.effect);
    out.u8(0);
    out.u16(rule.phase ?? NO_PHASE);
    out.u32(rule.codeFirst);
    out.u32(rule.codeCount);
    out.u32(orNone(rule.notify));
    out.u32(orNone(rule.agent));
    out.u32(0);
  }
}

function writePatterns(out: Writer, ir: Ir, index: number[]): void {
  for (const pattern of ir.patterns) {
    let selectors = 0n;
    for (const bit of pattern.selectors) selectors |= 1n << BigInt(bit);
    out.u64(selectors);
    let phases = 0;
    for (const bit of pattern.phases) phases |= 1 << bit;
    out.u32(phases);
    writeSlice(out, index, pattern.always);
    writeSlice(out, index, pattern.rules);
    writeSlice(out, index, pattern.redacts);
    writeSlice(out, index, pattern.credentials);
    writeSlice(out, index, pattern.schemas);
    out.u32(0);
    writeSlice(out, index, pattern.meters);
    writeSlice(out, index, pattern.costs);
  }
}

function writeExact(out: Writer, ir: Ir, strings: readonly Uint8Array[]): void {
  let capacity = 4;
  while (capacity < ir.exact.length * 2) capacity *= 2;
  const hashes = new Uint32Array(capacity);
  const entries = new Int32Array(capacity).fill(-1);
  for (const [entry, name] of ir.exact.entries()) {
    const hash = hashName(name.scope, strings[name.string]!);
    let slot = hash & (capacity - 1);
    while (entries[slot] !== -1) slot = (slot + 1) & (capacity - 1);
    hashes[slot] = hash;
    entries[slot] = entry;
  }
  out.u32(capacity);
  out.u32(0);
  for (let slot = 0; slot < capacity; slot++) {
    const name = ir.exact[entries[slot]!];
    out.u32(hashes[slot]!);
    out.u32(name?.scope ?? 0);
    out.u32(name?.string ?? 0);
    out.u32(name?.target ?? NONE);
  }
}

function writeGlobs(out: Writer, ir: Ir): void {
  out.u32(ir.globs.length);
  out.u32(ir.globs.reduce((sum, node) => sum + node.edges.length, 0));
  let edgeFirst = 0;
  for (const node of ir.globs) {
    out.u32(edgeFirst);
    out.u32(node.edges.length);
    out.u32(orNone(node.segmentStar));
    out.u32(orNone(node.anyStar));
    out.u32(orNone(node.pattern));
    out.u32(node.loop);
    edgeFirst += node.edges.length;
  }
  for (const node of ir.globs) {
    for (const edge of node.edges) {
      out.u32(edge.byte);
      out.u32(edge.node);
    }
  }
}

function writeAgents(out: Writer, ir: Ir): void {
  for (const agent of ir.agents) {
    let flags = 0;
    if (agent.requireVerified) flags |= AGENT_REQUIRE_VERIFIED;
    if (agent.hasEgress) flags |= AGENT_HAS_EGRESS;
    if (agent.hasModelPolicy) flags |= AGENT_HAS_MODEL_POLICY;
    out.u32(agent.name);
    out.u32(agent.defaultEffect);
    out.u32(orNone(agent.globRoot));
    out.u32(orNone(agent.anyPattern));
    out.u32(flags);
    out.u32(orNone(agent.methods));
    out.u32(orNone(agent.modelAllow));
    out.u32(orNone(agent.modelDeny));
    out.u32(orNone(agent.egressAllow));
    out.u32(orNone(agent.egressDeny));
    out.u32(agent.phaseFirst);
    out.u32(agent.phaseCount);
    out.u32(agent.selectorFirst);
    out.u32(agent.selectorCount);
    out.u32(orNone(agent.alertPermit));
    out.u32(orNone(agent.alertDeny));
    out.u32(orNone(agent.alertDefer));
    writeAll(out, [0, 0, 0]);
  }
}

function writeItems(out: Writer, ir: Ir): void {
  out.u32(ir.phases.length);
  out.u32(ir.selectors.length);
  out.u32(ir.redacts.length);
  out.u32(ir.credentials.length);
  out.u32(ir.schemas.length);
  out.u32(ir.arguments.length);
  writeAll(out, [0, 0]);
  writeAll(out, ir.phases);
  for (const selector of ir.selectors) {
    writeAll(out, [selector.name, selector.onUnavailable, selector.onTimeout]);
  }
  writeAll(out, ir.redacts);
  for (const credential of ir.credentials) writeAll(out, [credential.name, credential.json]);
  for (const schema of ir.schemas) writeAll(out, [schema.argumentFirst, schema.argumentCount]);
  for (const argument of ir.arguments) {
    writeAll(out, [argument.name, argument.type, argument.required ? 1 : 0, orNone(argument.list)]);
  }
}

function writeSystem(out: Writer, ir: Ir): void {
  const system = ir.system;
  out.u32(orNone(system.globRoot));
  out.u32(orNone(system.anyPattern));
  out.u32(system.utcOffsetMinutes);
  out.u32(system.missingFieldsApply ? SYSTEM_MISSING_APPLIES : 0);
  out.u32(orNone(system.defaultAgent));
  writeAll(out, [0, 0, 0]);
}

function writeDebug(out: Writer, ir: Ir): void {
  const { rules, instructions } = ir.debug;
  const texts = new Set<string>();
  for (const rule of rules) {
    texts.add(rule.identity).add(rule.text);
    if (rule.reason !== null) texts.add(rule.reason);
  }
  for (const instruction of instructions) texts.add(instruction.file).add(instruction.text);
  const sorted = [...texts].sort(compareText);
  const ids = new Map(sorted.map((text, id) => [text, id]));
  writeStrings(
    out,
    sorted.map((text) => utf8.encode(text)),
  );
  out.pad(4);
  for (const rule of rules) {
    out.u32(ids.get(rule.identity)!);
    out.u32(rule.reason === null ? NONE : ids.get(rule.reason)!);
    out.u32(ids.get(rule.text)!);
  }
  for (const instruction of instructions) {
    out.u32(ids.get(instruction.file)!);
    out.u32(instruction.line);
    out.u32(instruction.column);
    out.u32(ids.get(instruction.text)!);
  }
}
