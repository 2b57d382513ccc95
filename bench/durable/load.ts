/** Concurrent callers on one control plane: each waits for its verdict, which is durable, before it asks again. */
import type { ControlPlane } from "../../control/plane.ts";
import { actionOf, type Kind, sessionOf } from "./workload.ts";

export interface Load {
  callers: number;
  decisionsPerSecond: number;
  recordsPerSecond: number;
  /** Of one decision, settlement not included. */
  p50Ms: number;
  p99Ms: number;
  /** Greatest sequence of a decision. */
  last: number;
}

export interface LoadOptions {
  kind: Kind;
  callers: number;
  /** Ends after that time, or after that many decisions. */
  durationMs?: number;
  decisions?: number;
}

/** Nearest rank; sorts in place. */
export function percentile(values: Float64Array, share: number): number {
  values.sort();
  return values[Math.min(values.length - 1, Math.ceil(share * values.length) - 1)] ?? Number.NaN;
}

export async function runLoad(plane: ControlPlane, options: LoadOptions): Promise<Load> {
  const {
    kind,
    callers,
    durationMs = Number.POSITIVE_INFINITY,
    decisions = Number.POSITIVE_INFINITY,
  } = options;
  const waits: number[] = [];
  let begun = 0;
  let settled = 0;
  let last = -1;
  const start = performance.now();
  const end = start + durationMs;
  const caller = async (index: number): Promise<void> => {
    const session = sessionOf(kind, index);
    const request = { agent: kind, action: actionOf(kind, index), session };
    for (let now = performance.now(); now < end && begun < decisions; now = performance.now()) {
      begun++;
      const decision = await plane.decide(request);
      waits.push(performance.now() - now);
      if (decision.verdict.effect !== "permit") {
        throw new Error(`a call was not permitted: ${decision.verdict.code} ${decision.failure}`);
      }
      last = Math.max(last, decision.sequence!);
      if (kind !== "settled") continue;
      const { verdict, failure } = await decision.settle({ money: 20 });
      if (verdict.effect !== "permit") throw new Error(`a settlement failed: ${verdict.code} ${failure}`);
      settled++;
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, index) => caller(index)));
  const seconds = (performance.now() - start) / 1e3;
  const sorted = Float64Array.from(waits);
  return {
    callers,
    decisionsPerSecond: waits.length / seconds,
    recordsPerSecond: (waits.length + settled) / seconds,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
    last,
  };
}
