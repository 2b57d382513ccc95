/** Rules to the rule table in evaluation order, their code and their debug entries. */

import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { EFFECT_DEFER, EFFECT_DENY, EFFECT_DENY_ALWAYS, EFFECT_PERMIT } from "../../engine/constants.ts";
import { rulesOfInvocations } from "../../fpl-grammar/check/manifest.ts";
import type { Condition, Effect, Operand, Rule } from "../../fpl-grammar/program.ts";
import { type Build, shorten } from "./build.ts";
import { lowerCondition } from "./conditions.ts";
import { Meters } from "./meters.ts";
import type { Scope } from "./scope.ts";
import { lowerLimits } from "./state.ts";

export const EFFECTS: Record<Effect, number> = {
  "deny!": EFFECT_DENY_ALWAYS,
  deny: EFFECT_DENY,
  defer: EFFECT_DEFER,
  permit: EFFECT_PERMIT,
};

const IDENTITY_HEX = 16;
const utf8 = new TextEncoder();

export interface OwnedMeters {
  system: Meters;
  /** By row. */
  agents: Meters[];
}

/**
 * System rules, then per agent its limits, what a manifest says of it, its rules, and its phases' rules. `agents[i]` is the scope of the i-th row.
 * Meters come about in the order of their table: an agent's limits are lowered before the history that its rules read.
 */
export function lowerRules(build: Build, system: Scope, agents: readonly Scope[]): OwnedMeters {
  const lowering = new RuleLowering(build);
  const systemMeters = new Meters(build, system, null, "the system", null);
  const owned: OwnedMeters = { system: systemMeters, agents: [] };
  for (const rule of build.program.system.rules) {
    lowering.lower(rule, { scope: system, agent: null, phase: null, meters: systemMeters });
  }
  let phase = 0;
  for (const [agent, { policy, delegate, title }] of build.rows.entries()) {
    const scope = agents[agent]!;
    const meters = new Meters(build, scope, agent, title, systemMeters);
    owned.agents.push(meters);
    lowerLimits(meters, policy);
    const owner = { scope, agent, meters: delegate === null ? meters : null };
    for (const rule of rulesOfInvocations(policy.invocations)) {
      lowering.lower(rule, { ...owner, phase: null }, true);
    }
    for (const rule of policy.rules) lowering.lower(rule, { ...owner, phase: null });
    for (const [position, declared] of policy.phases.entries()) {
      for (const pattern of declared.tools) scope.namePhase(pattern, declared.span, position);
      for (const rule of declared.rules) {
        scope.namePhase(rule.pattern, rule.patternSpan, position);
        lowering.lower(rule, { ...owner, phase });
      }
      phase++;
    }
  }
  return owned;
}

/** Whose rule it is. */
interface Owner {
  scope: Scope;
  agent: number | null;
  phase: number | null;
  /** Null where nothing is remembered: in a delegation's scope. */
  meters: Meters | null;
}

class RuleLowering {
  private readonly build: Build;
  /** How many identical rules came before, by agent, effect and text. */
  private readonly ordinals = new Map<string, number>();

  constructor(build: Build) {
    this.build = build;
  }

  /** `isCeiling`: a `defer` of it is asked whichever rule permits. */
  lower(rule: Rule, { scope, agent, phase, meters }: Owner, isCeiling = false): void {
    const { build } = this;
    const id = build.rules.length;
    const codeFirst = build.code.length;
    if (rule.condition !== null) lowerCondition(build, rule.condition, meters);
    build.rules.push({
      effect: EFFECTS[rule.effect],
      phase,
      codeFirst,
      codeCount: build.code.length - codeFirst,
      notify: rule.notify === null ? null : build.string(rule.notify),
      agent,
    });
    build.debugRules.push({
      identity: this.identity(rule, agent),
      reason: rule.reason,
      text: shorten(rule.text),
    });
    build.ruleSpans.push(rule.span);
    const selectors = this.selectors(rule, agent);
    for (const pattern of scope.select(rule.pattern, rule.patternSpan)) {
      (rule.effect === "deny!" || isCeiling ? pattern.always : pattern.rules).push(id);
      for (const selector of selectors) pattern.selectors.push(selector);
    }
  }

  /** Stable when other rules move: it depends on agent, effect, canonical text and ordinal among identical rules alone. */
  private identity(rule: Rule, agent: number | null): string {
    const name = agent === null ? null : this.build.rows[agent]!.policy.name;
    const key = JSON.stringify([name, rule.effect, rule.text]);
    const ordinal = this.ordinals.get(key) ?? 0;
    this.ordinals.set(key, ordinal + 1);
    const digest = sha256(utf8.encode(JSON.stringify([name, rule.effect, rule.text, ordinal])));
    const { column, file, line } = rule.span;
    return JSON.stringify({ column, file, id: bytesToHex(digest).slice(0, IDENTITY_HEX), line });
  }

  private selectors(rule: Rule, agent: number | null): Set<number> {
    const indexes = new Set<number>();
    if (rule.condition === null) return indexes;
    const declared = agent === null ? [] : this.build.rows[agent]!.policy.selectors;
    for (const operand of operandsOf(rule.condition)) {
      const field = operand.kind === "length" ? operand.of : operand;
      if (field.kind !== "field" || field.root !== "selectors") continue;
      const name = field.path[0];
      const index = declared.findIndex((selector) => selector.name === name);
      if (index >= 0) {
        indexes.add(index);
        continue;
      }
      const [message, help] =
        agent === null
          ? ["a system rule cannot read selectors", "selectors belong to an agent: write this rule there"]
          : [`no selector \`${name}\` in this agent`, `declare it: \`selector ${name} { ... }\``];
      this.build.error("F909", message, help, field.span);
    }
    return indexes;
  }
}

function operandsOf(condition: Condition): Operand[] {
  switch (condition.kind) {
    case "and":
    case "or":
      return condition.terms.flatMap(operandsOf);
    case "not":
      return operandsOf(condition.term);
    case "constant":
    case "happened":
      return [];
    case "truth":
    case "present":
      return [condition.operand];
    case "compare":
    case "contains":
    case "starts_with":
    case "ends_with":
      return [condition.left, condition.right];
    case "in":
    case "matches":
    case "glob":
    case "under":
      return [condition.left];
    case "any":
      return [condition.list];
  }
}
