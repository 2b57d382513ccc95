import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { RECORDS_NAME, SALT_KEY_NAME } from "../../hosts/node/control.ts";
import { keptFrom } from "../../hosts/node/log/index.ts";
import { createSalts } from "../../hosts/node/salt-key.ts";
import { type Command, type Invocation, JSON_OUTPUT } from "../command.ts";
import { EXIT_FINDINGS, EXIT_OK, misuse, refused } from "../errors.ts";
import { Progress, placeName, print, printJson, readText } from "../io.ts";
import { openUnverified } from "../policy.ts";
import { Backtest, type ChangedVerdict } from "../replay/backtest.ts";
import { ReplayPolicies } from "../replay/policies.ts";
import type { Original } from "../replay/record.ts";
import { type Difference, Replay } from "../replay/replay.ts";
import { backtestText, differenceText, replayText } from "../report/replay.ts";
import { styleFor } from "../style.ts";
import { asCommandError, eachRecord, isFolder } from "./audit-source.ts";

const MAX_ACTIONS_BYTES = 256 * 1024 * 1024;

/** A log, or the folder of a control plane that holds one. */
interface Source {
  path: string;
  saltKey: Uint8Array | null;
  /** Sequence of the first record that is kept. */
  first: number;
}

function openSource(path: string): Source {
  const records = join(path, RECORDS_NAME);
  const isPlane = path !== "-" && existsSync(records);
  const log = isPlane ? records : path;
  if (!isFolder(log)) return { path, saltKey: null, first: 0 };
  try {
    const key = join(path, SALT_KEY_NAME);
    const saltKey = isPlane && existsSync(key) ? new Uint8Array(readFileSync(key)) : null;
    return { path: log, saltKey, first: keptFrom(log) };
  } catch (error) {
    throw asCommandError(path, error);
  }
}

/** Lines `{"sequence": 4, "action": {…}, "salt": "…"}`; the salt may be left out where the folder has the key. */
function readOriginals(path: string | null): Map<number, Original> {
  const originals = new Map<number, Original>();
  if (path === null) return originals;
  for (const [index, line] of readText(path, MAX_ACTIONS_BYTES).split("\n").entries()) {
    if (line.trim() === "") continue;
    const place = `${placeName(path)}:${index + 1}`;
    let value: { sequence?: unknown; action?: unknown; salt?: unknown } | null;
    try {
      value = JSON.parse(line) as typeof value;
    } catch {
      throw refused(place, "it is no JSON", 'each line is {"sequence": 4, "action": {…}, "salt": "…"}');
    }
    const { sequence, action, salt = null } = value ?? {};
    const isWhole =
      Number.isSafeInteger(sequence) &&
      typeof action === "object" &&
      action !== null &&
      (salt === null || typeof salt === "string");
    if (!isWhole)
      throw refused(place, "it is no original", 'each line is {"sequence": 4, "action": {…}, "salt": "…"}');
    originals.set(sequence as number, {
      action: new TextEncoder().encode(JSON.stringify(action)),
      salt: salt as string | null,
    });
  }
  return originals;
}

function originalsOf(
  { saltKey }: Source,
  path: string | null,
): (sequence: number, previous: Uint8Array) => Original | null {
  const originals = readOriginals(path);
  const salts = saltKey === null ? null : createSalts(saltKey);
  return (sequence, previous) => {
    const original = originals.get(sequence);
    if (original === undefined) return null;
    return { ...original, salt: original.salt ?? salts?.at({ sequence, previous }) ?? null };
  };
}

