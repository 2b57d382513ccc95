/** Steps 4 and 5: `deny!` rules, then all others in order, then the default (LANGUAGE sections 4 and 5). */
import type { Field, Program, Rule } from "../../fpl-grammar/program.ts";
import { activePhase } from "./admit.ts";
import { calendar } from "./calendar.ts";
import { evaluate, type Sight } from "./condition.ts";
import { judgeInvocation } from "./invocations.ts";
import { type Json, list, number, object, string } from "./json.ts";
import { toolMatches } from "./names.ts";
import type { Judgement, Question } from "./stages.ts";
import { computedValue, historyValue } from "./state/past.ts";
import type { Truth } from "./truth.ts";

/** Which unknowns make a rule apply: the table of LANGUAGE section 4. */
const APPLIES: Record<Rule["effect"], Truth[]> = {
  permit: ["true"],
  defer: ["true", "wrong type"],
  deny: ["true", "wrong type"],
  "deny!": ["true", "wrong type", "missing"],
};

const CODES = { permit: "rule_permit", defer: "rule_defer", deny: "rule_deny", "deny!": "deny_always" };
const SUFFIXES = { true: "", false: "", missing: "_missing", "wrong type": "_wrong_type" };

/** Step 4: the first `deny!` that applies, or what a manifest refuses, behind the system's and before the agent's; or null. */
export function judgeAlways(question: Question): Judgement | null {
  const { program, policy } = question;
  const always = (rules: Rule[]): Judgement | null => {
    const wanted = rules.filter((rule) => rule.effect === "deny!");
    return firstRule(program, wanted, question, sightOf(question));
  };
  const invocation = judgeInvocation(question);
  const refused = invocation?.effect === "deny" ? invocation : null;
  const phased = activePhase(question)?.rules ?? [];
  return always(program.system.rules) ?? refused ?? always([...policy.rules, ...phased]);
}

/** Step 5: the first other rule that applies, else the default; where that permits, a manifest may still ask a person. */
export function judgeRules(question: Question): Judgement {
  const { program, policy } = question;
  const { default: effect } = policy;
  const byDefault: Judgement = { effect, code: `default_${effect}`, detail: null, rule: null };
  const all = [...program.system.rules, ...policy.rules, ...(activePhase(question)?.rules ?? [])];
  const wanted = all.filter((rule) => rule.effect !== "deny!");
  const ruled = firstRule(program, wanted, question, sightOf(question)) ?? byDefault;
  return ruled.effect === "permit" ? (judgeInvocation(question) ?? ruled) : ruled;
}

/** The first of the rules that applies to the action's tool, as the table says for its condition's value. */
export function firstRule(
  program: Program,
  rules: Rule[],
  { action }: Question,
  sight: Sight,
): Judgement | null {
  for (const rule of rules) {
    if (!toolMatches(rule.pattern, action.tool)) continue;
    const value = rule.condition === null ? "true" : evaluate(rule.condition, sight);
    const missingApplies =
      program.system.missingFieldsApply && rule.effect !== "permit" && value === "missing";
    if (!APPLIES[rule.effect].includes(value) && !missingApplies) continue;
    const effect = rule.effect === "deny!" ? "deny" : rule.effect;
    return { effect, code: CODES[rule.effect] + SUFFIXES[value], detail: null, rule };
  }
  return null;
}

/** What conditions can see. */
export function sightOf(question: Question): Sight {
  return {
    field: lookupIn(question),
    computed: (name) => computedValue(question, name),
    history: (history) => historyValue(question, history),
  };
}

/** The values at the roots of LANGUAGE section 4. */
function lookupIn(question: Question): Sight["field"] {
  const { program, agent, action, facts } = question;
  const text = (value: string | null): Json | undefined => (value === null ? undefined : string(value));
  const selectors = (): Json | undefined => {
    if (facts.selectors === null) return undefined;
    const had = [...facts.selectors.entries].filter(([name]) => {
      const said = facts.unavailable?.entries.get(name);
      return said === undefined || said.kind === "null";
    });
    return object(Object.fromEntries(had));
  };
  const fields: Record<string, Json | undefined> = {
    id: text(action.session),
    purpose: text(question.purpose),
    phase: text(activePhase(question)?.name ?? null),
  };
  const roots: Record<Field["root"], () => Json | undefined> = {
    args: () => action.args,
    tool: () => string(action.tool),
    agent: () => string(agent),
    model: () => text(facts.model),
    principal: () => facts.principal ?? undefined,
    session: () =>
      object(
        Object.fromEntries(Object.entries(fields).flatMap(([name, value]) => (value ? [[name, value]] : []))),
      ),
    selectors,
    http: () => action.http ?? undefined,
    facet: () => action.http ?? action.args,
    time: () => (facts.time === null ? undefined : timeFields(facts.time, program.system.utcOffsetMinutes)),
    delegation: () =>
      facts.delegation === null ? undefined : object({ chain: list(facts.delegation.chain.map(string)) }),
  };
  return (root) => roots[root]();
}

function timeFields(time: bigint, utcOffsetMinutes: number): Json {
  const fields = Object.entries(calendar(time, utcOffsetMinutes));
  return object(Object.fromEntries(fields.map(([name, value]) => [name, number(Number(value))])));
}
