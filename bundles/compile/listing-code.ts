/** Instructions and operands as text. */

import {
  LIST_BOOLEANS,
  LIST_STRINGS,
  OP_AND,
  OP_ANY_MATCHES,
  OP_CONSTANT,
  OP_CONTAINS,
  OP_ENDS_WITH,
  OP_EQ,
  OP_GE,
  OP_GT,
  OP_HAPPENED,
  OP_IN,
  OP_LE,
  OP_LT,
  OP_MATCHES,
  OP_NE,
  OP_NOT,
  OP_OR,
  OP_PRESENT,
  OP_SKIP_IF_FALSE,
  OP_SKIP_IF_TRUE,
  OP_STARTS_WITH,
  OP_TRUTH,
  OP_UNDER,
  OPERAND_BOOLEAN,
  OPERAND_COMPUTED,
  OPERAND_DFA,
  OPERAND_LENGTH,
  OPERAND_LIST,
  OPERAND_METER,
  OPERAND_NUMBER,
  OPERAND_PATH,
  OPERAND_STRING,
  OPERAND_TARGET,
  STEP_INDEX,
} from "../../engine/constants.ts";
import type { Instruction, Ir, IrNumber } from "../format/ir.ts";

/** By ROOT_*. */
const ROOT_NAMES = [
  "args",
  "tool",
  "agent",
  "model",
  "principal",
  "session",
  "selectors",
  "http",
  "facet",
  "time",
  "delegation",
];

/** By COMPUTED_*. */
const COMPUTED_NAMES = ["session.calls", "session.cost", "session.age", "delegation.depth"];

/** By OP_*. */
const TEMPLATES: Readonly<Record<number, string>> = {
  [OP_AND]: "and",
  [OP_OR]: "or",
  [OP_NOT]: "not",
  [OP_SKIP_IF_FALSE]: "if false go to {left}",
  [OP_SKIP_IF_TRUE]: "if true go to {left}",
  [OP_CONSTANT]: "{left}",
  [OP_TRUTH]: "{left}",
  [OP_PRESENT]: "present({left})",
  [OP_EQ]: "{left} == {right}",
  [OP_NE]: "{left} != {right}",
  [OP_LT]: "{left} < {right}",
  [OP_LE]: "{left} <= {right}",
  [OP_GT]: "{left} > {right}",
  [OP_GE]: "{left} >= {right}",
  [OP_IN]: "{left} in {right}",
  [OP_CONTAINS]: "{left} contains {right}",
  [OP_STARTS_WITH]: "{left} starts_with {right}",
  [OP_ENDS_WITH]: "{left} ends_with {right}",
  [OP_MATCHES]: "{left} matches {right}",
  [OP_UNDER]: "{left} under {right}",
  [OP_ANY_MATCHES]: "any({left}, matches {right})",
  [OP_HAPPENED]: "{left}",
};

export function printInstruction(ir: Ir, instruction: Instruction): string {
  const { op, leftKind, left, rightKind, right } = instruction;
  return TEMPLATES[op]!.replace(/\{(left|right)\}/g, (_, side: string) =>
    side === "left" ? operand(ir, leftKind, left) : operand(ir, rightKind, right),
  );
}

export function printPath(ir: Ir, id: number): string {
  const { root, steps } = ir.paths[id]!;
  const parts = steps.map((step) => {
    if (step >= STEP_INDEX) return `[${step - STEP_INDEX}]`;
    const key = ir.strings[step]!;
    return /^[A-Za-z][A-Za-z0-9_-]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
  });
  return `${ROOT_NAMES[root]}${parts.join("")}`;
}

function operand(ir: Ir, kind: number, value: number): string {
  switch (kind) {
    case OPERAND_PATH:
      return printPath(ir, value);
    case OPERAND_LENGTH:
      return `length(${printPath(ir, value)})`;
    case OPERAND_STRING:
      return JSON.stringify(ir.strings[value]!);
    case OPERAND_NUMBER:
      return printNumber(ir.numbers[value]!);
    case OPERAND_BOOLEAN:
      return value === 1 ? "true" : "false";
    case OPERAND_LIST:
      return printList(ir, value);
    case OPERAND_DFA:
      return `automaton ${value}`;
    case OPERAND_METER:
      return ir.strings[ir.meters[value]!.name]!;
    case OPERAND_COMPUTED:
      return COMPUTED_NAMES[value]!;
    case OPERAND_TARGET:
      return String(value);
    default:
      return "";
  }
}

function printList(ir: Ir, id: number): string {
  const { kind, ids } = ir.lists[id]!;
  const element =
    kind === LIST_STRINGS ? OPERAND_STRING : kind === LIST_BOOLEANS ? OPERAND_BOOLEAN : OPERAND_NUMBER;
  return `[${ids.map((value) => operand(ir, element, value)).join(", ")}]`;
}

/** Plain decimals where they stay short. */
function printNumber({ negative, digits, exponent }: IrNumber): string {
  const sign = negative ? "-" : "";
  const point = digits.length + exponent;
  if (exponent >= 0 && point <= 21) return sign + digits + "0".repeat(exponent);
  if (exponent < 0 && point > 0) return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
  if (exponent < 0 && point > -6) return `${sign}0.${"0".repeat(-point)}${digits}`;
  return `${sign}${digits}e${exponent}`;
}
