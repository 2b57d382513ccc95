/** The truth value of a condition (LANGUAGE section 4; engine/constants.ts, OP_*). */
import type {
  Comparison,
  Computed,
  Condition,
  Field,
  History,
  Literal,
  Operand,
} from "../../fpl-grammar/program.ts";
import { compare as compareExact, type Exact, equal, exactOf, normalise } from "./decimal.ts";
import type { Json } from "./json.ts";
import { globMatches } from "./names.ts";
import { isUnder } from "./paths.ts";
import { patternFound } from "./patterns.ts";
import { and, not, or, type Truth, truth } from "./truth.ts";

/** What a condition can see. Nothing: `undefined`. */
export interface Sight {
  /** The value at a root. */
  field(root: Field["root"]): Json | undefined;
  computed(name: Computed): Exact | undefined;
  /** Of `contains` and `sequence` whether it happened; of others the value, as exactly as it is known. */
  history(history: History): boolean | { least: Exact; greatest: Exact } | undefined;
}

/** A value as conditions see it. `null` and what is not there are `undefined`. */
type Value =
  | { kind: "string"; value: string }
  | { kind: "number"; value: Exact }
  | { kind: "boolean"; value: boolean }
  /** A number of which only the bounds are known. */
  | { kind: "interval"; least: Exact; greatest: Exact }
  | { kind: "list"; items: Json[] }
  | { kind: "object" };

export function evaluate(condition: Condition, sight: Sight): Truth {
  switch (condition.kind) {
    case "and":
      return and(condition.terms.map((term) => evaluate(term, sight)));
    case "or":
      return or(condition.terms.map((term) => evaluate(term, sight)));
    case "not":
      return not(evaluate(condition.term, sight));
    case "constant":
      return truth(condition.value);
    case "truth":
      return ofKind(fieldValue(condition.operand, sight), "boolean", (value) => truth(value));
    case "present":
      return truth(fieldValue(condition.operand, sight) !== undefined);
    case "happened": {
      const value = sight.history(condition.history);
      return value === undefined ? "missing" : truth(value === true);
    }
    case "compare":
      return compare(condition.op, operandValue(condition.left, sight), operandValue(condition.right, sight));
    case "in":
      return isIn(operandValue(condition.left, sight), condition.list);
    case "contains":
      return contains(operandValue(condition.left, sight), operandValue(condition.right, sight));
    case "starts_with":
    case "ends_with":
      return affix(condition.kind, operandValue(condition.left, sight), operandValue(condition.right, sight));
    case "any":
      return anyMatches(fieldValue(condition.list, sight), condition.pattern);
    default: {
      const test = textTest(condition);
      return ofKind(operandValue(condition.left, sight), "string", test);
    }
  }
}

function textTest(
  condition: Extract<Condition, { kind: "matches" | "glob" | "under" }>,
): (text: string) => Truth {
  if (condition.kind === "matches") return (text) => truth(patternFound(condition.pattern, text));
  if (condition.kind === "glob") {
    return (text) => truth(condition.globs.some((glob) => globMatches(glob, text, condition.dialect)));
  }
  return (text) => {
    const under = isUnder(text, condition.directory);
    return under === null ? "wrong type" : truth(under);
  };
}

/** A test of a value that must be of one kind. */
function ofKind<K extends "string" | "boolean">(
  value: Value | undefined,
  kind: K,
  test: (value: K extends "string" ? string : boolean) => Truth,
): Truth {
  if (value === undefined) return "missing";
  if (value.kind !== kind || !("value" in value)) return "wrong type";
  return test(value.value as K extends "string" ? string : boolean);
}

export function conditionValue(json: Json | undefined): Value | undefined {
  if (json === undefined || json.kind === "null") return undefined;
  if (json.kind === "number") return { kind: "number", value: exactOf(json.text) };
  if (json.kind === "object") return { kind: "object" };
  return json;
}

function literalValue(literal: Literal): Value {
  if (literal.kind !== "number") return literal;
  const { negative, digits, exponent } = literal.value;
  return { kind: "number", value: normalise(BigInt(negative ? `-${digits}` : digits), BigInt(exponent)) };
}

