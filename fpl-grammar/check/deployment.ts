/** runtime, provider, identity, trust, enforcement: typed settings, carried in the bundle and ignored by the verdict. */

import type { Block } from "../ast.ts";
import { tableOf } from "../blocks.ts";
import { report } from "../diagnostics.ts";
import type { DeploymentBlock, SettingValue } from "../program.ts";
import { checkEnforcement } from "./enforcement.ts";
import { readSettings } from "./settings.ts";
import type { Surroundings } from "./surroundings.ts";

/** Durations are in milliseconds, sizes in bytes; a setting that may hold one text or several is a list. */
export function deploymentBlock(
  block: Block,
  agent: string | null,
  surroundings: Surroundings,
): DeploymentBlock {
  const { findings, environment } = surroundings;
  const table = tableOf(block.name, false);
  const typeOf = (name: string) => {
    const form = table.statements.get(name);
    return form?.form === "setting" ? form.type : null;
  };
  const read = readSettings(block, typeOf, environment, findings);
  if (block.name === "enforcement") checkEnforcement(block, read, findings);
  if (block.name === "provider" && !read.has("kind")) {
    findings.diagnostics.push(
      report("F305", block.label!.span, { name: `provider ${block.label!.text}`, setting: "kind" }),
    );
  }
  const settings: Record<string, SettingValue> = {};
  for (const name of [...read.keys()].sort()) settings[name] = read.get(name)!.value;
  return {
    kind: block.name as DeploymentBlock["kind"],
    name: block.label?.text ?? null,
    agent,
    settings,
    span: block.span,
  };
}
