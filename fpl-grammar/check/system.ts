/** `system { … }`: settings of the whole program and rules that come before every agent's. */

import type { Block } from "../ast.ts";
import { BLOCKS } from "../blocks.ts";
import { report } from "../diagnostics.ts";
import type { Program } from "../program.ts";
import { programRules } from "./rules.ts";
import { type Scope, unenforced } from "./scope.ts";
import { integerSetting, readSettings, textSetting } from "./settings.ts";
import type { Surroundings } from "./surroundings.ts";

export function systemPolicy(block: Block | null, surroundings: Surroundings): Program["system"] {
  const { findings, environment, imports, schemas } = surroundings;
  const body = block?.body ?? [];
  const settings = readSettings({ body }, settingType, environment, findings);
  const scope: Scope = {
    findings,
    schemas,
    variables: new Map(),
    selectors: null,
    phases: null,
    place: "a system rule",
    remembers: true,
  };
  const placed = body.flatMap((statement) =>
    statement.kind === "block" ? imports.place(statement.body) : [],
  );
  for (const { rule } of placed) {
    if (rule.effect === "permit") findings.diagnostics.push(report("F401", rule.span));
  }
  const limit = settings.get("max_output_bytes");
  if (limit !== undefined) unenforced(findings, "max_output_bytes", limit.name.span);
  return {
    version: textSetting(settings, "version"),
    utcOffsetMinutes: utcOffset(settings, surroundings),
    missingFieldsApply: textSetting(settings, "missing_fields") === "applies",
    onPolicyLoadFailure: "deny_all",
    maxOutputBytes: integerSetting(settings, "max_output_bytes"),
    rules: programRules(placed, scope),
  };
}

function settingType(name: string) {
  const form = BLOCKS.system.statements.get(name);
  return form?.form === "setting" ? form.type : null;
}

/** `"+02:00"`, `"-05:30"` or `"Z"`, in minutes. */
function utcOffset(settings: ReturnType<typeof readSettings>, { findings }: Surroundings): number {
  const text = textSetting(settings, "utc_offset");
  if (text === null || text === "Z") return 0;
  const match = /^([+-])(\d\d):(\d\d)$/.exec(text);
  const minutes = match === null ? Number.NaN : Number(match[2]) * 60 + Number(match[3]);
  if (match !== null && Number(match[3]) < 60 && minutes <= 14 * 60)
    return match[1] === "-" ? -minutes : minutes;
  const values = { name: "utc_offset", expected: 'an offset such as `"+02:00"`, at most 14 hours' };
  findings.diagnostics.push(report("F205", settings.get("utc_offset")!.name.span, values));
  return 0;
}
