/** CODE and RULES. */

import {
  COMPUTED_COUNT,
  EFFECT_PERMIT,
  FAMILY_HISTORY,
  MAX_RULES,
  MAX_STACK,
  METER_LAST,
  METER_SEQUENCE,
  METER_SLIDING,
  METER_TOTAL,
  NO_PHASE,
  OP_AND,
  OP_ANY_MATCHES,
  OP_CONSTANT,
  OP_EQ,
  OP_GE,
  OP_HAPPENED,
  OP_IN,
  OP_MATCHES,
  OP_NOT,
  OP_OR,
  OP_PRESENT,
  OP_SKIP_IF_FALSE,
  OP_SKIP_IF_TRUE,
  OP_TRUTH,
  OP_UNDER,
  OPERAND_BOOLEAN,
  OPERAND_COMPUTED,
  OPERAND_DFA,
  OPERAND_LENGTH,
  OPERAND_LIST,
  OPERAND_METER,
  OPERAND_NONE,
  OPERAND_NUMBER,
  OPERAND_PATH,
  OPERAND_STRING,
  OPERAND_TARGET,
} from "../../engine/constants.ts";
import type { Instruction, Ir, IrAgent, IrMeter, IrRule } from "./ir.ts";
import { isLaterStep } from "./meters.ts";
import type { Reader } from "./reader.ts";

const CODE_BYTES = 12;
const RULE_BYTES = 24;

/** Of the meters that a condition reads: those with a value, and those that happened or not. */
const VALUE_KINDS: readonly number[] = [METER_TOTAL, METER_SLIDING];
const EVENT_KINDS: readonly number[] = [METER_LAST, METER_SEQUENCE];

const NONE_ONLY = [OPERAND_NONE];
const PATH_ONLY = [OPERAND_PATH];
const METER_ONLY = [OPERAND_METER];
const SCALARS = [
  OPERAND_PATH,
  OPERAND_STRING,
  OPERAND_NUMBER,
  OPERAND_BOOLEAN,
  OPERAND_LENGTH,
  OPERAND_COMPUTED,
];
const COMPARED = [...SCALARS, OPERAND_METER];

/** Operand kinds that an operation takes left and right; null for no operation. */
function operandsOf(op: number): [left: number[], right: number[]] | null {
  if (op === OP_AND || op === OP_OR || op === OP_NOT) return [NONE_ONLY, NONE_ONLY];
  if (isSkip(op)) return [[OPERAND_TARGET], NONE_ONLY];
  if (op === OP_CONSTANT) return [[OPERAND_BOOLEAN], NONE_ONLY];
  if (op === OP_TRUTH || op === OP_PRESENT) return [PATH_ONLY, NONE_ONLY];
  if (op === OP_ANY_MATCHES) return [PATH_ONLY, [OPERAND_DFA]];
  if (op === OP_IN) return [SCALARS, [OPERAND_LIST]];
  if (op === OP_MATCHES) return [SCALARS, [OPERAND_DFA]];
  if (op === OP_HAPPENED) return [METER_ONLY, NONE_ONLY];
  if (op >= OP_EQ && op <= OP_GE) return [COMPARED, COMPARED];
  if (op === OP_UNDER) return [SCALARS, [OPERAND_STRING]];
  return op > OP_GE && op < OP_UNDER ? [SCALARS, SCALARS] : null;
}

function isSkip(op: number): boolean {
  return op === OP_SKIP_IF_FALSE || op === OP_SKIP_IF_TRUE;
}

export function readCode(
  reader: Reader,
  ir: Pick<Ir, "strings" | "numbers" | "lists" | "paths" | "automata" | "meters">,
): Instruction[] {
  const count = reader.entries(CODE_BYTES);
  const limits = new Map([
    [OPERAND_NONE, 1],
    [OPERAND_PATH, ir.paths.length],
    [OPERAND_LENGTH, ir.paths.length],
    [OPERAND_STRING, ir.strings.length],
    [OPERAND_NUMBER, ir.numbers.length],
    [OPERAND_BOOLEAN, 2],
    [OPERAND_LIST, ir.lists.length],
    [OPERAND_DFA, ir.automata.length],
    [OPERAND_TARGET, count + 1],
    [OPERAND_METER, ir.meters.length],
    [OPERAND_COMPUTED, COMPUTED_COUNT],
  ]);
  const code: Instruction[] = [];
  for (let id = 0; id < count; id++) {
    const place = reader.at;
    const op = reader.u8();
    const kinds = operandsOf(op);
    if (kinds === null) return reader.fail("an operation", place);
    const leftKind = reader.u8();
    const rightKind = reader.u8();
    if (!kinds[0].includes(leftKind)) reader.fail("a left operand of the operation", place + 1);
    if (!kinds[1].includes(rightKind)) reader.fail("a right operand of the operation", place + 2);
    reader.zero(1);
    const left = reader.id(limits.get(leftKind)!, "an operand");
    const right = reader.id(limits.get(rightKind)!, "an operand");
    if (op === OP_UNDER && !isDirectory(ir.strings[right]!)) {
      reader.fail("an absolute, normalised directory", place + 8);
    }
    if (leftKind === OPERAND_METER && rightKind === OPERAND_METER) {
      reader.fail("a meter on one side at most", place + 2);
    }
    for (const [kind, id] of [
      [leftKind, left],
      [rightKind, right],
    ]) {
      if (kind === OPERAND_METER) checkMeter(reader, ir.meters, op, id!, place);
    }
    code.push({ op, leftKind, left, rightKind, right });
  }
  return code;
}

