/** How a session runs: its limits, its phases' transitions, what an agent may spawn in it, and what closing it needs. */

import type { Block, Setting } from "../ast.ts";
import { report } from "../diagnostics.ts";
import { isIdentifier } from "../parse/literals.ts";
import type { CompletionGate, Phase, SessionLimits, Spawn } from "../program.ts";
import { checkPhase } from "./operands.ts";
import type { Findings, Scope } from "./scope.ts";
import {
  blockSettings,
  integerSetting,
  periodSetting,
  type ReadSetting,
  textSetting,
  textsSetting,
} from "./settings.ts";
import type { Surroundings } from "./surroundings.ts";

export function sessionOf(block: Block | null, surroundings: Surroundings): SessionLimits | null {
  if (block === null) return null;
  const settings = blockSettings(block, surroundings);
  return {
    maxDurationMs: periodSetting(settings, "max_duration", surroundings.findings),
    idleTimeoutMs: periodSetting(settings, "idle_timeout", surroundings.findings),
    maxCalls: integerSetting(settings, "max_calls"),
    span: block.span,
  };
}

/** The greatest u32 stands for no limit. */
const MAX_SPAWNED = 0xffff_fffe;

export function spawnOf(block: Block | null, surroundings: Surroundings): Spawn | null {
  if (block === null) return null;
  const { findings } = surroundings;
  const settings = blockSettings(block, surroundings);
  const limit = (name: string) => {
    const found = integerSetting(settings, name);
    if (found === null || found <= MAX_SPAWNED) return found;
    const values = { name, expected: `a whole number up to ${MAX_SPAWNED}` };
    findings.diagnostics.push(report("F205", settings.get(name)!.name.span, values));
    return null;
  };
  return {
    allow: textsSetting(settings, "allow") ?? [],
    deny: textsSetting(settings, "deny") ?? [],
    maxChildren: limit("max_children"),
    maxDepth: limit("max_depth"),
    onExceed: effectOf(settings, "on_exceed"),
    span: block.span,
  };
}

function effectOf(settings: ReadonlyMap<string, ReadSetting>, name: string): "deny" | "defer" {
  return (textSetting(settings, name) ?? "deny") as "deny" | "defer";
}

/** `hasSessionBudget`: whether the agent declares `budget session`. */
export function completionGateOf(
  block: Block | null,
  hasSessionBudget: boolean,
  surroundings: Surroundings,
): CompletionGate | null {
  if (block === null) return null;
  const { findings } = surroundings;
  const settings = blockSettings(block, surroundings);
  const names = new Set(textsSetting(settings, "require"));
  const span = settings.get("require")?.name.span ?? { ...block.span, length: block.name.length };
  if (names.size === 0) {
    findings.diagnostics.push(report("F305", span, { name: block.name, setting: "require" }));
  }
  const facts = [...names].filter((name) => name !== "no_pending_approvals" && name !== "budget_under_limit");
  for (const text of facts) {
    if (isIdentifier(text)) continue;
    const expected = "`no_pending_approvals`, `budget_under_limit` or the name of a fact from the host";
    findings.diagnostics.push(report("F215", span, { text, expected }));
  }
  const budgetUnderLimit = names.has("budget_under_limit");
  if (budgetUnderLimit && !hasSessionBudget) {
    const help = "without a budget of the session it would always be met";
    const values = { name: "budget_under_limit", setting: "budget session" };
    findings.diagnostics.push(report("F305", span, values, help));
  }
  return {
    noPendingApprovals: names.has("no_pending_approvals"),
    budgetUnderLimit,
    facts,
    onUnmet: effectOf(settings, "on_unmet"),
    span: block.span,
  };
}

export function transitionOf(
  block: Block,
  scope: Scope,
  surroundings: Surroundings,
): Pick<Phase, "durationMs" | "next"> {
  const { findings } = surroundings;
  const settings = blockSettings(block, surroundings);
  const next = textSetting(settings, "next");
  const written = block.body.find(
    (statement): statement is Setting => statement.kind === "setting" && statement.name.text === "next",
  );
  if (next !== null) checkPhase(next, written!.value.span, scope);
  if (next !== null && !block.body.some((one) => one.kind === "setting" && one.name.text === "duration")) {
    const help = "`next` is the phase that follows once `duration` has passed";
    const values = { name: "next", setting: "duration" };
    findings.diagnostics.push(report("F305", written!.name.span, values, help));
  }
  return { durationMs: periodSetting(settings, "duration", findings), next };
}

/** Phases that lead back to themselves: a session in them would never end. */
export function checkCircles(phases: readonly Phase[], findings: Findings): void {
  const byName = new Map(phases.map((phase) => [phase.name, phase]));
  const seen = new Set<string>();
  for (const { name, span } of phases) {
    const way: string[] = [];
    let at: string | null | undefined = name;
    while (typeof at === "string" && !seen.has(at)) {
      seen.add(at);
      way.push(at);
      at = byName.get(at)?.next;
    }
    const from = typeof at === "string" ? way.indexOf(at) : -1;
    if (from < 0) continue;
    const names = way
      .slice(from)
      .map((text) => `\`${text}\``)
      .join(", ");
    findings.diagnostics.push(report("F307", { ...span, length: "phase".length }, { names }));
  }
}
