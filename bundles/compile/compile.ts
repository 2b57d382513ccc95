/** Checked program to bundle bytes. The same program gives the same bytes on every machine. */

import type { Diagnostic, Program } from "../../fpl-grammar/program.ts";
import { layOut } from "../format/encode.ts";
import type { Ir, IrSystem } from "../format/ir.ts";
import { lowerAgents, lowerItems } from "./agents.ts";
import { Build } from "./build.ts";
import { type Entry, lowerDispatch } from "./dispatch.ts";
import { finish } from "./finish.ts";
import { checkBundleSize, checkLengths, checkLimits } from "./limits.ts";
import { manifestOf } from "./manifest.ts";
import { lowerRules } from "./rules.ts";
import { Scope } from "./scope.ts";

export interface CompileResult {
  /** Null, as is `ir`, when there is any diagnostic of severity `error`. */
  bundle: Uint8Array<ArrayBuffer> | null;
  ir: Ir | null;
  diagnostics: Diagnostic[];
}

/** The agent that serves those without a block of their own. */
const DEFAULT_AGENT = "default";

/** Never throws on a program that `check` gave: what cannot be compiled is a diagnostic. */
export function compile(checked: Program): CompileResult {
  const build = new Build(checked);
  const { program } = build;
  checkLimits(build);
  if (build.diagnostics.length > 0) return { bundle: null, ir: null, diagnostics: build.diagnostics };

  const system = new Scope(build);
  const agents = build.rows.map(() => new Scope(build));
  const meters = lowerRules(build, system, agents);
  lowerItems(build, system, agents);
  const [systemEntry, ...agentEntries] = lowerDispatch(build, [system, ...agents]);
  lowerAgents(build, agentEntries, meters);
  if (build.diagnostics.length > 0) return { bundle: null, ir: null, diagnostics: build.diagnostics };

  const ir = finish(build, systemOf(build, systemEntry!), manifestOf(program));
  checkLengths(build, ir);
  const bundle = layOut(ir);
  checkBundleSize(build, bundle.length);
  if (build.diagnostics.length > 0) return { bundle: null, ir: null, diagnostics: build.diagnostics };
  return { bundle, ir, diagnostics: [] };
}

function systemOf({ program, rows }: Build, entry: Entry): IrSystem {
  const defaultAgent = rows.findIndex(({ policy }) => policy.name === DEFAULT_AGENT);
  return {
    ...entry,
    utcOffsetMinutes: program.system.utcOffsetMinutes,
    missingFieldsApply: program.system.missingFieldsApply,
    defaultAgent: defaultAgent < 0 ? null : defaultAgent,
  };
}