/** History alone, in the way that the operation reads it; of a sequence the first row. */
function checkMeter(reader: Reader, meters: readonly IrMeter[], op: number, id: number, place: number): void {
  const meter = meters[id]!;
  const kinds = op === OP_HAPPENED ? EVENT_KINDS : VALUE_KINDS;
  const isRead = meter.family === FAMILY_HISTORY && kinds.includes(meter.kind);
  if (!isRead || isLaterStep(meter, meters[id - 1])) reader.fail("a meter that the operation reads", place);
}

function isDirectory(text: string): boolean {
  if (text === "/") return true;
  const [head, ...segments] = text.split("/");
  return (
    head === "" && !text.includes("\0") && segments.every((segment) => !["", ".", ".."].includes(segment))
  );
}

export function readRules(
  reader: Reader,
  ir: Pick<Ir, "strings" | "code" | "phases" | "meters">,
  agents: readonly IrAgent[],
): IrRule[] {
  const count = reader.entries(RULE_BYTES);
  if (count > MAX_RULES) reader.fail(`at most ${MAX_RULES} rules`);
  const rules: IrRule[] = [];
  let taken = 0;
  let lastRank = 0;
  for (let id = 0; id < count; id++) {
    const place = reader.at;
    const effect = reader.u8();
    if (effect > EFFECT_PERMIT) reader.fail("an effect", place);
    reader.zero(1);
    const phase = reader.u16();
    if (phase !== NO_PHASE && phase >= ir.phases.length) reader.fail("a phase", place + 2);
    const codeFirst = reader.u32();
    if (codeFirst !== taken) reader.fail(`the code to start at ${taken}`, place + 4);
    const codeCount = reader.bounded(ir.code.length - taken, "code within CODE");
    taken += codeCount;
    const code = ir.code.slice(codeFirst, taken);
    checkBalance(reader, code, place);
    const notify = reader.idOrNull(ir.strings.length, "a string");
    const agent = reader.idOrNull(agents.length, "an agent");
    const isKnown = (owner: number | null) => owner === agent || owner === null;
    if (!metersOf(code).every((meter) => isKnown(ir.meters[meter]!.agent))) {
      reader.fail("meters of the rule's owner or of the system", place);
    }
    reader.zero(4);
    const rule = { effect, phase: phase === NO_PHASE ? null : phase, codeFirst, codeCount, notify, agent };
    const rank = rankOf(rule, agents);
    if (rank === null) return reader.fail("a phase of the rule's agent", place + 2);
    if (rank < lastRank) reader.fail("rules in evaluation order", place);
    lastRank = rank;
    rules.push(rule);
  }
  if (taken !== ir.code.length) reader.fail("rules that own all code", reader.start);
  return rules;
}

function metersOf(code: readonly Instruction[]): number[] {
  return code.flatMap(({ leftKind, left, rightKind, right }) => [
    ...(leftKind === OPERAND_METER ? [left] : []),
    ...(rightKind === OPERAND_METER ? [right] : []),
  ]);
}

/** Evaluation order: system, then per agent its own rules, then phase after phase. Null for another agent's phase. */
function rankOf(rule: IrRule, agents: readonly IrAgent[]): number | null {
  if (rule.agent === null) return rule.phase === null ? 0 : null;
  if (rule.phase === null) return 1 + rule.agent * (NO_PHASE + 1);
  const { phaseFirst, phaseCount } = agents[rule.agent]!;
  if (rule.phase < phaseFirst || rule.phase >= phaseFirst + phaseCount) return null;
  return 2 + rule.agent * (NO_PHASE + 1) + rule.phase - phaseFirst;
}

/** One truth value is left by every way, and the stack keeps to its bounds. */
function checkBalance(reader: Reader, code: readonly Instruction[], place: number): void {
  if (code.length === 0) return;
  const depths = new Map<number, number>();
  let depth = 0;
  const meet = (at: number): void => {
    const known = depths.get(at);
    if (known !== undefined && known !== depth) reader.fail("code that leaves one stack by every way", place);
  };
  for (const [at, { op, left }] of code.entries()) {
    meet(at);
    const needed = op === OP_AND || op === OP_OR ? 2 : op === OP_NOT || isSkip(op) ? 1 : 0;
    if (depth < needed) reader.fail("code that takes only what it pushed", place);
    if (needed === 2) depth--;
    else if (needed === 0) depth++;
    if (depth > MAX_STACK) reader.fail(`at most ${MAX_STACK} values on the stack`, place);
    if (!isSkip(op)) continue;
    if (left <= at || left > code.length) reader.fail("skips forward within the rule", place);
    meet(left);
    depths.set(left, depth);
  }
  meet(code.length);
  if (depth !== 1) reader.fail("code that leaves one truth value", place);
}
