/** Rules of the tree to rules of the program. */

import type { Name } from "../ast.ts";
import { hasErrors, report } from "../diagnostics.ts";
import { printRule } from "../print/rule.ts";
import type { Condition, Rule } from "../program.ts";
import { isToolPattern } from "../tool-patterns.ts";
import { ruleCondition } from "./conditions.ts";
import type { PlacedRule } from "./imports.ts";
import { lintPatterns } from "./lint.ts";
import { type Scope, unenforced } from "./scope.ts";
import { checkTypes } from "./types.ts";
import { variablesOf } from "./variables.ts";

export function programRules(placed: readonly PlacedRule[], scope: Scope): Rule[] {
  /** Variables of included documents, read once each. */
  const foreign = new Map<PlacedRule["variables"], Scope>();
  return placed.flatMap((item) => {
    let own = scope;
    if (item.variables !== null) {
      own = foreign.get(item.variables) ?? {
        ...scope,
        variables: variablesOf(item.variables, scope.findings),
      };
      foreign.set(item.variables, own);
    }
    const rule = programRule(item, own);
    return rule === null ? [] : [rule];
  });
}

function programRule({ rule }: PlacedRule, scope: Scope): Rule | null {
  const { findings } = scope;
  const { text: pattern, span: patternSpan } = rule.pattern;
  if (!isToolPattern(pattern)) {
    findings.diagnostics.push(report("F212", patternSpan, { text: pattern }));
    return null;
  }
  const before = findings.diagnostics.length;
  const condition = ruleCondition(rule.condition, rule.facets, scope);
  // An approved call is always judged anew, so `reeval true` asks for what is done.
  if (rule.reeval?.value === false) unenforced(findings, "reeval false", rule.reeval.span);
  if (hasErrors(findings.diagnostics.slice(before))) return null;
  if (condition !== null) check(condition, rule.effect, rule.pattern, scope);
  return {
    effect: rule.effect,
    pattern,
    patternSpan,
    condition: condition?.kind === "constant" && condition.value ? null : condition,
    reason: rule.reason?.text ?? null,
    notify: rule.notify?.text ?? null,
    span: rule.span,
    text: printRule(rule),
  };
}

function check(condition: Condition, effect: Rule["effect"], pattern: Name, scope: Scope): void {
  const covering = [...scope.schemas.including(pattern.text, pattern.span)];
  checkTypes(condition, covering, scope.findings);
  lintPatterns(condition, effect, scope.findings);
}
