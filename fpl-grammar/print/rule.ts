/** A rule in the canonical form: its parts, and the whole on one line. */

import type { FacetClause, Rule } from "../ast.ts";
import { printExpression, printPattern, printText, printValue } from "./expressions.ts";

/** `permit stripe/refund`, then the clauses in canonical order. */
export function ruleParts(rule: Rule): { head: string; clauses: string[] } {
  const clauses: string[] = [];
  if (rule.condition !== null) clauses.push(`if ${printExpression(rule.condition)}`);
  for (const facet of rule.facets) clauses.push(printFacet(facet));
  if (rule.notify !== null) clauses.push(`notify ${printText(rule.notify.text)}`);
  if (rule.reason !== null) clauses.push(`reason ${printText(rule.reason.text)}`);
  if (rule.reeval !== null) clauses.push(`reeval ${rule.reeval.value}`);
  return { head: `${rule.effect} ${printPattern(rule.pattern.text)}`, clauses };
}

export function printRule(rule: Rule): string {
  const { head, clauses } = ruleParts(rule);
  return [head, ...clauses].join(" ");
}

function printFacet({ facet, key, values }: FacetClause): string {
  const items = values.map(printValue);
  const list = items.length === 1 ? items[0]! : `[${items.join(", ")}]`;
  return key === null ? `${facet} ${list}` : `${facet} ${printText(key.text)} ${list}`;
}
