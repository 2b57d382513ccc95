import type { ChainTip } from "../control/audit/line.ts";
import type { Core, Recorded, Text, Verdict } from "../engine/binding/index.ts";
import { openCore as openCoreOfHost } from "../hosts/node/core.ts";
import type { Call } from "./calls.ts";
import { CommandError, EXIT_MISUSE } from "./errors.ts";

export { CODE_NAMES, decideTraced, isRefusedInput } from "./traced.ts";
export type { Core, Recorded, Text, Verdict };

/** A new instance of the core. Throws CommandError when it is not built. */
export async function openCore(): Promise<Core> {
  const opened = await openCoreOfHost();
  if (opened.ok) return opened.core;
  throw new CommandError(EXIT_MISUSE, opened.message, { help: opened.help });
}

export function decideRecorded(core: Core, call: Call, tip: ChainTip) {
  return core.decideRecorded(call.action, call.facts ?? undefined, tip);
}
