/**
 * Types in conditions (LANGUAGE section 4): order is for numbers, equality for strings, numbers and booleans, `contains` for strings
 * and lists. Where a `tool` schema certainly covers the rule, its arguments are closed and typed.
 */

import { report } from "../diagnostics.ts";
import { compareDecimals } from "../parse/literals.ts";
import type {
  ArgumentSchema,
  Condition,
  Decimal,
  Field,
  History,
  Literal,
  Operand,
  ToolSchema,
} from "../program.ts";
import { didYouMean } from "../suggest.ts";
import { FIELDS } from "./names.ts";
import type { Findings, Type } from "./scope.ts";

/** `condition` of a rule to which all of `schemas` apply. */
export function checkTypes(condition: Condition, schemas: readonly ToolSchema[], findings: Findings): void {
  new TypeChecker(schemas, findings).check(condition);
}

const SCHEMA_TYPES: Record<ArgumentSchema["type"], Type> = {
  string: "string",
  enum: "string",
  integer: "number",
  number: "number",
  money: "number",
  boolean: "boolean",
  list: "list",
  object: "object",
};

const ARTICLES: Record<Type, string> = {
  string: "a text",
  number: "a number",
  boolean: "a boolean",
  list: "a list",
  object: "an object",
  unknown: "unknown",
};

class TypeChecker {
  readonly #schemas: readonly ToolSchema[];
  readonly #findings: Findings;

  constructor(schemas: readonly ToolSchema[], findings: Findings) {
    this.#schemas = schemas;
    this.#findings = findings;
  }

  check(condition: Condition): void {
    switch (condition.kind) {
      case "and":
      case "or":
        for (const term of condition.terms) this.check(term);
        return;
      case "not":
        this.check(condition.term);
        return;
      case "constant":
      case "happened":
        return;
      case "truth": {
        const type = this.#type(condition.operand);
        if (type === "boolean" || type === "unknown") return;
        const values = { operand: show(condition.operand), type: ARTICLES[type] };
        this.#findings.diagnostics.push(report("F209", condition.span, values, "compare it with a value"));
        return;
      }
      case "present":
        this.#type(condition.operand);
        return;
      case "compare":
        this.#compare(condition);
        return;
      case "in":
        this.#in(condition);
        return;
      case "contains":
        this.#contains(condition);
        return;
      case "starts_with":
      case "ends_with":
        this.#needs(condition.kind, condition.left, ["string"], "a text");
        this.#needs(condition.kind, condition.right, ["string"], "a text");
        return;
      case "matches":
      case "under":
      case "glob":
        this.#needs(condition.kind, condition.left, ["string"], "a text");
        return;
      case "any":
        this.#needs("any", condition.list, ["list"], "a list");
        return;
    }
  }

