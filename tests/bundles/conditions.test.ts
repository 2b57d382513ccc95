import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compile } from "../../bundles/compile/compile.ts";
import { printListing } from "../../bundles/compile/listing.ts";
import type { Ir, IrRule } from "../../bundles/format/ir.ts";
import {
  FALSE,
  MISSING,
  OP_AND,
  OP_CONSTANT,
  OP_NOT,
  OP_OR,
  OP_SKIP_IF_FALSE,
  OP_SKIP_IF_TRUE,
  OP_TRUTH,
  TRUE,
  WRONG_TYPE,
} from "../../engine/constants.ts";
import type { Condition, Program } from "../../fpl-grammar/program.ts";
import { agent, compare, constant, decimal, field, literal, program, rule, SPAN } from "./programs.ts";

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

function compiled(source: Program): Ir {
  const { ir, diagnostics } = compile(source);
  expect(diagnostics).toEqual([]);
  return ir!;
}

function one(condition: Condition): Ir {
  return compiled(program([agent("a", { rules: [rule("permit", "t", condition)] })]));
}

/** AND: false if either is, else wrong type before missing before true. OR: the maximum. */
function and(left: number, right: number): number {
  for (const value of [FALSE, WRONG_TYPE, MISSING]) if (left === value || right === value) return value;
  return TRUE;
}

function or(left: number, right: number): number {
  return Math.max(left, right);
}

function not(value: number): number {
  return value === TRUE ? FALSE : value === FALSE ? TRUE : value;
}

function meaning(condition: Condition, values: readonly number[]): number {
  switch (condition.kind) {
    case "and":
      return condition.terms.map((term) => meaning(term, values)).reduce(and, TRUE);
    case "or":
      return condition.terms.map((term) => meaning(term, values)).reduce(or, FALSE);
    case "not":
      return not(meaning(condition.term, values));
    case "constant":
      return condition.value ? TRUE : FALSE;
    case "truth":
      return values[Number(condition.operand.path[0])]!;
    default:
      throw new Error(condition.kind);
  }
}

/** The rule's code over truth values of its fields; also which fields it looked at. */
function run(
  ir: Ir,
  { codeFirst, codeCount }: IrRule,
  values: readonly number[],
): { value: number; looked: Set<number> } {
  const stack: number[] = [];
  const looked = new Set<number>();
  for (let at = 0; at < codeCount; at++) {
    const { op, left } = ir.code[codeFirst + at]!;
    if (op === OP_AND || op === OP_OR) {
      const [right, first] = [stack.pop()!, stack.pop()!];
      stack.push(op === OP_AND ? and(first, right) : or(first, right));
    } else if (op === OP_NOT) stack.push(not(stack.pop()!));
    else if (op === OP_CONSTANT) stack.push(left === 1 ? TRUE : FALSE);
    else if (op === OP_SKIP_IF_FALSE || op === OP_SKIP_IF_TRUE) {
      if (stack.at(-1) === (op === OP_SKIP_IF_FALSE ? FALSE : TRUE)) at = left - 1;
    } else {
      expect(op).toBe(OP_TRUTH);
      const name = Number(ir.strings[ir.paths[left]!.steps[0]!]);
      looked.add(name);
      stack.push(values[name]!);
    }
  }
  expect(stack.length).toBe(codeCount === 0 ? 0 : 1);
  return { value: stack[0] ?? TRUE, looked };
}

const FIELDS = 5;
const conditions = fc.letrec<{ node: Condition }>((tie) => ({
  node: fc.oneof(
    { depthSize: "medium" },
    fc
      .nat(FIELDS - 1)
      .map((name): Condition => ({ kind: "truth", operand: field("args", String(name)), span: SPAN })),
    fc.boolean().map((value): Condition => ({ kind: "constant", value, span: SPAN })),
    tie("node").map((term): Condition => ({ kind: "not", term, span: SPAN })),
    fc
      .tuple(fc.constantFrom("and" as const, "or" as const), fc.array(tie("node"), { maxLength: 4 }))
      .map(([kind, terms]): Condition => ({ kind, terms, span: SPAN })),
  ),
})).node;
const values = fc.array(fc.constantFrom(FALSE, MISSING, WRONG_TYPE, TRUE), {
  minLength: FIELDS,
  maxLength: FIELDS,
});

describe("conditions", () => {
  test(`code means what the condition means, seed ${SEED}`, () => {
    fc.assert(
      fc.property(conditions, values, (condition, truths) => {
        const ir = one(condition);
        expect(run(ir, ir.rules[0]!, truths).value).toBe(meaning(condition, truths));
      }),
      { seed: SEED, numRuns: 1500 },
    );
  });

  const term = (name: number): Condition => ({
    kind: "truth",
    operand: field("args", String(name)),
    span: SPAN,
  });
  test.each([
    ["and", FALSE, 1],
    ["and", MISSING, 2],
    ["and", WRONG_TYPE, 2],
    ["and", TRUE, 2],
    ["or", TRUE, 1],
    ["or", MISSING, 2],
    ["or", WRONG_TYPE, 2],
    ["or", FALSE, 2],
  ] as const)("%s whose first term is %i looks at %i fields", (kind, first, looked) => {
    const ir = one({ kind, terms: [term(0), term(1)], span: SPAN });
    expect(run(ir, ir.rules[0]!, [first, TRUE]).looked.size).toBe(looked);
  });

  test.each<[string, Condition, boolean]>([
    ["500 > 20", compare(constant(decimal("500")), ">", constant(decimal("20"))), true],
    ["0.1 >= 0.10", compare(constant(decimal("0.1")), ">=", constant(decimal("0.10"))), true],
    ["-1 < -2", compare(constant(decimal("-1")), "<", constant(decimal("-2"))), false],
    ['"a" == "a"', compare(constant("a"), "==", constant("a")), true],
    ["true != true", compare(constant(true), "!=", constant(true)), false],
    ['"a" in ["b"]', { kind: "in", left: constant("a"), list: [literal("b")], span: SPAN }, false],
  ])("%s is folded", (_, condition, value) => {
    const ir = one(condition);
    expect(ir.rules[0]!.codeCount).toBe(value ? 0 : 1);
  });

  test("a comparison of two kinds is left to run time, where it is a wrong type", () => {
    expect(one(compare(constant("501"), ">", constant(decimal("500")))).rules[0]!.codeCount).toBe(1);
  });

  test("a constant on the left changes sides", () => {
    const listing = printListing(one(compare(constant(decimal("500")), "<", field("args", "amount"))));
    expect(listing).toContain("args.amount > 500");
  });

  test.each([
    ["/", "/"],
    ["//a//b/", "/a/b"],
    ["/a/./b/../c", "/a/c"],
    ["/../../a", "/a"],
  ])("the directory %s is %s", (directory, normalized) => {
    const ir = one({ kind: "under", left: field("args", "path"), directory, span: SPAN });
    expect(ir.strings[ir.code[0]!.right]).toBe(normalized);
  });
});
