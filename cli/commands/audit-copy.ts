/** `audit copy`: the records of a database into a log's folder, where every other action takes them. */

import type { ChainTip, RecordLog, SealedRecord } from "../../control/ports.ts";
import { LogFailure, openLog, type SegmentedLog } from "../../hosts/node/log/index.ts";
import { StoreFailure } from "../../hosts/node/stores/failure.ts";
import type { Invocation } from "../command.ts";
import { CommandError, EXIT_FINDINGS, EXIT_MISUSE, EXIT_OK, misuse, refused } from "../errors.ts";
import { Progress, print, printJson } from "../io.ts";
import { ledgerAddress, openLedger } from "../keeping.ts";
import { styleFor } from "../style.ts";
import { asCommandError } from "./audit-source.ts";

/** Records that share one write. */
const PAGE = 1024;

async function openTarget(folder: string): Promise<SegmentedLog> {
  const opened = await openLog(folder);
  if (opened.ok) return opened.log;
  const exit = opened.code === "log_bad_tail" || opened.code === "log_damaged" ? EXIT_FINDINGS : EXIT_MISUSE;
  throw new CommandError(exit, opened.message, { place: folder, help: opened.help });
}

async function append(target: SegmentedLog, page: readonly SealedRecord[]): Promise<void> {
  const appended = await target.append(await target.tip(), page);
  if (!appended.ok) throw new LogFailure("log_changed", target.folder);
}

/** The records behind the folder's last one, which must be in the database too: else it is another log, or an older state of it. Throws CommandError. */
async function* following(log: RecordLog, tip: ChainTip, folder: string): AsyncGenerator<SealedRecord> {
  let isSame = tip.sequence === 0;
  for await (const record of log.read(Math.max(0, tip.sequence - 1))) {
    if (isSame) yield record;
    else if (Buffer.compare(record.hash, tip.previous) !== 0) break;
    isSame = true;
  }
  if (isSame) return;
  const help =
    "copy into a folder of its own; a database that ends earlier was restored from an older backup";
  throw refused(folder, `record ${tip.sequence - 1} of the folder is not in the database`, help);
}

async function copyRecords(source: AsyncIterable<SealedRecord>, target: SegmentedLog): Promise<number> {
  const progress = new Progress("copied");
  let page: SealedRecord[] = [];
  let copied = 0;
  for await (const record of source) {
    page.push(record);
    if (page.length < PAGE) continue;
    await append(target, page);
    copied += page.length;
    page = [];
    progress.update(copied);
  }
  if (page.length > 0) await append(target, page);
  progress.end();
  return copied + page.length;
}

export async function copy(folder: string, invocation: Invocation): Promise<number> {
  const where = invocation.value("ledger");
  if (where === null) throw misuse("`--ledger` is missing", "name the database whose records are copied");
  const address = ledgerAddress(where);
  const { log, ledger } = await openLedger(address, { create: false });
  let target: SegmentedLog | null = null;
  try {
    target = await openTarget(folder);
    const tip = await target.tip();
    const copied = await copyRecords(following(log, tip, folder), target);
    const records = tip.sequence + copied;
    if (invocation.flag("json")) await printJson({ folder, copied, records });
    else {
      const style = styleFor(process.stdout);
      await print(`${style.green("✓")} ${folder}: ${copied} new of ${records} records of ${address.shown}\n`);
    }
    return EXIT_OK;
  } catch (error) {
    if (error instanceof StoreFailure)
      throw new CommandError(EXIT_MISUSE, `${error.message} (${error.code})`, { place: address.shown });
    throw asCommandError(folder, error);
  } finally {
    await target?.close();
    await ledger.close();
  }
}
