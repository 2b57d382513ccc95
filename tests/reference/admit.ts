/** Step 3: visibility in the phase, schemas of tools, models (engine/ABI.md). */
import type { AgentPolicy, ArgumentSchema, Phase, ToolSchema } from "../../fpl-grammar/program.ts";
import { present, sortedNames } from "./action.ts";
import { exactOf, isInteger } from "./decimal.ts";
import type { Facts } from "./facts.ts";
import type { Json, JsonObject } from "./json.ts";
import { globMatches, toolMatches } from "./names.ts";
import { deny, type Judgement, type Question } from "./stages.ts";

/** The phase that is named, else the first; undefined when there is none of that name. */
export function activePhase({ policy, phase }: Question): Phase | undefined {
  return phase === null ? policy.phases[0] : policy.phases.find(({ name }) => name === phase);
}

/** The first deny, or null. */
export function admit(question: Question): Judgement | null {
  return judgePhase(question) ?? judgeSchemas(question) ?? judgeModel(question.policy, question.facts);
}

function judgePhase(question: Question): Judgement | null {
  const { policy, action } = question;
  const active = activePhase(question);
  if (question.isPhaseOver) return deny("phase_expired");
  if (active === undefined && question.phase !== null) return deny("phase_unknown");
  const naming = policy.phases.filter((phase) =>
    [...phase.tools, ...phase.rules.map((rule) => rule.pattern)].some((pattern) =>
      toolMatches(pattern, action.tool),
    ),
  );
  return naming.length > 0 && !naming.some((phase) => phase === active) ? deny("tool_not_visible") : null;
}

function judgeSchemas({ program, action }: Question): Judgement | null {
  for (const schema of program.tools) {
    if (!toolMatches(schema.pattern, action.tool)) continue;
    const judgement = judgeSchema(schema, action.args);
    if (judgement !== null) return judgement;
  }
  return null;
}

function judgeSchema(schema: ToolSchema, args: JsonObject): Judgement | null {
  if (schema.arguments === null) return null;
  const declared = [...schema.arguments].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const name of sortedNames(args)) {
    if (!declared.some((argument) => argument.name === name)) {
      return deny("schema_undeclared_argument", { argument: name });
    }
  }
  for (const argument of declared) {
    if (argument.required && present(args, argument.name) === undefined) {
      return deny("schema_missing_argument", { argument: argument.name });
    }
  }
  for (const argument of declared) {
    const value = present(args, argument.name);
    const code = value === undefined ? null : typeFault(argument, value);
    if (code !== null) return deny(code, { argument: argument.name });
  }
  return null;
}

function typeFault(argument: ArgumentSchema, value: Json): string | null {
  if (argument.type === "enum") {
    if (value.kind !== "string") return "schema_wrong_type";
    return argument.values.includes(value.value) ? null : "schema_not_in_enum";
  }
  return isOfType(argument.type, value) ? null : "schema_wrong_type";
}

function isOfType(type: Exclude<ArgumentSchema["type"], "enum">, value: Json): boolean {
  if (type === "integer") return value.kind === "number" && isInteger(exactOf(value.text));
  if (type === "money") return value.kind === "number" && exactOf(value.text).exponent >= -6n;
  return value.kind === type;
}

function judgeModel(policy: AgentPolicy, facts: Facts): Judgement | null {
  if (policy.modelPolicy === null) return null;
  const { model } = facts;
  if (model === null) return deny("model_missing");
  const listed = (globs: string[]) => globs.some((glob) => globMatches(glob, model, "name"));
  const allowed = listed(policy.modelPolicy.allow) && !listed(policy.modelPolicy.deny);
  return allowed ? null : deny("model_not_allowed");
}
