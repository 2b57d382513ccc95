/**
 * Conditions to postfix code with forward skips. A group is cut short where the rest cannot change it:
 * FALSE AND x = FALSE and TRUE OR x = TRUE; an unknown is never cut short.
 */

import {
  COMPUTED_DELEGATION_DEPTH,
  COMPUTED_SESSION_AGE,
  COMPUTED_SESSION_CALLS,
  COMPUTED_SESSION_COST,
  MAX_STACK,
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
  OPERAND_NONE,
  OPERAND_NUMBER,
  OPERAND_PATH,
  OPERAND_STRING,
  OPERAND_TARGET,
  ROOT_AGENT,
  ROOT_ARGS,
  ROOT_DELEGATION,
  ROOT_FACET,
  ROOT_HTTP,
  ROOT_MODEL,
  ROOT_PRINCIPAL,
  ROOT_SELECTORS,
  ROOT_SESSION,
  ROOT_TIME,
  ROOT_TOOL,
} from "../../engine/constants.ts";
import type {
  Comparison,
  Computed,
  Condition,
  Field,
  History,
  Operand,
  Root,
  Span,
} from "../../fpl-grammar/program.ts";
import type { Instruction } from "../format/ir.ts";
import { globAutomaton, searchAutomaton } from "./automata.ts";
import type { Build } from "./build.ts";
import { fold } from "./fold.ts";
import type { Meters } from "./meters.ts";
import { lowerHistory } from "./state.ts";

const ROOTS: Record<Root, number> = {
  args: ROOT_ARGS,
  tool: ROOT_TOOL,
  agent: ROOT_AGENT,
  model: ROOT_MODEL,
  principal: ROOT_PRINCIPAL,
  session: ROOT_SESSION,
  selectors: ROOT_SELECTORS,
  http: ROOT_HTTP,
  facet: ROOT_FACET,
  time: ROOT_TIME,
  delegation: ROOT_DELEGATION,
};

const COMPUTED: Record<Computed, number> = {
  "session.calls": COMPUTED_SESSION_CALLS,
  "session.cost": COMPUTED_SESSION_COST,
  "session.age": COMPUTED_SESSION_AGE,
  "delegation.depth": COMPUTED_DELEGATION_DEPTH,
};

const COMPARISONS: Record<Comparison, number> = {
  "==": OP_EQ,
  "!=": OP_NE,
  "<": OP_LT,
  "<=": OP_LE,
  ">": OP_GT,
  ">=": OP_GE,
};

const TEXT_OPS = { contains: OP_CONTAINS, starts_with: OP_STARTS_WITH, ends_with: OP_ENDS_WITH };

interface Value {
  kind: number;
  value: number;
}

const NO_VALUE: Value = { kind: OPERAND_NONE, value: 0 };

/**
 * Appends the code of a condition; adds nothing for one that is always true.
 * `meters`: of the rule's owner; null where nothing is remembered.
 */
export function lowerCondition(build: Build, condition: Condition, meters: Meters | null): void {
  const folded = fold(condition);
  if (folded.kind === "constant" && folded.value) return;
  const depth = new Lowering(build, meters).lower(folded);
  if (depth > MAX_STACK) {
    build.error(
      "F910",
      `this condition is nested too deep: it needs ${depth} values at once, the limit is ${MAX_STACK}`,
      "write it with fewer nested groups, or as several rules",
      condition.span,
    );
  }
}

class Lowering {
  private readonly build: Build;
  private readonly meters: Meters | null;
  private readonly start: number;

  constructor(build: Build, meters: Meters | null) {
    this.build = build;
    this.meters = meters;
    this.start = build.code.length;
  }

  /** The greatest number of values on the stack while it runs. */
  lower(condition: Condition): number {
    switch (condition.kind) {
      case "and":
      case "or":
        return this.group(condition);
      case "not": {
        const depth = this.lower(condition.term);
        this.emit(OP_NOT, NO_VALUE, NO_VALUE, condition.span);
        return depth;
      }
      default:
        this.test(condition);
        return 1;
    }
  }

  private group(condition: Condition & { kind: "and" | "or" }): number {
    const isAnd = condition.kind === "and";
    const skips: Instruction[] = [];
    let depth = 0;
    for (const [position, term] of condition.terms.entries()) {
      if (position === 0) {
        depth = this.lower(term);
        continue;
      }
      const target = { kind: OPERAND_TARGET, value: 0 };
      skips.push(this.emit(isAnd ? OP_SKIP_IF_FALSE : OP_SKIP_IF_TRUE, target, NO_VALUE, condition.span));
      depth = Math.max(depth, 1 + this.lower(term));
      this.emit(isAnd ? OP_AND : OP_OR, NO_VALUE, NO_VALUE, condition.span);
    }
    for (const skip of skips) skip.left = this.build.code.length - this.start;
    return depth;
  }

