/** STATE: what decisions remember. */

import { NONE } from "../../engine/constants.ts";
import { NO_LIMIT, type Writer } from "./bytes.ts";
import type { Ir, IrMemory } from "./ir.ts";

export function writeState(out: Writer, ir: Ir): void {
  out.u32(ir.meters.filter((meter) => meter.agent === null).length);
  out.u32(ir.meters.length);
  out.u32(ir.costs.length);
  out.u32(0);
  for (const { memory } of ir.agents) writeMemory(out, memory);
  for (const { durationMs, next } of ir.transitions) {
    out.u64(BigInt(durationMs ?? 0));
    writeIds(out, [next, 0]);
  }
  for (const meter of ir.meters) {
    out.u64(meter.key);
    out.u64(BigInt(meter.windowMs ?? 0));
    out.u64(meter.limit ?? NO_LIMIT);
    out.u64(meter.warnAt ?? NO_LIMIT);
    const { kind, scope, slot, family, unit, path, step, onExceed, name, agent } = meter;
    writeIds(out, [kind, scope, slot, family, unit, path, step, onExceed, name, agent]);
  }
  for (const { micros, path } of ir.costs) {
    out.u64(micros);
    writeIds(out, [path, 0]);
  }
}

function writeIds(out: Writer, ids: readonly (number | null)[]): void {
  for (const id of ids) out.u32(id ?? NONE);
}

function writeMemory(out: Writer, memory: IrMemory): void {
  out.u64(memory.agentLayout);
  out.u64(memory.sessionLayout);
  writeIds(out, [memory.agentSlots, memory.sessionSlots, memory.meterFirst, memory.meterCount]);
  for (const limit of [memory.maxDurationMs, memory.idleTimeoutMs, memory.maxCalls]) {
    out.u64(limit === null ? NO_LIMIT : BigInt(limit));
  }
  out.u64(BigInt(memory.delegateTtlMs ?? 0));
  writeIds(out, [memory.spawnAllow, memory.spawnDeny, memory.maxChildren, memory.maxDepth]);
  writeIds(out, [memory.spawnEffect, memory.gateFacts, memory.gateEffect]);
  writeIds(out, [memory.budgetWarning, memory.budgetExceeded, memory.rateExceeded, memory.flags, 0]);
}
