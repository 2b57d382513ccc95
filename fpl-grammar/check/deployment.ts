/** runtime, provider, identity, trust, enforcement: typed settings, carried in the bundle and ignored by the verdict. */

import type { Block } from "../ast.ts";
import { ENFORCEMENT_LAYERS, tableOf } from "../blocks.ts";
import { report } from "../diagnostics.ts";
import type { DeploymentBlock, SettingValue } from "../program.ts";
import { didYouMean } from "../suggest.ts";
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
  if (block.name === "enforcement") checkLayers(block, surroundings);
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

function checkLayers(block: Block, { findings }: Surroundings): void {
  for (const statement of block.body) {
    if (statement.kind !== "setting" || statement.name.text !== "layers" || statement.value.kind !== "list")
      continue;
    for (const item of statement.value.items) {
      if (item.kind !== "string" || (ENFORCEMENT_LAYERS as readonly string[]).includes(item.value)) continue;
      const list = `layers are ${ENFORCEMENT_LAYERS.map((layer) => `\`${layer}\``).join(", ")}`;
      const help = didYouMean(item.value, ENFORCEMENT_LAYERS, list);
      findings.diagnostics.push(report("F008", item.span, { what: "layer", name: item.value }, help));
    }
  }
}
