import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { openLog, type SegmentedLog } from "../../hosts/node/log/index.ts";
import { type Call, type HostFacts, type Line, LineSplitter, readCall } from "../calls.ts";
import type { Command, Invocation } from "../command.ts";
import { isRefusedInput, type Verdict } from "../core.ts";
import { type Decider, ENVELOPES, PlaneDecider, StatelessDecider, TrialDecider } from "../decider.ts";
import { CommandError, EXIT_FINDINGS, EXIT_MISUSE, EXIT_OK, misuse } from "../errors.ts";
import { cannotRead, Progress, placeName, print, printError } from "../io.ts";
import { keptIn, NO_SALTS, saltsOfKey } from "../keeping.ts";
import { AGENT, FOLDER, INSECURE, LEDGER, NOW, SALT_KEY, TRUST } from "../options.ts";
import { withDecidingPlane } from "../plane.ts";
import { type Opened, openPolicy } from "../policy.ts";
import { type DecidedRow, verdictLine, verdictTable } from "../report/verdicts.ts";
import { isStateful } from "../state/memory.ts";
import { styleFor } from "../style.ts";
import { Trial } from "../trial.ts";

/** Above what the core accepts for action and facts together: a longer line is cut there, and refused by the core. */
const MAX_CALL_BYTES = 4 * 1024 * 1024;
const SALT_BYTES = 16;

/** A record that redacts needs a salt; a random one hides the values for good. */
function hostFacts(invocation: Invocation, recordsRedactions: boolean): HostFacts {
  return {
    agent: invocation.value("agent"),
    time: invocation.flag("now") ? Date.now() : null,
    salt: recordsRedactions ? randomBytes(SALT_BYTES).toString("hex") : null,
  };
}

async function openLogOrFail(path: string | null): Promise<SegmentedLog | null> {
  if (path === null) return null;
  const opened = await openLog(path);
  if (opened.ok) return opened.log;
  const exit = opened.code === "log_bad_tail" || opened.code === "log_damaged" ? EXIT_FINDINGS : EXIT_MISUSE;
  throw new CommandError(exit, opened.message, { place: path, help: opened.help });
}

async function* callLines(path: string): AsyncGenerator<Line[]> {
  const splitter = new LineSplitter(MAX_CALL_BYTES);
  try {
    const stream = path === "-" ? process.stdin : createReadStream(path);
    for await (const chunk of stream as AsyncIterable<Uint8Array>) yield [...splitter.push(chunk)];
  } catch (error) {
    throw error instanceof CommandError ? error : cannotRead(placeName(path), error);
  }
  yield [...splitter.end()];
}

/** Of a line that was cut nothing is taken for a call: its beginning is over the core's limit. */
function callOf({ text, whole }: Line, host: HostFacts): Call {
  return whole ? readCall(text, host) : { action: text, facts: null };
}

function actionOf(call: Call, verdict: Verdict): DecidedRow["action"] {
  if (isRefusedInput(verdict)) return null;
  return JSON.parse(new TextDecoder().decode(call.action)) as { tool: string; args: unknown; http?: unknown };
}

/** Calls that are decided together: they share one write to the log. */
const BATCH = 256;

function* batches<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let start = 0; start < items.length; start += BATCH) yield items.slice(start, start + BATCH);
}

async function decideAll(callsPath: string, decider: Decider, invocation: Invocation) {
  const asTable = invocation.flag("table");
  const progress = new Progress("decided");
  const rows: DecidedRow[] = [];
  let refused = false;
  for await (const lines of callLines(callsPath)) {
    for (const batch of batches(lines)) {
      const calls = batch.map((line) => callOf(line, hostFacts(invocation, decider.needsSalt)));
      const decided = await decider.decide(
        calls,
        batch.map(({ number }) => number),
      );
      refused ||= decided.some(({ verdict }) => isRefusedInput(verdict));
      if (asTable) {
        decided.forEach(({ verdict }, index) => {
          rows.push({ line: batch[index]!.number, verdict, action: actionOf(calls[index]!, verdict) });
        });
      } else {
        await print(decided.map(({ verdict, extra }) => `${verdictLine(verdict, extra)}\n`).join(""));
      }
      if (asTable || process.stdout.isTTY !== true) progress.update(batch.at(-1)!.number);
    }
  }
  progress.end();
  return { rows, refused };
}