async function replayLog(source: Source, policies: string[], invocation: Invocation): Promise<number> {
  if (policies.length === 0) {
    throw misuse(
      "POLICY is missing: the bundles that the records name",
      "or give another one with `--bundle FILE`",
    );
  }
  const known = new ReplayPolicies();
  for (const path of policies) await known.add(path);
  const originalOf = originalsOf(source, invocation.value("actions"));
  const replay = new Replay({
    coreOf: (digest, signed) => known.coreOf(digest, signed),
    originalOf,
    first: source.first,
  });
  const progress = new Progress("replayed");
  let difference: Difference | null = null;
  try {
    await eachRecord(source.path, { from: source.first, partial: false }, (record) => {
      progress.update(replay.counts.records);
      difference = replay.push(record);
      return difference === null;
    });
  } finally {
    progress.end();
  }
  const ok = difference === null;
  const style = styleFor(process.stdout);
  const place = placeName(source.path);
  if (invocation.flag("json")) await printJson({ ok, ...replay.counts, difference });
  else if (difference === null) await print(replayText(place, replay.counts, style));
  else await print(differenceText(place, difference, style));
  return ok ? EXIT_OK : EXIT_FINDINGS;
}

async function backtest(source: Source, path: string, invocation: Invocation): Promise<number> {
  const opened = await openUnverified(path);
  const test = new Backtest(opened, originalsOf(source, invocation.value("actions")));
  const changed: ChangedVerdict[] = [];
  const progress = new Progress("judged");
  try {
    await eachRecord(source.path, { from: source.first, partial: false }, (record) => {
      progress.update(test.counts.records);
      const one = test.push(record);
      if (one !== null) changed.push(one);
      return true;
    });
  } finally {
    progress.end();
  }
  if (invocation.flag("json")) {
    const { changed: _, widened, narrowed, cause, ...counts } = test.counts;
    const summary = { changed: changed.length, widened, narrowed, cause };
    await printJson({ ok: changed.length === 0, ...counts, summary, changed });
  } else {
    await print(backtestText(placeName(source.path), test.counts, changed, styleFor(process.stdout)));
  }
  return changed.length === 0 || invocation.flag("allow") ? EXIT_OK : EXIT_FINDINGS;
}

export const replay: Command = {
  name: "replay",
  summary: "decide the records of a log again, or with another policy",
  description: `Decides every record again with the policy that it names, on the state that the records before it make, and compares the bytes; events too. The first
difference is shown field by field. Policies are found by their digest, so their signatures are not asked for.

With --bundle a backtest: what another policy would have said to the same calls and events, on the state that it would have had. Every
verdict whose effect or code changes is shown.

A record whose values were redacted cannot be decided again without them: its chain and its change of state are checked all the same. A
backtest judges it where the policy does not read those values.
--actions gives originals, one JSON line each: {"sequence": 4, "action": {…}, "salt": "…"}; with the control plane's folder the salt may be left out.`,
  operands: [
    {
      name: "LOG",
      minimum: 1,
      maximum: 1,
      help: "the log's folder, the control plane's folder, or a file of records",
    },
    {
      name: "POLICY",
      minimum: 0,
      maximum: 1000,
      help: "the policies that the records name: bundles, policy files or folders",
    },
  ],
  options: [
    {
      name: "bundle",
      short: "b",
      value: "POLICY",
      help: "judge by this policy instead, and show what changes",
    },
    { name: "allow", help: "with --bundle: exit 0 also when verdicts change" },
    { name: "actions", value: "FILE", help: "originals of actions that were redacted" },
    JSON_OUTPUT,
  ],
  examples: [
    { command: "faramesh replay plane policy.fplb", text: "do the records say what this policy says?" },
    { command: "faramesh replay plane --bundle new.fpl", text: "what would a new policy have changed?" },
  ],
  exits: {
    ok: "the same bytes; with --bundle: no verdict changes",
    findings: "a record differs, or verdicts change",
  },
  async run(invocation) {
    const [path, ...policies] = invocation.operands as [string, ...string[]];
    const other = invocation.value("bundle");
    if (other === null && invocation.flag("allow"))
      throw misuse("`--allow` goes with `--bundle`", "leave it away");
    if (other !== null && policies.length > 0) {
      throw misuse(
        "`--bundle` and POLICY exclude each other",
        "a backtest reads the old verdicts from the records",
      );
    }
    const source = openSource(path);
    return other === null ? replayLog(source, policies, invocation) : backtest(source, other, invocation);
  },
};
