/** Prints the figures of the control plane as tables. */
import type { Durable } from "./index.ts";
import { CALLERS, type LengthLoads } from "./lengths.ts";
import type { Load } from "./load.ts";

type Say = (line: string) => void;

const count = (value: number): string => Math.round(value).toLocaleString("en");
const ms = (value: number): string => `${value.toFixed(value < 10 ? 3 : 1)} ms`;

function printLoads(head: readonly string[], loads: readonly Load[], say: Say): void {
  for (const load of loads) {
    const figures = [load.callers, count(load.decisionsPerSecond), count(load.recordsPerSecond)];
    const cells = [...figures, ms(load.p50Ms), ms(load.p99Ms)].map((cell) => `${cell}`.padStart(12));
    say(`  ${head[0]!.padEnd(24)}${head[1]!.padEnd(11)}${cells.join("")}`);
  }
}

export function printDurable(durable: Durable, say: Say): void {
  const { lengths, recovery, stores, floors, sha256Ns, lineBytes } = durable;
  const columns = ["callers", "decisions/s", "records/s", "p50", "p99"]
    .map((cell) => cell.padStart(12))
    .join("");
  say("\ndurable decisions through the control plane: a folder, by records in its log");
  say(`  ${"records before".padEnd(24)}${"agent".padEnd(11)}${columns}`);
  for (const { length, kind, loads } of lengths.loads) printLoads([count(length), kind], loads, say);
  say(`\nthe same over other ledgers\n  ${"ledger".padEnd(24)}${"agent".padEnd(11)}${columns}`);
  for (const { store, kind, loads } of stores) printLoads([store, kind], loads, say);
  say(`\nthe same bytes with nothing decided: a line of ${lineBytes} bytes, records per second`);
  for (const floor of [...lengths.floors, ...floors]) {
    say(
      `  ${floor.name.padEnd(40)}${`${floor.batch} a commit`.padStart(14)}${count(floor.recordsPerSecond).padStart(12)}`,
    );
  }
  say(`  ${"SHA-256 of node:crypto over the line".padEnd(54)}${`${sha256Ns.toFixed(0)} ns`.padStart(12)}`);
  const perSecond = (tookMs: number): string => `${count((recovery.records * 1e3) / tookMs)} records/s`;
  say(`\na log of ${count(recovery.records)} records`);
  say(`  open after a killed process     ${ms(recovery.openAfterCrashMs)}`);
  say(`  state anew from the log         ${ms(recovery.rebuildMs)}, ${perSecond(recovery.rebuildMs)}`);
  say(`  verify all of it                ${ms(recovery.verifyMs)}, ${perSecond(recovery.verifyMs)}`);
  say(`  decide again, to the same bytes ${count(recovery.replayedPerSecond)} records/s`);
  say(`  the first checkpoint            ${ms(recovery.checkpointMs)}, ${perSecond(recovery.checkpointMs)}`);
  say(`  make and verify one proof       ${recovery.proofUs.toFixed(0)} us`);
  const sizes = Object.entries(lengths.bytesPerRecord).map(([kind, bytes]) => `${kind} ${bytes.toFixed(0)}`);
  say(`  bytes of log for each record    ${sizes.join(", ")}`);
}

/** Name, value, limit, and whether more is better. */
export type DurableTarget = readonly [
  string,
  number,
  number,
  "at least" | "at most",
  (value: number) => string,
];

export function durableTargets({ lengths, recovery }: Durable): DurableTarget[] {
  const entryAt = (length: number, kind: string): LengthLoads | undefined =>
    lengths.loads.find((entry) => entry.length === length && entry.kind === kind);
  const at = (length: number, kind: string, callers: number): Load | undefined =>
    entryAt(length, kind)?.loads[CALLERS.indexOf(callers)];
  const [first, last] = [lengths.loads[0]!.length, lengths.loads.at(-1)!.length];
  const targets: DurableTarget[] = [];
  for (const kind of ["plain", "settled"]) {
    const begun = at(first, kind, 64)!;
    targets.push([
      `${kind}: durable records/s, 64 callers`,
      begun.recordsPerSecond,
      100_000,
      "at least",
      count,
    ]);
    targets.push([`${kind}: p50 at one caller`, at(first, kind, 1)!.p50Ms, 0.2, "at most", ms]);
    const slower = entryAt(last, kind)!.slower[CALLERS.indexOf(64)]!;
    targets.push([
      `${kind}: slower at ${count(last)} records`,
      slower,
      1.2,
      "at most",
      (x) => `${x.toFixed(2)}x`,
    ]);
  }
  targets.push([`open ${count(recovery.records)} records`, recovery.openAfterCrashMs, 2_000, "at most", ms]);
  return targets;
}
