/**
 * Pattern text or globs to a minimal automaton.
 *
 * Own code, because no library serves: refa 0.12, the best kept one, has no assertions in automata (`^`, `$`, `\b`)
 * and works on code points, not bytes.
 */

import type { Automaton } from "../../format/ir.ts";
import { determinize, MAX_STEPS } from "./determinize.ts";
import { egressNode, type GlobStyle, globNode } from "./glob.ts";
import { minimize } from "./minimize.ts";
import { buildNfa } from "./nfa.ts";
import { parsePattern } from "./parse.ts";
import { type Node, PatternError } from "./syntax.ts";

export type PatternSource =
  | { kind: "search"; pattern: string }
  | { kind: "glob"; globs: readonly string[]; style: GlobStyle }
  | { kind: "egress"; entries: readonly string[]; list: "allow" | "deny" };

export type PatternResult =
  | { automaton: Automaton; steps: number }
  | { reason: PatternError["reason"]; message: string; help: string | null; steps: number };

/** `budget`: steps that may be spent, at most MAX_STEPS are. The result is the same on every run and runtime. */
export function compilePattern(source: PatternSource, budget = MAX_STEPS): PatternResult {
  const limit = Math.min(budget, MAX_STEPS);
  let steps = 0;
  const spend = (count: number): void => {
    steps += count;
    if (steps > limit)
      throw new PatternError("tooLarge", "it takes too many steps to compile", "make it simpler");
  };
  try {
    const nfa = buildNfa(parse(source));
    spend(nfa.states.length);
    return { automaton: minimize(determinize(nfa, spend)), steps };
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    return { reason: error.reason, message: error.message, help: error.help, steps };
  }
}

function parse(source: PatternSource): Node {
  switch (source.kind) {
    case "search":
      return parsePattern(source.pattern);
    case "glob":
      return globNode(source.globs, source.style);
    case "egress":
      return egressNode(source.entries, source.list);
  }
}
