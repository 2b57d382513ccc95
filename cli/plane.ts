/** A control plane over a folder, for the commands that decide or act durably. */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { encodeContainer } from "../bundles/container.ts";
import type { Governed } from "../control/govern.ts";
import { type Clock, type Identify, LedgerFailure } from "../control/ports.ts";
import { codeNamed } from "../engine/binding/codes.ts";
import { type Control, ControlRefused, openControl, RECORDS_NAME } from "../hosts/node/control.ts";
import { PolicyRefused } from "../hosts/node/policy.ts";
import type { Invocation } from "./command.ts";
import { CommandError, EXIT_FINDINGS, EXIT_MISUSE, EXIT_OK, misuse } from "./errors.ts";
import { cannotWrite, print, printJson } from "./io.ts";
import { type Opened, openPolicy } from "./policy.ts";
import { printable, styleFor } from "./style.ts";

export interface Plane {
  control: Control;
  opened: Opened;
  folder: string;
}

export interface PlaneOptions {
  /** Make the folder when it is not there. */
  create: boolean;
  identify?: Identify;
  clock?: Clock;
}

/** The value of `--folder`. */
export function folderOf(invocation: Invocation): string {
  const folder = invocation.value("folder");
  if (folder === null)
    throw misuse("`--folder` is missing", "name the control plane's folder: `--folder DIR`");
  return folder;
}

function prepareFolder(folder: string, create: boolean): void {
  if (existsSync(join(folder, RECORDS_NAME))) return;
  if (!create) {
    throw new CommandError(EXIT_MISUSE, "it is no control plane's folder: it has no records", {
      place: folder,
      help: "`faramesh session open` and `faramesh decide --folder` make one",
    });
  }
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw cannotWrite(folder, error);
  }
}

/** What says that records or state are not as they should be; anything else could not be done. */
export const FINDINGS: readonly string[] = [
  "log_damaged",
  "log_bad_tail",
  "state_damaged",
  "state_ahead",
  "state_foreign",
  "store_damaged",
];

/** Opens policy and folder. Throws CommandError when either is refused. Whoever opens closes `control`. */
export async function openPlane(
  policyPath: string,
  invocation: Invocation,
  { create, ...ports }: PlaneOptions,
): Promise<Plane> {
  const folder = folderOf(invocation);
  const trust = invocation.value("trust");
  const opened = await openPolicy(policyPath, { trust, insecure: invocation.flag("insecure") });
  prepareFolder(folder, create);
  const verified =
    opened.signed && trust !== null
      ? ({ policy: policyPath, trust } as const)
      : ({ policy: encodeContainer({ bundle: opened.bundle, envelope: null }), insecure: true } as const);
  try {
    return { control: await openControl({ ...verified, folder, ...ports }), opened, folder };
  } catch (error) {
    if (!(error instanceof ControlRefused) && !(error instanceof PolicyRefused)) throw error;
    const exit = FINDINGS.includes(error.code) ? EXIT_FINDINGS : EXIT_MISUSE;
    throw new CommandError(exit, `${error.message} (${error.code})`, { place: folder, help: error.help });
  }
}

/** Opens, uses, closes. */
export async function withPlane(
  policyPath: string,
  invocation: Invocation,
  options: PlaneOptions,
  use: (plane: Plane) => Promise<number>,
): Promise<number> {
  const plane = await openPlane(policyPath, invocation, options);
  try {
    return await use(plane);
  } catch (error) {
    if (!(error instanceof LedgerFailure)) throw error;
    throw new CommandError(EXIT_MISUSE, error.message, {
      place: plane.folder,
      help: codeNamed(error.code).next,
    });
  } finally {
    await plane.control.close();
  }
}

/** Throws CommandError for an outcome that is not in the log. */
export function mustBeRecorded({ sequence, failure, verdict }: Governed, folder: string): void {
  if (sequence !== null) return;
  const { text, next } = codeNamed(verdict.code);
  throw new CommandError(EXIT_MISUSE, `${failure ?? text} (${verdict.code})`, { place: folder, help: next });
}

export function hashText(hash: Uint8Array | null): string | null {
  return hash === null ? null : Buffer.from(hash).toString("hex");
}

/** Prints what became of an event: `done` when it was applied. Exit 1 when it was refused. */
export async function reportEvent(
  governed: Governed,
  { folder }: Plane,
  invocation: Invocation,
  done: string,
): Promise<number> {
  mustBeRecorded(governed, folder);
  const { verdict, sequence, hash } = governed;
  const { effect, code, detail } = verdict;
  const ok = effect === "permit";
  if (invocation.flag("json")) {
    await printJson({ ok, effect, code, detail, sequence, hash: hashText(hash) });
    return ok ? EXIT_OK : EXIT_FINDINGS;
  }
  if (ok) {
    const style = styleFor(process.stdout);
    await print(`${style.green("✓")} ${printable(done)}  ${style.dim(`record ${sequence}`)}\n`);
    return EXIT_OK;
  }
  const { text, next } = codeNamed(code);
  const about = detail === null ? "" : ` (${Object.values(detail).join(", ")})`;
  throw new CommandError(EXIT_FINDINGS, `${effect}: ${text}${about}: ${code}, record ${sequence}`, {
    help: next,
  });
}
