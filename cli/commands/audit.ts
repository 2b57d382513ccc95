import { createReadStream } from "node:fs";
import { bytesToHex } from "@noble/hashes/utils.js";
import { MAX_LINE_BYTES } from "../../control/audit/line.ts";
import { type KnownHead, type LogReport, LogVerifier } from "../../control/audit/verify.ts";
import { wholeNumber } from "../arguments.ts";
import { LineSplitter } from "../calls.ts";
import { type Command, type Invocation, JSON_OUTPUT } from "../command.ts";
import { EXIT_FINDINGS, EXIT_OK, misuse } from "../errors.ts";
import { cannotRead, Progress, placeName, print, printError, printJson } from "../io.ts";
import { type AuditRow, auditTable } from "../report/audit.ts";
import { styleFor } from "../style.ts";

const EFFECTS = ["permit", "defer", "deny"] as const;

/** Verifies a log as a stream; `onLine` gets each line, verified or not, with its number. */
async function readLog(
  path: string,
  head: KnownHead | null,
  onLine: ((text: Uint8Array, number: number) => void) | null,
): Promise<LogReport> {
  const verifier = new LogVerifier({ head });
  const splitter = onLine === null ? null : new LineSplitter(MAX_LINE_BYTES);
  const progress = new Progress("verifying bytes");
  let bytes = 0;
  try {
    const stream = path === "-" ? process.stdin : createReadStream(path, { highWaterMark: 1 << 20 });
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      for (const { text, number } of splitter?.push(chunk) ?? []) onLine!(text, number);
      bytes += chunk.length;
      progress.update(bytes);
      if (!verifier.push(chunk)) break;
    }
  } catch (error) {
    throw cannotRead(placeName(path), error);
  } finally {
    progress.end();
  }
  return verifier.finish();
}

function readHead(invocation: Invocation): KnownHead | null {
  const text = invocation.value("head");
  if (text === null) return null;
  const match = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text);
  if (match === null)
    throw misuse(
      `\`--head\` cannot be \`${text}\``,
      "SEQUENCE:HASH, as an earlier `faramesh audit verify` printed it",
    );
  return { sequence: Number(match[1]), hash: match[2]! };
}

function headOf({ records, tip }: LogReport): { sequence: number; hash: string } | null {
  return records === 0 || tip === null
    ? null
    : { sequence: tip.sequence - 1, hash: bytesToHex(tip.previous) };
}

function faultText(path: string, { fault }: LogReport): string {
  const style = styleFor(process.stderr);
  const { line, offset, message, code, help } = fault!;
  const place = `${placeName(path)}:${line}`;
  return `faramesh: ${place}: ${style.bold(style.red("error"))}: ${message} (${code}, byte ${offset})\n  ${style.cyan("help")}: ${help}\n`;
}

async function verify(path: string, invocation: Invocation): Promise<number> {
  const report = await readLog(path, readHead(invocation), null);
  const head = headOf(report);
  const exit = report.fault === null ? EXIT_OK : EXIT_FINDINGS;
  if (invocation.flag("json")) {
    await printJson({ ok: report.fault === null, records: report.records, head, fault: report.fault });
    return exit;
  }
  const style = styleFor(process.stdout);
  const count = `${report.records} record${report.records === 1 ? "" : "s"}`;
  if (report.fault !== null) {
    await print(`${style.red("✗")} ${placeName(path)}: ${count} verified, then a fault\n`);
    printError(faultText(path, report));
    return exit;
  }
  const last = head === null ? "" : `\nhead ${head.sequence}:${head.hash}`;
  await print(`${style.green("✓")} ${placeName(path)}: ${count}, the chain holds${last}\n`);
  return exit;
}

async function show(path: string, invocation: Invocation): Promise<number> {
  const limitText = invocation.value("limit");
  const limit =
    limitText === null ? Number.MAX_SAFE_INTEGER : wholeNumber("limit", limitText, 1, 1_000_000_000);
  const effects = invocation.values("effect");
  const agents = invocation.values("agent");
  const rows: { number: number; row: AuditRow }[] = [];
  const report = await readLog(path, null, (text, number) => {
    const row = parseRow(text);
    if (row === null) return;
    if (effects.length > 0 && !effects.includes(row.record.effect)) return;
    if (agents.length > 0 && !agents.includes(row.record.action?.agent ?? "")) return;
    rows.push({ number, row });
    if (rows.length > 2 * limit) rows.splice(0, rows.length - limit);
  });
  const verified = rows.filter(({ number }) => number <= report.records).map(({ row }) => row);
  const shown = verified.slice(-limit);
  if (invocation.flag("json"))
    await printJson({ ok: report.fault === null, records: shown, fault: report.fault });
  else await print(auditTable(shown, Math.min(process.stdout.columns ?? 120, 200), styleFor(process.stdout)));
  if (report.fault === null) return EXIT_OK;
  if (!invocation.flag("json")) printError(faultText(path, report));
  return EXIT_FINDINGS;
}

/** Null for a line that is no JSON: the verifier names it. */
function parseRow(text: Uint8Array): AuditRow | null {
  try {
    const row = JSON.parse(new TextDecoder().decode(text)) as AuditRow | null;
    return typeof row?.record?.effect === "string" ? row : null;
  } catch {
    return null;
  }
}

export const audit: Command = {
  name: "audit",
  summary: "verify or show a log of decision records",
  description: `verify checks every record: its form, its sequence number, and that its hash follows from its bytes and the record before it.
show prints the records that verify. A log cut off at its end still verifies: keep the head that verify prints, and give it
back with --head.`,
  operands: [
    { name: "ACTION", minimum: 1, maximum: 1, choices: ["verify", "show"], help: "verify or show" },
    { name: "LOG", minimum: 1, maximum: 1, help: "the log, or -" },
  ],
  options: [
    { name: "head", value: "SEQUENCE:HASH", help: "verify: this record must be in the log" },
    { name: "limit", short: "n", value: "N", help: "show: the last N that match" },
    {
      name: "effect",
      value: "EFFECT",
      multiple: true,
      choices: EFFECTS,
      help: "show: only permit, defer or deny",
    },
    { name: "agent", short: "a", value: "NAME", multiple: true, help: "show: only calls of this agent" },
    JSON_OUTPUT,
  ],
  examples: [
    { command: "faramesh audit verify decisions.log", text: "has anybody altered it?" },
    { command: "faramesh audit show decisions.log --effect deny --limit 20", text: "the last refusals" },
  ],
  exits: { ok: "the whole log verifies", findings: "it does not; the first fault is named" },
  async run(invocation) {
    const [action, path] = invocation.operands as [string, string];
    return action === "verify" ? verify(path, invocation) : show(path, invocation);
  },
};
