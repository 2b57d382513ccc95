/** `alert { … }`: who is told of what, and events that can never happen. */

import type { Block } from "../ast.ts";
import { report } from "../diagnostics.ts";
import type { AgentPolicy } from "../program.ts";
import { blockSettings, textsSetting } from "./settings.ts";
import type { Surroundings } from "./surroundings.ts";

/** What makes the events on limits happen. */
type Limits = Pick<AgentPolicy, "budgets" | "ambient" | "rateLimits" | "session">;

export function alertsOf(
  block: Block | null,
  limits: Limits,
  surroundings: Surroundings,
): AgentPolicy["alerts"] {
  const settings = block === null ? new Map() : blockSettings(block, surroundings);
  const targets = (event: string) => [...new Set(textsSetting(settings, event))];
  for (const [event, { happens, what, help }] of Object.entries(LIMIT_EVENTS)) {
    if (targets(event).length === 0 || happens(limits)) continue;
    const { span } = settings.get(event)!.name;
    surroundings.findings.diagnostics.push(report("F411", span, { event, what }, help));
  }
  return {
    permit: targets("permit"),
    deny: targets("deny"),
    defer: targets("defer"),
    budgetWarning: targets("budget_warning"),
    budgetExceeded: targets("budget_exceeded"),
    rateExceeded: targets("rate_exceeded"),
  };
}

const LIMIT_EVENTS: Readonly<
  Record<string, { happens: (limits: Limits) => boolean; what: string; help: string }>
> = {
  budget_warning: {
    happens: ({ budgets }) => budgets.some(({ warnAtMillionths }) => warnAtMillionths !== null),
    what: "no budget of the agent has a `warn_at`",
    help: "say from which part on to warn, such as `warn_at = 0.8` in a budget, or remove the event",
  },
  budget_exceeded: {
    happens: ({ budgets, ambient, session }) =>
      budgets.length > 0 || ambient.length > 0 || (session?.maxCalls ?? null) !== null,
    what: "the agent has no budget, no `ambient` cap and no `max_calls` of a session",
    help: "declare one, or remove the event",
  },
  rate_exceeded: {
    happens: ({ rateLimits }) => rateLimits.length > 0,
    what: "the agent has no `rate_limit`",
    help: "declare one, such as `rate_limit pay/* 10 per minute`, or remove the event",
  },
};
