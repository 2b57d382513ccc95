/**
 * What the stages of one compilation share: pools of interned values, the tables as they grow, the findings.
 * Ids of strings, numbers, lists and paths are in order of first use here; `finish` puts them in the order of the format.
 */

import { LIST_BOOLEANS, LIST_NUMBERS, LIST_STRINGS, STEP_INDEX } from "../../engine/constants.ts";
import type {
  AgentPolicy,
  Decimal,
  Delegate,
  Diagnostic,
  Literal,
  Program,
  Span,
} from "../../fpl-grammar/program.ts";
import type {
  Automaton,
  ExactName,
  GlobNode,
  Instruction,
  InstructionDebug,
  IrAgent,
  IrArgument,
  IrCost,
  IrCredential,
  IrList,
  IrMeter,
  IrNumber,
  IrPath,
  IrPattern,
  IrRule,
  IrSchema,
  IrSelector,
  IrTransition,
  RuleDebug,
} from "../format/ir.ts";
import { compareText } from "../format/order.ts";
import { delegationPolicy } from "./delegates.ts";
import type { CompilerCode } from "./diagnostics.ts";
import { Pool } from "./pool.ts";

/** Indexes of list elements are below 2^31; no list of an accepted input is as long. */
const MAX_LIST_INDEX = STEP_INDEX - 1;

/** UTF-16 units of source kept for people in debug entries. */
const MAX_SOURCE_LENGTH = 500;
/** Steps for all patterns of one program: some tens of seconds at the worst, whatever the program. */
const MAX_TOTAL_STEPS = 2 ** 30;

/** A row of AGENTS: an agent, or a `delegate` block of one. */
export interface Row {
  policy: AgentPolicy;
  delegate: Delegate | null;
  /** For diagnostics. */
  title: string;
}

/** Cut at a code point. */
export function shorten(text: string): string {
  if (text.length <= MAX_SOURCE_LENGTH) return text;
  const isPair = (text.charCodeAt(MAX_SOURCE_LENGTH - 1) & 0xfc00) === 0xd800;
  return `${text.slice(0, MAX_SOURCE_LENGTH - Number(isPair))}…`;
}

export class Build {
  /** In the order of their names' code points. */
  readonly rows: Row[];
  /** With agents and files in the order of their names' code points. */
  readonly program: Program;
  readonly diagnostics: Diagnostic[] = [];
  readonly strings = new Pool<string>();
  readonly numbers = new Pool<IrNumber>();
  readonly lists = new Pool<IrList>();
  readonly paths = new Pool<IrPath>();
  readonly automata = new Pool<Automaton>();
  /** By source. */
  readonly automatonIds = new Map<string, number>();
  /** Of all automata so far: over the limit of a bundle no more are made. */
  automatonBytes = 0;
  /** Steps left for patterns. */
  patternSteps = MAX_TOTAL_STEPS;
  readonly code: Instruction[] = [];
  readonly rules: IrRule[] = [];
  readonly patterns: IrPattern[] = [];
  readonly exact: ExactName[] = [];
  readonly globs: GlobNode[] = [];
  readonly agents: IrAgent[] = [];
  readonly phases: number[] = [];
  readonly selectors: IrSelector[] = [];
  readonly redacts: number[] = [];
  readonly credentials: IrCredential[] = [];
  readonly schemas: IrSchema[] = [];
  readonly arguments: IrArgument[] = [];
  readonly transitions: IrTransition[] = [];
  readonly meters: IrMeter[] = [];
  readonly costs: IrCost[] = [];
  /** By rule id. */
  readonly ruleSpans: Span[] = [];
  readonly debugRules: RuleDebug[] = [];
  readonly debugInstructions: InstructionDebug[] = [];
  private readonly texts: Map<string, string>;

  constructor(program: Program) {
    const agents = [...program.agents].sort((left, right) => compareText(left.name, right.name));
    const files = [...program.files].sort((left, right) => compareText(left.name, right.name));
    this.program = { ...program, agents, files };
    this.rows = agents
      .flatMap((policy): Row[] => [
        { policy, delegate: null, title: `agent \`${policy.name}\`` },
        ...policy.delegates.map((delegate) => ({
          policy: delegationPolicy(policy, delegate),
          delegate,
          title: `the delegation from \`${policy.name}\` to \`${delegate.to}\``,
        })),
      ])
      .sort((left, right) => compareText(left.policy.name, right.policy.name));
    this.texts = new Map(program.files.map((file) => [file.name, file.text]));
  }

  error(code: CompilerCode, message: string, help: string | null, span: Span): void {
    this.diagnostics.push({ severity: "error", code, message, help, span });
  }

  /** The source text of a span for people, cut when long; empty when the file is not among the program's. */
  sourceOf(span: Span): string {
    return shorten((this.texts.get(span.file) ?? "").slice(span.offset, span.offset + span.length));
  }

  string(text: string): number {
    return this.strings.add(text, text);
  }

  number(value: Decimal): number {
    const key = `${value.negative ? "-" : ""}${value.digits}e${value.exponent}`;
    return this.numbers.add(key, {
      negative: value.negative,
      digits: value.digits,
      exponent: value.exponent,
    });
  }

  path(root: number, path: readonly (string | number)[]): number {
    const steps = path.map((step) =>
      typeof step === "string" ? this.string(step) : (STEP_INDEX | Math.min(step, MAX_LIST_INDEX)) >>> 0,
    );
    return this.paths.add(`${root}:${steps.join(",")}`, { root, steps });
  }

  stringList(texts: readonly string[]): number {
    return this.list(
      LIST_STRINGS,
      texts.map((text) => this.string(text)),
    );
  }

  /** All of one kind; an empty list is one of strings. */
  literalList(literals: readonly Literal[]): number {
    let kind = LIST_STRINGS;
    const ids = literals.map((literal) => {
      if (literal.kind === "string") return this.string(literal.value);
      kind = literal.kind === "number" ? LIST_NUMBERS : LIST_BOOLEANS;
      return literal.kind === "number" ? this.number(literal.value) : Number(literal.value);
    });
    return this.list(kind, ids);
  }

  private list(kind: number, ids: readonly number[]): number {
    const unique = [...new Set(ids)].sort((left, right) => left - right);
    return this.lists.add(`${kind}:${unique.join(",")}`, { kind, ids: unique });
  }
}
