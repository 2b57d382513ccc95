/** The identity object of each rule (bundles/FORMAT.md): its place and a name that stays when other rules move. */
import { createHash } from "node:crypto";
import type { Invocations, Program, Rule } from "../../fpl-grammar/program.ts";
import { type Json, number, object, string } from "./json.ts";

export function ruleIdentity(program: Program, wanted: Rule): Json {
  const scopes = [
    { agent: null, rules: program.system.rules },
    ...program.agents.map((policy) => ({
      agent: policy.name,
      rules: [
        ...rulesOf(policy.invocations),
        ...policy.rules,
        ...policy.phases.flatMap((phase) => phase.rules),
      ],
    })),
  ];
  const { agent, rules } = scopes.find((scope) => scope.rules.includes(wanted))!;
  const before = rules.slice(0, rules.indexOf(wanted));
  const twins = before.filter((rule) => rule.effect === wanted.effect && rule.text === wanted.text);
  const name = JSON.stringify([agent, wanted.effect, wanted.text, twins.length]);
  const { file, line, column } = wanted.span;
  const id = createHash("sha256").update(name).digest("hex").slice(0, 16);
  return object({ column: number(column), file: string(file), id: string(id), line: number(line) });
}

function rulesOf(invocations: Invocations | null): Rule[] {
  if (invocations === null) return [];
  const granted = invocations.grants.flatMap(({ limit, approval }) => [limit, approval]);
  return [invocations.undeclared.rule, ...granted].filter((rule) => rule !== null);
}
