import type { Ir } from "../bundles/format/ir.ts";
import { METER_DISTINCT } from "../engine/constants.ts";
import { isLimit, limitView } from "./state/meters.ts";
import { servingAgent } from "./state/patterns.ts";
import { conditionsOf, type Explanation, effectName, ruleIdentity } from "./trace.ts";

/** What a policy's cases have exercised: rules that applied, conditions seen both true and false, limits that were exceeded. */
export class Coverage {
  readonly #ir: Ir;
  readonly #applied = new Set<number>();
  readonly #seenTrue = new Set<number>();
  readonly #seenFalse = new Set<number>();
  readonly #exceeded = new Set<number>();

  constructor(ir: Ir) {
    this.#ir = ir;
  }

  add(explanation: Explanation): void {
    const { steps, limits } = explanation;
    for (const { id, over } of limits) if (over) this.#exceeded.add(id);
    this.#addDecider(explanation);
    for (const rule of steps.flatMap((step) => step.rules)) {
      if (rule.applies) this.#applied.add(rule.id);
      for (const { id, truth } of rule.conditions) {
        if (truth === "true") this.#seenTrue.add(id);
        else if (truth === "false") this.#seenFalse.add(id);
      }
    }
  }

  /** The limit that decided, also where only the core could tell that it would. */
  #addDecider({ verdict: { detail, code }, inputs }: Explanation): void {
    if (detail === null || !("meter" in detail) || !/_exceeded/.test(code)) return;
    const serving = servingAgent(this.#ir, String(inputs.action?.agent));
    this.#ir.meters.forEach((meter, id) => {
      const isNamed = this.#ir.strings[meter.name] === detail.meter && meter.agent === serving;
      if (isNamed && meter.kind === METER_DISTINCT && isLimit(meter)) this.#exceeded.add(id);
    });
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
    const limits = this.#limits();
    const missing = conditions.reduce((sum, condition) => sum + condition.never.length, 0);
    return {
      rules: share(this.#ir.rules.length - rules.length, this.#ir.rules.length),
      conditions: share(outcomes - missing, outcomes),
      limits: share(limits.total - limits.missing.length, limits.total),
      uncovered: { rules, conditions, limits: limits.missing },
    };
  }

  #limits(): { total: number; missing: UncoveredLimit[] } {
    const missing: UncoveredLimit[] = [];
    let total = 0;
    this.#ir.meters.forEach((meter, id) => {
      if (!isLimit(meter)) return;
      total++;
      if (this.#exceeded.has(id)) return;
      const { family, name, unit } = limitView(this.#ir, id, { agent: null, session: null }, 0);
      const agent = meter.agent === null ? null : this.#ir.strings[this.#ir.agents[meter.agent]!.name]!;
      missing.push({ agent, family, name, unit });
    });
    return { total, missing };
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

/** A limit that no call went over. */
export interface UncoveredLimit {
  /** Null: the system's. */
  agent: string | null;
  family: string;
  name: string;
  unit: string;
}

/** `conditions` counts two outcomes for each condition, `limits` whether some call went over each. */
export interface CoverageReport {
  rules: Share;
  conditions: Share;
  limits: Share;
  uncovered: { rules: UncoveredRule[]; conditions: UncoveredCondition[]; limits: UncoveredLimit[] };
}

function placeOf({ file, line, column }: { file: string; line: number; column: number }) {
  return { file, line, column };
}

function share(covered: number, total: number): Share {
  return { covered, total, percent: total === 0 ? 100 : Math.floor((covered * 1000) / total) / 10 };
}
