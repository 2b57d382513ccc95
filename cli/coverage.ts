import type { Ir } from "../bundles/format/ir.ts";
import { conditionsOf, effectName, ruleIdentity, type StepTrace } from "./trace.ts";

/** What a policy's cases have exercised: rules that applied, and conditions seen both true and false. */
export class Coverage {
  readonly #ir: Ir;
  readonly #applied = new Set<number>();
  readonly #seenTrue = new Set<number>();
  readonly #seenFalse = new Set<number>();

  constructor(ir: Ir) {
    this.#ir = ir;
  }

  add(steps: readonly StepTrace[]): void {
    for (const rule of steps.flatMap((step) => step.rules)) {
      if (rule.applies) this.#applied.add(rule.id);
      for (const { id, truth } of rule.conditions) {
        if (truth === "true") this.#seenTrue.add(id);
        else if (truth === "false") this.#seenFalse.add(id);
      }
    }
  }

  report(): CoverageReport {
    const rules: UncoveredRule[] = [];
    const conditions: UncoveredCondition[] = [];
    let outcomes = 0;
    this.#ir.rules.forEach((rule, id) => {
      if (!this.#applied.has(id)) {
        rules.push({
          ...placeOf(ruleIdentity(this.#ir, id)),
          effect: effectName(rule.effect),
          text: this.#ir.debug.rules[id]!.text,
        });
      }
      for (const index of conditionsOf(this.#ir, id)) {
        outcomes += 2;
        const never = [
          ...(this.#seenTrue.has(index) ? [] : ["true"]),
          ...(this.#seenFalse.has(index) ? [] : ["false"]),
        ];
        const { file, line, column, text } = this.#ir.debug.instructions[index]!;
        if (never.length > 0) conditions.push({ file, line, column, text, never });
      }
    });
    const missing = conditions.reduce((sum, condition) => sum + condition.never.length, 0);
    return {
      rules: share(this.#ir.rules.length - rules.length, this.#ir.rules.length),
      conditions: share(outcomes - missing, outcomes),
      uncovered: { rules, conditions },
    };
  }
}

export interface Share {
  covered: number;
  total: number;
  /** One decimal, rounded down; 100 when there is nothing to cover. */
  percent: number;
}

export interface UncoveredRule {
  file: string;
  line: number;
  column: number;
  effect: string;
  text: string;
}

export interface UncoveredCondition {
  file: string;
  line: number;
  column: number;
  text: string;
  /** The truth values that no case has shown: "true", "false" or both. */
  never: string[];
}

/** `conditions` counts two outcomes for each condition. */
export interface CoverageReport {
  rules: Share;
  conditions: Share;
  uncovered: { rules: UncoveredRule[]; conditions: UncoveredCondition[] };
}

function placeOf({ file, line, column }: { file: string; line: number; column: number }) {
  return { file, line, column };
}

function share(covered: number, total: number): Share {
  return { covered, total, percent: total === 0 ? 100 : Math.floor((covered * 1000) / total) / 10 };
}
