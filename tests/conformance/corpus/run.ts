/** Runs the corpus on a core and sums up what it gives. For any runtime: no file, no clock, no `node:` import. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { load as loadFile } from "../../../bundles/load.ts";
import { lineOf } from "./line-form.ts";
import type { Header, Line, OpenLine } from "./lines.ts";
import { type Load, type Opened, type Opening, type Played, type PlayedCore, Player } from "./player.ts";

export interface Runtime {
  /** A core without a bundle. */
  openCore(): Promise<PlayedCore> | PlayedCore;
  /** That of bundles/load.ts when left out. */
  load?: Load;
  /**
   * Opens a file that must be refused as the host's own users do; what it says counts. Null: the host has no way to be asked this.
   * Left out by what is a core and no host: there the player says what a host would.
   */
  open?(opening: Opening): Promise<Opened | null>;
}

/** The first place where something else came than the corpus says. */
export interface CorpusDifference {
  /** From 1. */
  line: number;
  /** Of the nearest line at or before that one which has a title. */
  title: string;
  what: "core" | "code" | "hash" | "expect" | "coreCode" | "decisions" | "refusals" | "result" | "failure";
  expected: string;
  found: string;
}

export interface CorpusOutcome {
  core: string;
  result: string;
  decisions: number;
  refusals: number;
  /** Null: all came as the corpus says. */
  difference: CorpusDifference | null;
}

const LF = Uint8Array.of(0x0a);
const HASH_DIGITS = 16;
const encoder = new TextEncoder();

/** What goes into the result: README.md "The result". */
export class Tally {
  readonly #hash = sha256.create();
  decisions = 0;
  refusals = 0;

  add(played: Played): void {
    if (played.kind === "opened" && played.code !== "ok") {
      this.refusals++;
      const { code, coreCode } = played;
      this.#hash.update(encoder.encode(coreCode === null ? code : `${code} ${coreCode}`)).update(LF);
    }
    if (played.kind !== "decided") return;
    this.decisions++;
    this.#hash.update(played.verdict).update(LF);
    if (played.recorded !== null)
      this.#hash.update(played.recorded.record).update(LF).update(played.recorded.hash);
  }

  /** Hex. Once. */
  result(): string {
    return bytesToHex(this.#hash.digest());
  }
}

/** The first digits of a record's hash, as a line has them. */
export const shortHash = (hash: Uint8Array): string => bytesToHex(hash).slice(0, HASH_DIGITS);

type Found = Pick<CorpusDifference, "what" | "expected" | "found">;

function compareOpened(line: OpenLine, { code, coreCode }: Opened): Found | null {
  if (line.expect !== code) return { what: "expect", expected: line.expect, found: code };
  const expected = line.coreCode ?? null;
  return expected === coreCode ? null : { what: "coreCode", expected: `${expected}`, found: `${coreCode}` };
}

function compare(line: Line, played: Played): Found | null {
  if (played.kind === "opened" && "expect" in line) return compareOpened(line, played);
  if (played.kind !== "decided" || !("code" in line)) return null;
  if (line.code !== played.code) return { what: "code", expected: line.code, found: played.code };
  const hash = played.recorded === null ? undefined : shortHash(played.recorded.hash);
  return line.hash === hash ? null : { what: "hash", expected: `${line.hash}`, found: `${hash}` };
}

function compareSums(header: Header, sums: Omit<CorpusOutcome, "difference">): Found | null {
  for (const what of ["core", "decisions", "refusals", "result"] as const) {
    if (header[what] !== sums[what]) return { what, expected: `${header[what]}`, found: `${sums[what]}` };
  }
  return null;
}

async function playOn(runtime: Runtime, player: Player, line: Line): Promise<Played> {
  const played = player.play(line);
  if (runtime.open === undefined || !("expect" in line)) return played;
  if (played.kind !== "opened" || played.code === "ok") return played;
  const opened = await runtime.open(player.opening(line));
  return opened === null ? played : { kind: "opened", ...opened };
}

/**
 * @param text the whole corpus.
 * Goes on behind a difference, so that the result is always that of all lines; ends at a line that cannot be played.
 */
export async function runCorpus(runtime: Runtime, text: string): Promise<CorpusOutcome> {
  const core = await runtime.openCore();
  const player = new Player(core, runtime.load ?? loadFile);
  const tally = new Tally();
  const lines = text.split("\n");
  let header: Header | null = null;
  let title = "";
  let difference: CorpusDifference | null = null;
  const note = (line: number, found: Found | null): void => {
    if (found !== null) difference ??= { line, title, ...found };
  };
  for (const [index, json] of lines.entries()) {
    if (json === "") continue;
    try {
      const line = lineOf(json);
      title = line.title ?? title;
      if (line.kind === "header") header = line;
      const played = await playOn(runtime, player, line);
      tally.add(played);
      note(index + 1, compare(line, played));
    } catch (error) {
      note(index + 1, { what: "failure", expected: "a line that can be played", found: String(error) });
      break;
    }
  }
  const { decisions, refusals } = tally;
  const sums = { core: bytesToHex(core.engineDigest), result: tally.result(), decisions, refusals };
  if (header === null)
    note(1, { what: "failure", expected: "a header", found: "a corpus that begins without one" });
  else note(1, compareSums(header, sums));
  return { ...sums, difference };
}
