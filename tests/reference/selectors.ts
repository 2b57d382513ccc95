/** Step 2: selectors that the rules for this tool need and that were not had (engine/ABI.md). */
import type { Condition, Operand, Rule } from "../../fpl-grammar/program.ts";
import { present } from "./action.ts";
import { toolMatches } from "./names.ts";
import type { Judgement, Question } from "./stages.ts";

/** The deny or the defer of the missing selectors, or null when none is missing. Deny wins, then the first declared. */
export function judgeSelectors({ policy, action, facts }: Question): Judgement | null {
  const rules = [...policy.rules, ...policy.phases.flatMap((phase) => phase.rules)];
  const needed = new Set(rules.filter((rule) => toolMatches(rule.pattern, action.tool)).flatMap(selectorsOf));
  const judgements: Judgement[] = [];
  for (const selector of policy.selectors.filter(({ name }) => needed.has(name))) {
    const had = facts.selectors === null ? undefined : present(facts.selectors, selector.name);
    const said = facts.unavailable === null ? undefined : present(facts.unavailable, selector.name);
    if (had !== undefined && said === undefined) continue;
    const timedOut = said?.kind === "string" && said.value === "timeout";
    const effect = timedOut ? selector.onTimeout : selector.onUnavailable;
    const code = timedOut ? "selector_timeout" : "selector_unavailable";
    judgements.push({
      effect,
      code: effect === "defer" ? `${code}_defer` : code,
      detail: { selector: selector.name },
      rule: null,
    });
  }
  return judgements.find(({ effect }) => effect === "deny") ?? judgements[0] ?? null;
}

/** Names of the selectors that a rule's condition reads. */
function selectorsOf(rule: Rule): string[] {
  if (rule.condition === null) return [];
  return fieldsOf(rule.condition).flatMap((field) =>
    field.root === "selectors" && typeof field.path[0] === "string" ? [field.path[0]] : [],
  );
}

function fieldsOf(condition: Condition) {
  return operandsOf(condition).flatMap((operand) => {
    if (operand.kind === "length") return [operand.of];
    return operand.kind === "field" ? [operand] : [];
  });
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
    case "any":
      return [condition.list];
    default:
      return [condition.left];
  }
}
