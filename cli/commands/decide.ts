import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import type { SealedRecord } from "../../control/ports.ts";
import { LogFailure, openLog, type SegmentedLog } from "../../hosts/node/log/index.ts";
import { type Call, type HostFacts, type Line, LineSplitter, readCall } from "../calls.ts";
import type { Command, Invocation } from "../command.ts";
import { decide as decideCall, decideRecorded, decideTraced, isRefusedInput, type Verdict } from "../core.ts";
import { CommandError, EXIT_FINDINGS, EXIT_MISUSE, EXIT_OK, misuse } from "../errors.ts";
import { cannotRead, Progress, placeName, print, printError } from "../io.ts";
import { AGENT, INSECURE, NOW, TRUST } from "../options.ts";
import { type Opened, openPolicy } from "../policy.ts";
import { explanationJson } from "../report/explanation.ts";
import { type DecidedRow, verdictLine, verdictTable } from "../report/verdicts.ts";
import { styleFor } from "../style.ts";

/** Above what the core accepts for action and facts together: a longer line is cut there, and refused by the core. */
const MAX_CALL_BYTES = 4 * 1024 * 1024;
const SALT_BYTES = 16;

interface Decided {
  verdict: Verdict;
  extra: Record<string, unknown>;
}

/** Decides calls: records them when there is a log, before their verdicts are shown. */
class Decider {
  readonly #opened: Opened;
  readonly #log: SegmentedLog | null;
  readonly #trace: boolean;

  constructor(opened: Opened, log: SegmentedLog | null, trace: boolean) {
    this.#opened = opened;
    this.#log = log;
    this.#trace = trace;
  }

  /** Whether records are kept that redact something. */
  get needsSalt(): boolean {
    return this.#log !== null && this.#opened.ir.redacts.length > 0;
  }

  /** One write to the log for all of them. */
  async decide(calls: readonly Call[]): Promise<Decided[]> {
    const { core } = this.#opened;
    const log = this.#log;
    if (log === null)
      return calls.map((call) => ({ verdict: decideCall(core, call), extra: this.#extra(call) }));
    const start = await log.tip();
    let tip = start;
    const records: SealedRecord[] = [];
    const decided = calls.map((call) => {
      const { verdict, record, hash } = decideRecorded(core, call, tip);
      records.push({ sequence: tip.sequence, record, hash });
      tip = { sequence: tip.sequence + 1, previous: hash };
      return { verdict, extra: this.#extra(call) };
    });
    try {
      const appended = await log.append(start, records);
      if (!appended.ok) throw new LogFailure("log_changed", log.folder);
    } catch (error) {
      if (!(error instanceof LogFailure)) throw error;
      throw new CommandError(EXIT_MISUSE, error.message, { place: log.folder, help: error.help });
    }
    return decided;
  }

  #extra(call: Call): Record<string, unknown> {
    if (!this.#trace) return {};
    const { core, ir } = this.#opened;
    return { trace: explanationJson(decideTraced(core, ir, call)).steps };
  }
}

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
      const decided = await decider.decide(calls);
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
      name: "log",
      value: "DIR",
      help: "append a record of each decision to the log in this folder, durable before its verdict is written",
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
      command: "faramesh decide policy.fplb --trust trust.json --log records < calls.jsonl",
      text: "and keep the records",
    },
  ],
  exits: {
    ok: "every line was a call, whatever its verdict",
    findings: "a line was refused as malformed, or the policy or bundle was",
  },
  async run(invocation) {
    const [path, callsPath = "-"] = invocation.operands as [string, string | undefined];
    if (invocation.flag("table") && invocation.flag("trace")) {
      throw misuse(
        "`--table` and `--trace` exclude each other",
        "`faramesh explain` shows the trace of one call",
      );
    }
    const opened = await openPolicy(path, {
      trust: invocation.value("trust"),
      insecure: invocation.flag("insecure"),
    });
    if (callsPath === "-" && process.stdin.isTTY === true) {
      printError("reading calls from the terminal, one a line; end with Ctrl-D\n");
    }
    const log = await openLogOrFail(invocation.value("log"));
    try {
      const { rows, refused } = await decideAll(
        callsPath,
        new Decider(opened, log, invocation.flag("trace")),
        invocation,
      );
      if (invocation.flag("table")) {
        await print(
          verdictTable(
            rows,
            opened.display,
            Math.min(process.stdout.columns ?? 120, 200),
            styleFor(process.stdout),
          ),
        );
      }
      return refused ? EXIT_FINDINGS : EXIT_OK;
    } finally {
      await log?.close();
    }
  },
};