export function at(json: Json | undefined, path: (string | number)[]): Json | undefined {
  let here = json;
  for (const step of path) {
    if (typeof step === "string") here = here?.kind === "object" ? here.entries.get(step) : undefined;
    else here = here?.kind === "list" ? here.items[step] : undefined;
  }
  return here;
}

const fieldValue = (field: Field, sight: Sight): Value | undefined =>
  conditionValue(at(sight.field(field.root), field.path));

function operandValue(operand: Operand, sight: Sight): Value | undefined {
  if (operand.kind === "literal") return literalValue(operand.literal);
  if (operand.kind === "field") return fieldValue(operand, sight);
  if (operand.kind === "computed") {
    const value = sight.computed(operand.name);
    return value === undefined ? undefined : { kind: "number", value };
  }
  if (operand.kind === "history") {
    const value = sight.history(operand.history);
    if (value === undefined || typeof value === "boolean") return undefined;
    if (equal(value.least, value.greatest)) return { kind: "number", value: value.least };
    return { kind: "interval", ...value };
  }
  const value = fieldValue(operand.of, sight);
  if (value === undefined) return undefined;
  if (value.kind === "list") return count(value.items.length);
  if (value.kind === "string") return count([...value.value].length);
  return { kind: "object" };
}

const count = (length: number): Value => ({ kind: "number", value: normalise(BigInt(length), 0n) });

function compare(op: Comparison, a: Value | undefined, b: Value | undefined): Truth {
  if (a === undefined || b === undefined) return "missing";
  if (a.kind === "interval") return compareInterval(op, a, b);
  if (b.kind === "interval") return compareInterval(MIRRORED[op], b, a);
  if (op === "==") return equals(a, b);
  if (op === "!=") return not(equals(a, b));
  if (a.kind !== "number" || b.kind !== "number") return "wrong type";
  const order = compareExact(a.value, b.value);
  return truth({ "<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0 }[op]);
}

const MIRRORED: Record<Comparison, Comparison> = {
  "==": "==",
  "!=": "!=",
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
};

/** What every number within the bounds answers; where they differ, a wrong type. */
function compareInterval(
  op: Comparison,
  { least, greatest }: Extract<Value, { kind: "interval" }>,
  other: Value,
): Truth {
  if (other.kind !== "number") return "wrong type";
  const isBetween = compareExact(least, other.value) < 0 && compareExact(other.value, greatest) < 0;
  if (isBetween) return "wrong type";
  const [low, high] = [least, greatest].map((value) => compare(op, { kind: "number", value }, other));
  return low === high ? low! : "wrong type";
}

function equals(a: Value | undefined, b: Value | undefined): Truth {
  if (a === undefined || b === undefined) return "missing";
  if (a.kind === "string" && b.kind === "string") return truth(a.value === b.value);
  if (a.kind === "number" && b.kind === "number") return truth(equal(a.value, b.value));
  if (a.kind === "boolean" && b.kind === "boolean") return truth(a.value === b.value);
  return "wrong type";
}

function isIn(left: Value | undefined, list: Literal[]): Truth {
  return or(list.map((literal) => equals(left, literalValue(literal))));
}

function contains(left: Value | undefined, right: Value | undefined): Truth {
  if (left === undefined || right === undefined) return "missing";
  if (left.kind === "string") {
    return right.kind === "string" ? truth(left.value.includes(right.value)) : "wrong type";
  }
  if (left.kind !== "list" || right.kind === "list" || right.kind === "object") return "wrong type";
  return or(left.items.map((item) => equals(conditionValue(item), right)));
}

function affix(kind: "starts_with" | "ends_with", left: Value | undefined, right: Value | undefined): Truth {
  if (left === undefined || right === undefined) return "missing";
  if (left.kind !== "string" || right.kind !== "string") return "wrong type";
  return truth(
    kind === "starts_with" ? left.value.startsWith(right.value) : left.value.endsWith(right.value),
  );
}

function anyMatches(list: Value | undefined, pattern: string): Truth {
  if (list === undefined) return "missing";
  if (list.kind !== "list") return "wrong type";
  return or(
    list.items.map((item) =>
      item.kind === "string" ? truth(patternFound(pattern, item.value)) : "wrong type",
    ),
  );
}
