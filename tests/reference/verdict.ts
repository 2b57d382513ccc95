/** The verdict as JSON (engine/ABI.md). */
import type { AgentPolicy, Program } from "../../fpl-grammar/program.ts";
import { ruleIdentity } from "./identity-of-rules.ts";
import { type Detail, type Json, NULL, number, object, string, stringOrNull } from "./json.ts";
import { type Obligations, obligationsJson } from "./obligations.ts";
import type { Judgement } from "./stages.ts";

export interface Decided {
  policy: AgentPolicy | null;
  judgement: Judgement;
  obligations: Obligations;
}

export const verdictJson = (program: Program, decided: Decided): Json =>
  object(verdictFields(program, decided));

export function verdictFields(
  program: Program,
  { policy, judgement, obligations }: Decided,
): Record<string, Json> {
  const { rule } = judgement;
  return {
    agent: stringOrNull(policy?.name ?? null),
    code: string(judgement.code),
    detail: detailJson(judgement.detail),
    effect: string(judgement.effect),
    obligations: obligationsJson(obligations),
    reason: stringOrNull(rule?.reason ?? null),
    rule: rule === null ? NULL : ruleIdentity(program, rule),
  };
}

function detailJson(detail: Detail): Json {
  if (detail === null) return NULL;
  const [name, value] = Object.entries(detail)[0]!;
  return object({ [name]: typeof value === "number" ? number(value) : string(value) });
}
