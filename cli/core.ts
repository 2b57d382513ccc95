import type { Ir } from "../bundles/format/ir.ts";
import type { ChainTip } from "../control/audit/line.ts";
import { CODES } from "../engine/binding/codes.ts";
import type { Core, Verdict } from "../engine/binding/index.ts";
import { openCore as openCoreOfHost } from "../hosts/node/core.ts";
import type { Call } from "./calls.ts";
import { CommandError, EXIT_MISUSE } from "./errors.ts";
import { type Explanation, explain, type Inputs } from "./trace.ts";

export type { Core, Verdict };

export const CODE_NAMES: readonly string[] = CODES.map(({ name }) => name);

/** The first code that says that an input was refused: it had no canonical form, or was no action. */
const FIRST_REFUSAL = 100;

/** A new instance of the core. Throws CommandError when it is not built. */
export async function openCore(): Promise<Core> {
  const opened = await openCoreOfHost();
  if (opened.ok) return opened.core;
  throw new CommandError(EXIT_MISUSE, opened.message, { help: opened.help });
}

/** Whether a verdict refuses the call as malformed, rather than judging it. */
export function isRefusedInput(verdict: Verdict): boolean {
  const entry = CODES.find(({ name }) => name === verdict.code);
  return entry === undefined || entry.number >= FIRST_REFUSAL;
}

export function decide(core: Core, call: Call): Verdict {
  return core.decide(call.action, call.facts ?? undefined);
}

export function decideRecorded(core: Core, call: Call, tip: ChainTip) {
  return core.decideRecorded(call.action, call.facts ?? undefined, tip);
}

/** Decides a call with its trace, ordered by step. */
export function decideTraced(core: Core, ir: Ir, call: Call): Explanation {
  const { verdict, events } = core.trace(call.action, call.facts ?? undefined);
  const inputs: Inputs = isRefusedInput(verdict)
    ? { action: null, facts: {} }
    : { action: parseObject(call.action), facts: call.facts === null ? {} : parseObject(call.facts) };
  const entry = CODES.find(({ name }) => name === verdict.code);
  return {
    verdict,
    steps: explain(ir, verdict, events, inputs),
    inputs,
    meaning: entry?.text ?? "",
    next: entry?.next ?? null,
    codeName: (code) => CODES.find((one) => one.number === code)?.name ?? String(code),
  };
}

/** For display only, of what the core has accepted. */
function parseObject(bytes: Uint8Array): Record<string, unknown> {
  return JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
}
