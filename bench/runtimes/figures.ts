/** What every runtime of the benchmark measures of itself, and how those do that run JavaScript. Web standards only. */
import { type LoadOptions, load } from "../../bundles/load.ts";
import { parseTrustFile, type TrustFile } from "../../bundles/trust/index.ts";
import type { Core } from "../../engine/binding/index.ts";
import { startedMs } from "./start.ts";

/** One line of JSON from a process. Rates are of one thread, whose calls follow each other. */
export interface Figures {
  runtime: string;
  version: string;
  /** The core compiled, the bundle verified and loaded, all from bytes in memory. */
  loadMs: number;
  /** From the first line of the program to the first verdict. */
  firstMs: number;
  /** Verdict alone, from UTF-8 in memory. */
  decisionsPerSecond: number;
  /** The same with its record, in a chain. */
  recordedPerSecond: number;
  /** Decisions in passes over all actions, with and without a record, warming up included. */
  decisions: number;
  permitted: number;
  /** Hash of the last record of a chain over all actions, hexadecimal. */
  tip: string;
}

export interface Settings {
  /** The present, for the validity of keys. */
  nowMs: number;
  warmUpMs: number;
  sampleMs: number;
}

export type FileName = "core.wasm" | "policy.fplb" | "trust.json" | "actions.jsonl" | "settings.json";
export type Bytes = Uint8Array<ArrayBuffer>;
export type Deciding = Pick<Core, "load" | "decide" | "decideRecorded">;

export interface Runtime {
  runtime: string;
  version: string;
  read(name: FileName): Bytes | Promise<Bytes>;
  /** A core without a policy. */
  open(wasm: Bytes): Promise<Deciding>;
  /** The runtime's own, where it has a faster one. */
  sha256Hex?: (bytes: Uint8Array) => string;
}

const NEWLINE = 10;
const HASH_BYTES = 32;
const decoder = new TextDecoder();

export async function figuresOf(of: Runtime): Promise<Figures> {
  const wasm = await of.read("core.wasm");
  const [file, trust] = [await of.read("policy.fplb"), await of.read("trust.json")];
  const settings = JSON.parse(decoder.decode(await of.read("settings.json"))) as Settings;
  const lines = await of.read("actions.jsonl");
  const beginMs = performance.now();
  const core = await of.open(wasm);
  loadSigned(core, file, { trust: trustOf(trust), nowMs: settings.nowMs, ...hashOf(of) });
  const loadedMs = performance.now();
  core.decide(lines.subarray(0, lines.indexOf(NEWLINE)));
  const decidedMs = performance.now();
  const actions = linesOf(lines);
  const plain = rate(() => decide(core, actions), settings);
  const chained = rate(() => record(core, actions).permitted, settings);
  return {
    runtime: of.runtime,
    version: of.version,
    loadMs: loadedMs - beginMs,
    firstMs: decidedMs - startedMs,
    decisionsPerSecond: plain.passesPerSecond * actions.length,
    recordedPerSecond: chained.passesPerSecond * actions.length,
    decisions: (plain.passes + chained.passes) * actions.length,
    permitted: plain.permitted + chained.permitted,
    tip: record(core, actions).tip,
  };
}

const hashOf = ({ sha256Hex }: Runtime) => (sha256Hex === undefined ? {} : { sha256Hex });

/** Throws for a trust file that is refused. */
export function trustOf(text: Uint8Array): TrustFile {
  const parsed = parseTrustFile(text);
  if (!parsed.ok) throw new Error(`the trust file is refused: ${parsed.code}`);
  return parsed.trust;
}

type Verification = Omit<Exclude<LoadOptions, { insecure: true }>, "highest" | "insecure">;

/** Verifies, and loads what was verified. Throws for what is refused. */
export function loadSigned(core: Pick<Core, "load">, file: Uint8Array, verification: Verification): void {
  const verified = load(file, { ...verification, highest: null });
  if (!verified.ok) throw new Error(`the bundle is refused: ${verified.code}`);
  const loaded = core.load(verified.bundle, { signed: true });
  if (!loaded.ok) throw new Error(`the core refuses the bundle: ${loaded.code}`);
}

/** Views of the lines, without their newlines, which all have. */
export function linesOf(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let begin = 0; begin < bytes.length; ) {
    const end = bytes.indexOf(NEWLINE, begin);
    lines.push(bytes.subarray(begin, end));
    begin = end + 1;
  }
  return lines;
}

/** One pass; how many are permitted. */
export function decide(core: Pick<Core, "decide">, actions: readonly Uint8Array[]): number {
  let permitted = 0;
  for (const action of actions) if (core.decide(action).effect === "permit") permitted++;
  return permitted;
}

/** One pass, each record chained to the one before. */
export function record(core: Pick<Core, "decideRecorded">, actions: readonly Uint8Array[]) {
  let previous: Uint8Array = new Uint8Array(HASH_BYTES);
  let permitted = 0;
  for (const [sequence, action] of actions.entries()) {
    const { verdict, hash } = core.decideRecorded(action, undefined, { sequence, previous });
    if (verdict.effect === "permit") permitted++;
    previous = hash;
  }
  return { permitted, tip: Array.from(previous, (byte) => byte.toString(16).padStart(2, "0")).join("") };
}

/** Whole passes until the sample is full, after others that warm up. */
function rate(pass: () => number, { warmUpMs, sampleMs }: Settings) {
  const warm = passesFor(pass, warmUpMs);
  const sample = passesFor(pass, sampleMs);
  return {
    passes: warm.passes + sample.passes,
    permitted: warm.permitted + sample.permitted,
    passesPerSecond: (sample.passes * 1_000) / sample.elapsedMs,
  };
}

function passesFor(pass: () => number, leastMs: number) {
  const beginMs = performance.now();
  let passes = 0;
  let permitted = 0;
  let elapsedMs = 0;
  while (elapsedMs < leastMs) {
    permitted += pass();
    passes++;
    elapsedMs = performance.now() - beginMs;
  }
  return { passes, permitted, elapsedMs };
}
