/** Durable transactions per second of a ledger: a record of about 1 kB and two blobs of 512 bytes each. */
import type { Ledger, LedgerOutcome, LedgerView } from "../../control/ports.ts";
import { recordAt } from "../log/records.ts";

export interface Measured {
  readonly callers: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export async function measure(ledger: Ledger, callers: number, durationMs: number): Promise<Measured> {
  const waits: number[] = [];
  const start = performance.now();
  const end = start + durationMs;
  const note = "x".repeat(300);
  const caller = async (index: number): Promise<void> => {
    const keys = [`agent/${index}`, `session/s/${index}`];
    const work = (view: LedgerView): LedgerOutcome<null> => {
      const writes = keys.map((key) => [key, (view.get(key) ?? new Uint8Array(512)).slice()] as const);
      return { records: [recordAt(view.tip, note)], writes: new Map(writes), value: null };
    };
    for (let now = performance.now(); now < end; ) {
      await ledger.transact(keys, work);
      const after = performance.now();
      waits.push(after - now);
      now = after;
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, index) => caller(index)));
  const tookMs = performance.now() - start;
  waits.sort((a, b) => a - b);
  const at = (share: number): number => Number(waits[Math.floor(share * (waits.length - 1))]!.toFixed(3));
  return { callers, perSecond: Math.round((waits.length / tookMs) * 1000), p50Ms: at(0.5), p99Ms: at(0.99) };
}