export const decide: Command = {
  name: "decide",
  summary: "decide calls, one line each",
  description: `Reads one call a line and writes one verdict a line, in order. A line is either the action itself,
  {"agent": "support", "tool": "stripe/refund", "args": {"amount": 20}}
or an envelope, whose other fields are what the host knows and the agent must not say of itself:
  {"action": {…}, "principal": {…}, "purpose": …, "phase": …, "model": …, "selectors": {…}, "time": …}
Only a host may write envelopes: never pass on a line that an agent composed as a whole.

With --folder what calls spend is remembered, sessions must be open, and the line has \`sequence\`, \`hash\` and \`reservation\` of its record.
Time and salt are the control plane's then; purpose and phase are the session's. Without, a policy that remembers calls is tried on a
fresh state.

A bundle needs --trust or --insecure. Sources are compiled in memory and count as unsigned.`,
  operands: [
    { name: "POLICY", minimum: 1, maximum: 1, help: "bundle, or policy file or folder" },
    { name: "CALLS", minimum: 0, maximum: 1, help: "file of calls, or - for standard input (-)" },
  ],
  options: [
    AGENT,
    TRUST,
    INSECURE,
    { name: "trace", help: "add to each line the steps, rules and conditions that led to it" },
    {
      ...FOLDER,
      help: "decide through the control plane of this folder: state is kept, records are durable before their verdicts are written",
    },
    LEDGER,
    SALT_KEY,
    {
      name: "log",
      value: "DIR",
      help: "append a record of each decision to the log in this folder; for policies that remember nothing",
    },
    { name: "table", help: "write a table for people instead of JSON lines" },
    NOW,
  ],
  examples: [
    {
      command: "faramesh decide policy.fplb --trust trust.json < calls.jsonl",
      text: "decide with a signed policy",
    },
    { command: "faramesh decide policy.fpl calls.jsonl --agent payments --table", text: "try a policy out" },
    {
      command: "faramesh decide policy.fplb --trust trust.json --folder plane < calls.jsonl",
      text: "and keep records and state",
    },
  ],
  exits: {
    ok: "every line was a call, whatever its verdict",
    findings: "a line was refused as malformed, or the policy or bundle was",
  },
  async run(invocation) {
    const [path, callsPath = "-"] = invocation.operands as [string, string | undefined];
    checkOptions(invocation);
    if (callsPath === "-" && process.stdin.isTTY === true) {
      printError("reading calls from the terminal, one a line; end with Ctrl-D\n");
    }
    if (keptIn(invocation) !== null) {
      const salts = saltsOfKey(invocation);
      const options = { create: true, operate: true, identify: ENVELOPES, salts };
      return withDecidingPlane(path, invocation, options, async (plane) => {
        if (plane.via === "ledger" && salts === NO_SALTS && plane.opened.ir.redacts.length > 0)
          throw misuse(
            "the policy redacts, and `--salt-key` is missing",
            "name the key that all processes share",
          );
        const decider = new PlaneDecider(plane, invocation.value("agent"));
        return decideCalls(callsPath, plane.opened, decider, invocation);
      });
    }
    const opened = await openPolicy(path, {
      trust: invocation.value("trust"),
      insecure: invocation.flag("insecure"),
    });
    const trace = invocation.flag("trace");
    if (isStateful(opened.ir)) {
      if (invocation.value("log") !== null) {
        throw misuse(
          "`--log` keeps no state, and this policy remembers calls",
          "`--folder DIR` keeps the log and the state",
        );
      }
      printError(FRESH);
      return decideCalls(callsPath, opened, new TrialDecider(new Trial(opened), trace), invocation);
    }
    const log = await openLogOrFail(invocation.value("log"));
    try {
      return await decideCalls(callsPath, opened, new StatelessDecider(opened, log, trace), invocation);
    } finally {
      await log?.close();
    }
  },
};

const FRESH = `faramesh: this policy remembers calls: they are decided on a fresh state, which is gone with the command
  A session is opened by its first call. \`--folder DIR\` keeps log and state.
`;

function checkOptions(invocation: Invocation): void {
  const both = (left: string, right: string, help: string): void => {
    const given = (name: string) => invocation.values(name).length > 0;
    if (given(left) && given(right))
      throw misuse(`\`--${left}\` and \`--${right}\` exclude each other`, help);
  };
  both("table", "trace", "`faramesh explain` shows the trace of one call");
  both("folder", "trace", "`faramesh explain --folder` shows the trace of one call");
  both("folder", "log", "the folder has a log of its own");
  both("folder", "now", "with a folder every call has the present time");
  both("ledger", "trace", "`faramesh explain --ledger` shows the trace of one call");
  both("ledger", "log", "the database has a log of its own");
  both("ledger", "now", "with a database every call has the present time");
  both("folder", "salt-key", "the folder has a key of its own");
}

async function decideCalls(
  callsPath: string,
  opened: Opened,
  decider: Decider,
  invocation: Invocation,
): Promise<number> {
  const { rows, refused } = await decideAll(callsPath, decider, invocation);
  if (invocation.flag("table")) {
    const width = Math.min(process.stdout.columns ?? 120, 200);
    await print(verdictTable(rows, opened.display, width, styleFor(process.stdout)));
  }
  return refused ? EXIT_FINDINGS : EXIT_OK;
}