  /** The type of an operand; reports an argument that the schema does not declare. */
  #type(operand: Operand): Type {
    switch (operand.kind) {
      case "literal":
        return operand.literal.kind;
      case "length":
        this.#needs("length", operand.of, ["list", "string"], "a list or a text");
        return "number";
      case "computed":
      case "history":
        return "number";
      case "field":
        return this.#fieldType(operand);
    }
  }

  #fieldType(field: Field): Type {
    const [first, ...rest] = field.path;
    switch (field.root) {
      case "tool":
      case "agent":
      case "model":
        return "string";
      case "selectors":
      case "facet":
        return "unknown";
      case "args":
        return this.#argumentType(field, String(first), rest);
      default: {
        const type = FIELDS[field.root][String(first)] ?? "unknown";
        return rest.length > 0 ? "string" : type;
      }
    }
  }

  #argumentType(field: Field, name: string, rest: (string | number)[]): Type {
    let type: Type = "unknown";
    for (const schema of this.#schemas) {
      if (schema.arguments === null) continue;
      const declared = schema.arguments.find((argument) => argument.name === name);
      if (declared === undefined) {
        const names = schema.arguments.map((argument) => argument.name);
        const list =
          names.length === 0
            ? "it declares none"
            : `it declares ${names.map((text) => `\`${text}\``).join(", ")}`;
        const values = { name, tool: schema.pattern };
        this.#findings.diagnostics.push(report("F110", field.span, values, didYouMean(name, names, list)));
        return "unknown";
      }
      type = SCHEMA_TYPES[declared.type];
    }
    if (rest.length === 0 || type === "unknown") return type;
    const fits = typeof rest[0] === "number" ? type === "list" : type === "object";
    if (!fits) {
      const help = `\`args.${name}\` is ${ARTICLES[type]}`;
      this.#findings.diagnostics.push(report("F104", field.span, { name: `args.${name}` }, help));
    }
    return "unknown";
  }

  #needs(op: string, operand: Operand, allowed: readonly Type[], needs: string): void {
    const type = this.#type(operand);
    if (type === "unknown" || allowed.includes(type)) return;
    const values = { op, needs, operand: show(operand), type: ARTICLES[type] };
    this.#findings.diagnostics.push(report("F201", operand.span, values));
  }

  #compare(condition: Condition & { kind: "compare" }): void {
    condition.left = this.#measured(condition.left, condition.right);
    condition.right = this.#measured(condition.right, condition.left);
    const { op, left, right } = condition;
    if (!this.#canStandBeside(left, right) || !this.#canStandBeside(right, left)) return;
    const leftType = this.#type(left);
    const rightType = this.#type(right);
    if (leftType !== "unknown" && rightType !== "unknown" && leftType !== rightType) {
      const values = { left: showTyped(left, leftType), right: showTyped(right, rightType) };
      this.#findings.diagnostics.push(report("F202", condition.span, values));
      return;
    }
    const isOrder = op !== "==" && op !== "!=";
    for (const [operand, type] of [
      [left, leftType],
      [right, rightType],
    ] as const) {
      const allowed = isOrder ? type === "number" : type !== "list" && type !== "object";
      if (allowed || type === "unknown") continue;
      const needs = isOrder ? "numbers" : "texts, numbers or booleans";
      const values = { op, needs, operand: show(operand), type: ARTICLES[type] };
      this.#findings.diagnostics.push(report("F201", operand.span, values));
      return;
    }
    if (left.kind === "literal" && right.kind === "literal") {
      const value = String(constant(op, left.literal, right.literal));
      this.#findings.diagnostics.push(report("F217", condition.span, { value }));
    } else {
      this.#enumeration(left, [right]);
      this.#enumeration(right, [left]);
    }
  }

  /**
   * What is certainly a list stands for its length beside a number. What only turns out to be one when a call comes is a wrong
   * type there: else `amount <= 500` would permit `"amount": [1000000]`.
   */
  #measured(operand: Operand, other: Operand): Operand {
    if (operand.kind !== "field" || this.#quietType(operand) !== "list") return operand;
    const isNumber =
      other.kind === "length" ||
      other.kind === "computed" ||
      (other.kind === "literal" && other.literal.kind === "number");
    return isNumber ? { kind: "length", of: operand, span: operand.span } : operand;
  }

  /** A value of the history is compared with a literal, a field or a number that the core knows. */
  #canStandBeside(operand: Operand, other: Operand | null): boolean {
    const isBeside = other !== null && other.kind !== "history" && other.kind !== "length";
    if (operand.kind !== "history" || isBeside) return true;
    this.#findings.diagnostics.push(report("F221", operand.span, { operand: show(operand) }));
    return false;
  }

  #in(condition: Condition & { kind: "in" }): void {
    if (!this.#canStandBeside(condition.left, null)) return;
    const type = this.#type(condition.left);
    const items = condition.list[0]!.kind;
    if (type !== "unknown" && type !== items) {
      const values = { left: showTyped(condition.left, type), right: `a list of ${items}s` };
      this.#findings.diagnostics.push(report("F202", condition.span, values));
      return;
    }
    const { span } = condition;
    this.#enumeration(
      condition.left,
      condition.list.map((literal) => ({ kind: "literal", literal, span })),
    );
  }

  #contains(condition: { left: Operand; right: Operand }): void {
    const { left, right } = condition;
    if (!this.#canStandBeside(right, null)) return;
    this.#needs("contains", left, ["string", "list"], "a text or a list on its left");
    const [leftType, rightType] = [this.#quietType(left), this.#quietType(right)];
    this.#type(right);
    if (leftType === "string" && rightType !== "string" && rightType !== "unknown") {
      const values = {
        op: "contains",
        needs: "a text on its right",
        operand: show(right),
        type: ARTICLES[rightType],
      };
      this.#findings.diagnostics.push(report("F201", right.span, values));
    }
    if (rightType === "list" || rightType === "object") {
      const values = {
        op: "contains",
        needs: "a single value on its right",
        operand: show(right),
        type: ARTICLES[rightType],
      };
      this.#findings.diagnostics.push(report("F201", right.span, values));
    }
  }

  /** The type without reporting twice. */
  #quietType(operand: Operand): Type {
    const silent = new TypeChecker(this.#schemas, { diagnostics: [], unenforced: [] });
    return silent.#type(operand);
  }

  /** Texts compared with an `enum` argument must be among its values. */
  #enumeration(of: Operand, others: readonly Operand[]): void {
    if (of.kind !== "field" || of.root !== "args" || of.path.length !== 1) return;
    for (const schema of this.#schemas) {
      const declared = schema.arguments?.find((argument) => argument.name === of.path[0]);
      if (declared?.type !== "enum") continue;
      for (const other of others) {
        if (other.kind !== "literal" || other.literal.kind !== "string") continue;
        const { value } = other.literal;
        if (declared.values.includes(value)) continue;
        const list = `values are ${declared.values.map((text) => `\`${text}\``).join(", ")}`;
        const help = didYouMean(value, declared.values, list);
        this.#findings.diagnostics.push(report("F219", other.span, { name: declared.name, value }, help));
      }
    }
  }
}

const HISTORY_NAMES: Record<History["function"], string> = {
  count: "session.count",
  sum: "session.sum",
  denies: "deny_count_within",
  contains: "history.contains",
  sequence: "history.sequence",
};

/** How an operand reads in a message. */
function show(operand: Operand): string {
  switch (operand.kind) {
    case "literal":
      return operand.literal.kind === "string" ? `\`"${operand.literal.value}"\`` : "this";
    case "length":
      return `the length of ${show(operand.of)}`;
    case "computed":
      return `\`${operand.name}\``;
    case "history":
      return `\`${HISTORY_NAMES[operand.history.function]}\``;
    case "field":
      return `\`${[operand.root === "facet" ? "http" : operand.root, ...operand.path].join(".")}\``;
  }
}

function showTyped(operand: Operand, type: Type): string {
  if (operand.kind !== "literal") return `${show(operand)}, which is ${ARTICLES[type]},`;
  return `${ARTICLES[type]}${operand.literal.kind === "string" ? ` (${show(operand)})` : ""}`;
}

function constant(op: string, left: Literal, right: Literal): boolean {
  if (left.kind !== "number" || right.kind !== "number")
    return (left.value === right.value) === (op === "==");
  const order = compareDecimals(left.value as Decimal, right.value as Decimal);
  switch (op) {
    case "==":
      return order === 0;
    case "!=":
      return order !== 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    default:
      return order >= 0;
  }
}
