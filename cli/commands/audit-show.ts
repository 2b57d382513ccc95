import { setTimeout as wait } from "node:timers/promises";
import type { SealedRecord } from "../../control/ports.ts";
import { endOf, keptFrom, LogFollower } from "../../hosts/node/log/index.ts";
import { wholeNumber } from "../arguments.ts";
import type { Invocation } from "../command.ts";
import { CommandError, EXIT_FINDINGS, EXIT_OK, misuse, refused } from "../errors.ts";
import { print, printJson, report } from "../io.ts";
import {
  type AuditRow,
  auditPage,
  auditTable,
  countRow,
  emptyStats,
  ranked,
  rowOf,
  statsText,
} from "../report/audit.ts";
import { EXPORT_FORMATS, type ExportFormat, exportHeading, exportRecord } from "../report/audit-export.ts";
import { printableJson, styleFor } from "../style.ts";
import { readFilter } from "./audit-filter.ts";
import { asCommandError, eachRecord, isFolder, mustBeFolder } from "./audit-source.ts";

const POLL_MS = 250;
const TAIL = 10;
const width = (): number => Math.min(process.stdout.columns ?? 120, 200);

function readLimit(invocation: Invocation, otherwise: number): number {
  const text = invocation.value("limit");
  return text === null ? otherwise : wholeNumber("limit", text, 1, 1_000_000_000);
}

/** What was found before a fault is shown, then the fault. */
async function untilFault(work: () => Promise<void>): Promise<CommandError | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (error instanceof CommandError && error.exit === EXIT_FINDINGS) return error;
    throw error;
  }
}

function faultJson(fault: CommandError | null): { place: string | null; message: string } | null {
  return fault === null ? null : { place: fault.place, message: fault.message };
}

/** `audit show LOG N|HASH`. */
export async function show(path: string, wanted: string, invocation: Invocation): Promise<number> {
  const byHash = /^[0-9a-f]{8,64}$/.test(wanted) && !/^\d{1,15}$/.test(wanted);
  if (!byHash && !/^\d{1,15}$/.test(wanted)) {
    throw misuse(
      `no record is named \`${wanted}\``,
      "its sequence number, or at least 8 digits of its hash in lower case",
    );
  }
  let found: SealedRecord | null = null;
  const from = byHash ? 0 : Number(wanted);
  await eachRecord(
    path,
    { from: byHash ? firstOf(path) : from, partial: invocation.flag("partial") },
    (one) => {
      if (byHash ? Buffer.from(one.hash).toString("hex").startsWith(wanted) : one.sequence === from)
        found = one;
      return found === null;
    },
  );
  if (found === null)
    throw refused(path, `there is no record ${wanted}`, "`faramesh audit ls` lists the records");
  const row = rowOf(found);
  if (invocation.flag("json")) await printJson(row);
  else await print(auditPage(row, styleFor(process.stdout)));
  return EXIT_OK;
}

/** Of a log whose oldest records were removed, where it begins. */
function firstOf(path: string): number {
  if (!isFolder(path)) return 0;
  try {
    return keptFrom(path);
  } catch (error) {
    throw asCommandError(path, error);
  }
}

/** `audit ls LOG`. */
export async function list(path: string, invocation: Invocation): Promise<number> {
  const limit = readLimit(invocation, Number.MAX_SAFE_INTEGER);
  const isWanted = readFilter(invocation);
  const rows: AuditRow[] = [];
  const options = { from: firstOf(path), partial: invocation.flag("partial") };
  const fault = await untilFault(() =>
    eachRecord(path, options, (sealed) => {
      const row = rowOf(sealed);
      if (isWanted(row)) rows.push(row);
      if (rows.length > 2 * limit) rows.splice(0, rows.length - limit);
      return true;
    }),
  );
  const shown = rows.slice(-limit);
  if (invocation.flag("json"))
    await printJson({ ok: fault === null, records: shown, fault: faultJson(fault) });
  else await print(auditTable(shown, width(), styleFor(process.stdout)));
  return fault === null ? EXIT_OK : report(fault);
}

/** `audit tail LOG`. */
export async function tail(path: string, invocation: Invocation): Promise<number> {
  mustBeFolder(path);
  const limit = readLimit(invocation, TAIL);
  const json = invocation.flag("json");
  const style = styleFor(process.stdout);
  const lines = (rows: readonly AuditRow[], heading: boolean): string => {
    if (json) return rows.map((row) => `${printableJson(JSON.stringify(row))}\n`).join("");
    const text = auditTable(rows, width(), style);
    return heading ? text : text.slice(text.indexOf("\n") + 1);
  };
  try {
    const follower = new LogFollower(path, Math.max(keptFrom(path), endOf(path) - limit));
    await print(lines(follower.poll().slice(-limit).map(rowOf), true));
    while (invocation.flag("follow")) {
      await wait(POLL_MS);
      const rows = follower.poll().map(rowOf);
      if (rows.length > 0) await print(lines(rows, false));
    }
    return EXIT_OK;
  } catch (error) {
    throw asCommandError(path, error);
  }
}

/** `audit stats LOG`. */
export async function stats(path: string, invocation: Invocation): Promise<number> {
  const isWanted = readFilter(invocation);
  const counted = emptyStats();
  const options = { from: firstOf(path), partial: invocation.flag("partial") };
  const fault = await untilFault(() =>
    eachRecord(path, options, (sealed) => {
      const row = rowOf(sealed);
      if (isWanted(row)) countRow(counted, row);
      return true;
    }),
  );
  if (invocation.flag("json")) {
    const { records, from, to, effect, code, agent, tool, type } = counted;
    const counts = { effect, code, agent, tool, type };
    const entries = Object.entries(counts).map(([name, one]) => [name, Object.fromEntries(ranked(one))]);
    await printJson({
      ok: fault === null,
      records,
      from,
      to,
      ...Object.fromEntries(entries),
      fault: faultJson(fault),
    });
  } else await print(statsText(counted, styleFor(process.stdout)));
  return fault === null ? EXIT_OK : report(fault);
}

/** `audit export LOG`. */
export async function exportLog(path: string, invocation: Invocation): Promise<number> {
  const format = (invocation.value("format") ?? EXPORT_FORMATS[0]) as ExportFormat;
  const isWanted = readFilter(invocation);
  let text = exportHeading(format);
  const options = { from: firstOf(path), partial: invocation.flag("partial") };
  const fault = await untilFault(() =>
    eachRecord(path, options, async (sealed) => {
      if (!isWanted(rowOf(sealed))) return true;
      text += exportRecord(format, sealed);
      if (text.length > 65_536) {
        await print(text);
        text = "";
      }
      return true;
    }),
  );
  await print(text);
  return fault === null ? EXIT_OK : report(fault);
}
