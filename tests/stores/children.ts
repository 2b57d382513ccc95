/** Child processes that work on one store, and what must be true of it afterwards. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect } from "vitest";
import type { Ledger, RecordLog } from "../../control/ports.ts";
import { numberOf } from "./check.ts";
import type { ChildArguments } from "./child.ts";

export const SUM = "budget/sum";
const root = new URL("../../", import.meta.url);

/** Bundles the child once. @returns its path. */
export async function buildChild(): Promise<string> {
  const { bundle } = (await import(pathToFileURL(fileURLToPath(new URL("hosts/bundle.mjs", root))).href)) as {
    bundle(entry: string, out: string, options: object): Promise<unknown>;
  };
  const out = fileURLToPath(new URL(`node_modules/.cache/faramesh/child-${randomUUID()}.mjs`, root));
  await bundle(join(fileURLToPath(root), "tests/stores/child.ts"), out, { packages: "external" });
  process.on("exit", () => rmSync(out, { force: true }));
  return out;
}

/** A child with what it has said so far. */
export class Child {
  /** Notes of records by their sequence. */
  readonly acknowledged = new Map<number, string>();
  refused = 0;
  readonly failures: string[] = [];
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;
  #onAcknowledged: () => void = () => {};

  constructor(path: string, given: ChildArguments) {
    const child = spawn(process.execPath, [path, JSON.stringify(given)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#process = child;
    this.#ended = this.#listen(child, once(child, "exit"));
  }

  /** When it is over, however it ended. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** When it has that many acknowledgements, or is over. */
  async reach(count: number): Promise<void> {
    const reached = new Promise<void>((resolve) => {
      this.#onAcknowledged = () => {
        if (this.acknowledged.size >= count) resolve();
      };
      this.#onAcknowledged();
    });
    await Promise.race([reached, this.#ended]);
  }

  /** Ends it without notice after that many acknowledgements, if it lives so long. */
  async killAfter(count: number): Promise<void> {
    await this.reach(count);
    this.#process.kill("SIGKILL");
    await this.#ended;
  }

  async #listen(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
    for await (const line of createInterface({ input: child.stdout! })) this.#hear(line);
    await exited;
  }

  #hear(line: string): void {
    const [word, sequence, id] = line.split(" ");
    if (word === "ack") this.acknowledged.set(Number(sequence), id!);
    else if (word === "refused") this.refused++;
    else if (word === "failed") this.failures.push(line);
    this.#onAcknowledged();
  }
}

export interface Found {
  readonly records: number;
  readonly sum: number;
}

/** Reads the whole log, which checks the chain. @returns the notes of the records, by sequence. */
export async function checkAcknowledged(
  log: RecordLog,
  acknowledged: ReadonlyMap<number, string>,
): Promise<string[]> {
  const notes: string[] = [];
  for await (const { sequence, record } of log.read(0)) {
    expect(sequence).toBe(notes.length);
    const { action } = JSON.parse(new TextDecoder().decode(record)) as { action: { args: { note: string } } };
    notes.push(action.args.note);
  }
  const lost = [...acknowledged].filter(([sequence, id]) => notes[sequence] !== id);
  expect(lost, "acknowledged, but not in the log").toEqual([]);
  expect(new Set(notes).size, "no transaction twice").toBe(notes.length);
  return notes;
}

/**
 * When nobody writes any more: all that was acknowledged is there, at its place; the records of every process are a prefix of what it did,
 * but for the calls that were under way at once; and the state is the one behind the last record.
 */
export async function checkStore(
  { log, ledger }: { log: RecordLog; ledger: Ledger },
  acknowledged: ReadonlyMap<number, string>,
): Promise<Found> {
  const notes = await checkAcknowledged(log, acknowledged);
  expect((await log.tip()).sequence).toBe(notes.length);
  const [sum] = await ledger.read([SUM]);
  expect(numberOf(sum), "one unit per record").toBe(notes.length);
  const numbers = new Map<string, number[]>();
  for (const note of notes) {
    const [name, number] = note.split("-") as [string, string];
    if (!numbers.has(name)) numbers.set(name, []);
    numbers.get(name)!.push(Number(number));
  }
  for (const [name, found] of numbers) {
    expect(numberOf((await ledger.read([`own/${name}`]))[0]), name).toBe(found.length);
    // One connection's transactions take effect in the order of the calls.
    expect(found, name).toEqual(Array.from({ length: found.length }, (_, index) => index));
  }
  return { records: notes.length, sum: numberOf(sum) };
}
