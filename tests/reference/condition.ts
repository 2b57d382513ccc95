/** The truth value of a condition (LANGUAGE section 4; engine/constants.ts, OP_*). */
import type { Comparison, Condition, Field, Literal, Operand } from "../../fpl-grammar/program.ts";
import { compare as compareExact, type Exact, equal, exactOf, normalise } from "./decimal.ts";
import type { Json } from "./json.ts";
import { globMatches } from "./names.ts";
import { isUnder } from "./paths.ts";
import { patternFound } from "./patterns.ts";
import { and, not, or, type Truth, truth } from "./truth.ts";

/** What a condition can see: the value at a root, or nothing. */
export type Lookup = (root: Field["root"]) => Json | undefined;

/** A value as conditions see it. `null` and what is not there are `undefined`. */
type Value =
  | { kind: "string"; value: string }
  | { kind: "number"; value: Exact }
  | { kind: "boolean"; value: boolean }
  | { kind: "list"; items: Json[] }
  | { kind: "object" };

export function evaluate(condition: Condition, lookup: Lookup): Truth {
  switch (condition.kind) {
    case "and":
      return and(condition.terms.map((term) => evaluate(term, lookup)));
    case "or":
      return or(condition.terms.map((term) => evaluate(term, lookup)));
    case "not":
      return not(evaluate(condition.term, lookup));
    case "constant":
      return truth(condition.value);
    case "truth":
      return ofKind(fieldValue(condition.operand, lookup), "boolean", (value) => truth(value));
    case "present":
      return truth(fieldValue(condition.operand, lookup) !== undefined);
    case "compare":
      return compare(
        condition.op,
        operandValue(condition.left, lookup),
        operandValue(condition.right, lookup),
      );
    case "in":
      return isIn(operandValue(condition.left, lookup), condition.list);
    case "contains":
      return contains(operandValue(condition.left, lookup), operandValue(condition.right, lookup));
    case "starts_with":
    case "ends_with":
      return affix(
        condition.kind,
        operandValue(condition.left, lookup),
        operandValue(condition.right, lookup),
      );
    case "any":
      return anyMatches(fieldValue(condition.list, lookup), condition.pattern);
    default: {
      const test = textTest(condition);
      return ofKind(operandValue(condition.left, lookup), "string", test);
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

const fieldValue = (field: Field, lookup: Lookup): Value | undefined =>
  conditionValue(at(lookup(field.root), field.path));

function operandValue(operand: Operand, lookup: Lookup): Value | undefined {
  if (operand.kind === "literal") return literalValue(operand.literal);
  if (operand.kind === "field") return fieldValue(operand, lookup);
  const value = fieldValue(operand.of, lookup);
  if (value === undefined) return undefined;
  if (value.kind === "list") return count(value.items.length);
  if (value.kind === "string") return count([...value.value].length);
  return { kind: "object" };
}

const count = (length: number): Value => ({ kind: "number", value: normalise(BigInt(length), 0n) });

function compare(op: Comparison, a: Value | undefined, b: Value | undefined): Truth {
  if (a === undefined || b === undefined) return "missing";
  if (op === "==") return equals(a, b);
  if (op === "!=") return not(equals(a, b));
  if (a.kind !== "number" || b.kind !== "number") return "wrong type";
  const order = compareExact(a.value, b.value);
  return truth({ "<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0 }[op]);
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