  private test(condition: Exclude<Condition, { kind: "and" | "or" | "not" }>): void {
    const { span } = condition;
    switch (condition.kind) {
      case "constant":
        this.emit(OP_CONSTANT, { kind: OPERAND_BOOLEAN, value: Number(condition.value) }, NO_VALUE, span);
        return;
      case "truth":
        this.emit(OP_TRUTH, this.field(condition.operand), NO_VALUE, span);
        return;
      case "present":
        this.emit(OP_PRESENT, this.field(condition.operand), NO_VALUE, span);
        return;
      case "happened":
        this.emit(OP_HAPPENED, this.history(condition.history, span), NO_VALUE, span);
        return;
      case "compare": {
        const op = COMPARISONS[condition.op];
        this.emit(op, this.operand(condition.left), this.operand(condition.right), span);
        return;
      }
      case "in": {
        const list = { kind: OPERAND_LIST, value: this.build.literalList(condition.list) };
        this.emit(OP_IN, this.operand(condition.left), list, span);
        return;
      }
      case "contains":
      case "starts_with":
      case "ends_with": {
        const op = TEXT_OPS[condition.kind];
        this.emit(op, this.operand(condition.left), this.operand(condition.right), span);
        return;
      }
      case "matches": {
        const automaton = searchAutomaton(this.build, condition.pattern, condition.patternSpan);
        this.emit(OP_MATCHES, this.operand(condition.left), automatonValue(automaton), span);
        return;
      }
      case "glob": {
        const automaton = globAutomaton(this.build, condition.globs, condition.dialect, span);
        this.emit(OP_MATCHES, this.operand(condition.left), automatonValue(automaton), span);
        return;
      }
      case "any": {
        const automaton = searchAutomaton(this.build, condition.pattern, condition.patternSpan);
        this.emit(OP_ANY_MATCHES, this.field(condition.list), automatonValue(automaton), span);
        return;
      }
      case "under": {
        const directory = normalizeDirectory(this.build, condition.directory, span);
        const value = { kind: OPERAND_STRING, value: this.build.string(directory) };
        this.emit(OP_UNDER, this.operand(condition.left), value, span);
        return;
      }
    }
  }

  private field(field: Field): Value {
    return { kind: OPERAND_PATH, value: this.build.path(ROOTS[field.root], field.path) };
  }

  private operand(operand: Operand): Value {
    if (operand.kind === "field") return this.field(operand);
    if (operand.kind === "length") return { kind: OPERAND_LENGTH, value: this.field(operand.of).value };
    if (operand.kind === "computed") return { kind: OPERAND_COMPUTED, value: COMPUTED[operand.name] };
    if (operand.kind === "history") return this.history(operand.history, operand.span);
    const { literal } = operand;
    switch (literal.kind) {
      case "string":
        return { kind: OPERAND_STRING, value: this.build.string(literal.value) };
      case "number":
        return { kind: OPERAND_NUMBER, value: this.build.number(literal.value) };
      case "boolean":
        return { kind: OPERAND_BOOLEAN, value: Number(literal.value) };
    }
  }

  private history(history: History, span: Span): Value {
    if (this.meters !== null) {
      return { kind: OPERAND_METER, value: lowerHistory(this.meters, history, span) };
    }
    this.build.error(
      "F916",
      "a delegation's scope cannot ask for history",
      "move this condition into the rules of the delegate or of the grantor",
      span,
    );
    return { kind: OPERAND_METER, value: 0 };
  }

  private emit(op: number, left: Value, right: Value, span: Span): Instruction {
    const instruction: Instruction = {
      op,
      leftKind: left.kind,
      left: left.value,
      rightKind: right.kind,
      right: right.value,
    };
    this.build.code.push(instruction);
    this.build.debugInstructions.push({
      file: span.file,
      line: span.line,
      column: span.column,
      text: this.build.sourceOf(span),
    });
    return instruction;
  }
}

/** After a diagnostic there is no automaton, and no bundle that the id would reach. */
function automatonValue(id: number | null): Value {
  return { kind: OPERAND_DFA, value: id ?? 0 };
}

/** Removes empty, `.` and `..` segments, as OP_UNDER does with the text it judges. */
function normalizeDirectory(build: Build, directory: string, span: Span): string {
  if (!directory.startsWith("/") || directory.includes("\0")) {
    build.error(
      "F908",
      `\`${directory}\` is not an absolute directory`,
      "`under` wants a path that starts with `/`",
      span,
    );
    return "/";
  }
  const kept: string[] = [];
  for (const segment of directory.split("/")) {
    if (segment === "..") kept.pop();
    else if (segment !== "" && segment !== ".") kept.push(segment);
  }
  return `/${kept.join("/")}`;
}
