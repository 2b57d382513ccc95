/** A control plane for the commands that decide or act durably: in a folder, in a database, or that of a host that runs. */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { encodeContainer } from "../bundles/container.ts";
import { sha256Hex } from "../bundles/trust/bytes.ts";
import type { Governed } from "../control/govern.ts";
import { checkpointsAsked } from "../control/policy/checkpoints.ts";
import { type Clock, type Identify, LedgerFailure, type Salts } from "../control/ports.ts";
import { codeNamed } from "../engine/binding/codes.ts";
import { type Control, ControlRefused, openControl, RECORDS_NAME } from "../hosts/node/control.ts";
import { readRecords } from "../hosts/node/log/index.ts";
import { connectOperations, OperationFailure, type RunningHost } from "../hosts/node/operations/client.ts";
import type { Operations } from "../hosts/node/operations/wire.ts";
import { PolicyRefused } from "../hosts/node/policy.ts";
import { StoreFailure } from "../hosts/node/stores/failure.ts";
import type { Invocation } from "./command.ts";
import { CommandError, EXIT_FINDINGS, EXIT_MISUSE, EXIT_OK, misuse, refused } from "./errors.ts";
import { cannotWrite, print, printError, printJson } from "./io.ts";
import { type KeptIn, keptIn, NO_SALTS, openLedger } from "./keeping.ts";
import { type Opened, openPolicy } from "./policy.ts";
import { printable, styleFor } from "./style.ts";

/** What an operator acts on. */
export interface Plane {
  control: Operations;
  opened: Opened;
  /** Folder, file or server: for messages. */
  place: string;
  /** Who acts: this command, on a folder or a database; or the process that has the folder open. */
  via: "folder" | "ledger" | "host";
  /** Canonical JSON, or null when there is no such record. */
  recordAt(sequence: number): Promise<Uint8Array | null>;
  close(): Promise<void>;
}

/** One that decides too, in this process. */
export interface DecidingPlane extends Plane {
  control: Control;
}

export interface PlaneOptions {
  /** Make the folder or file when it is not there. */
  create: boolean;
  /** It takes something away and gives nothing: a host that runs does it whatever policy was named. */
  narrows?: boolean;
  /** Let operators reach this command while it has the folder. */
  operate?: boolean;
  /** Of a database; a folder has its own. Without them what needs a salt is denied. */
  salts?: Salts;
  identify?: Identify;
  clock?: Clock;
  /** Where it is kept when neither `--folder` nor `--ledger` says. */
  otherwise?: (opened: Opened) => KeptIn;
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

function asCommandError(
  place: string,
  { code, message, help }: ControlRefused | PolicyRefused,
): CommandError {
  const exit = FINDINGS.includes(code) ? EXIT_FINDINGS : EXIT_MISUSE;
  return new CommandError(exit, `${message} (${code})`, { place, help });
}

async function recordIn(folder: string, sequence: number): Promise<Uint8Array | null> {
  for await (const { record } of readRecords(join(folder, RECORDS_NAME), {
    from: sequence,
    to: sequence + 1,
  })) {
    return record;
  }
  return null;
}

interface Opening {
  policyPath: string;
  invocation: Invocation;
  opened: Opened;
  options: PlaneOptions;
}

async function policyFor(policyPath: string, invocation: Invocation): Promise<Opened> {
  return openPolicy(policyPath, { trust: invocation.value("trust"), insecure: invocation.flag("insecure") });
}

/** Options of `openControl`; what was compiled here counts as unsigned. */
function common({ policyPath, invocation, opened, options: { identify, clock } }: Opening) {
  const trust = invocation.value("trust");
  const verified =
    opened.signed && trust !== null
      ? ({ policy: policyPath, trust } as const)
      : ({ policy: encodeContainer({ bundle: opened.bundle, envelope: null }), insecure: true } as const);
  return {
    ...verified,
    checkpoints: "elsewhere" as const,
    ...(identify === undefined ? {} : { identify }),
    ...(clock === undefined ? {} : { clock }),
  };
}

const ELSEWHERE = `faramesh: note: the policy asks for checkpoints, which this command does not make
  \`faramesh audit checkpoint DIR make --key KEY\` makes one while it runs
`;

/** Where no socket can be made, deciding goes on without. */
async function openOperated(folder: string, opening: Opening): Promise<Control> {
  const { operate = false } = opening.options;
  if (operate && checkpointsAsked(opening.opened.bundle) !== null) printError(ELSEWHERE);
  try {
    return await openControl({ ...common(opening), folder, operate });
  } catch (error) {
    if (!(error instanceof ControlRefused) || error.code !== "socket_unusable") throw error;
    printError(`faramesh: warning: operators cannot reach this command: ${error.message}\n`);
    return openControl({ ...common(opening), folder });
  }
}

async function openFolder(folder: string, opening: Opening): Promise<DecidingPlane> {
  const { opened, options } = opening;
  prepareFolder(folder, options.create);
  const control = await openOperated(folder, opening);
  return {
    control,
    opened,
    place: folder,
    via: "folder",
    recordAt: (sequence) => recordIn(folder, sequence),
    close: () => control.close(),
  };
}

async function openDatabase(
  { address }: Extract<KeptIn, { kind: "ledger" }>,
  opening: Opening,
): Promise<DecidingPlane> {
  const { opened, options } = opening;
  const { salts = NO_SALTS } = options;
  const { ledger, log } = await openLedger(address, options);
  const recordAt = async (sequence: number) => {
    for await (const { record } of log.read(sequence)) return record;
    return null;
  };
  try {
    const control = await openControl({ ...common(opening), ledger, salts });
    return { control, opened, place: address.shown, via: "ledger", recordAt, close: () => control.close() };
  } catch (error) {
    await ledger.close();
    throw error;
  }
}

/** The host's own policy decides. One that is named and is another is refused, but for what only takes away. */
function checkPolicy(host: RunningHost, opened: Opened, folder: string, narrows: boolean): void {
  const named = sha256Hex(opened.bundle);
  const bundle = host.identity?.bundle ?? "none";
  if (narrows) {
    if (named !== bundle)
      printError(`faramesh: warning: process ${host.pid} decides by another policy, bundle ${bundle}\n`);
    return;
  }
  if (named === bundle) {
    host.insist(named);
    return;
  }
  throw refused(
    folder,
    `process ${host.pid} has it open, and decides by another policy: bundle ${bundle}, not ${named}`,
    "name the policy that the host runs; `faramesh inspect` shows a bundle's digest",
  );
}

async function openHost(
  folder: string,
  { opened, options }: Opening,
  locked: ControlRefused,
): Promise<Plane> {
  const connected = await connectOperations(folder);
  if (!connected.ok) {
    const { message, code, help } = connected;
    throw new CommandError(EXIT_MISUSE, `${locked.message} (log_locked); ${message} (${code})`, {
      place: folder,
      help,
    });
  }
  const { host } = connected;
  const close = async () => host.close();
  try {
    checkPolicy(host, opened, folder, options.narrows ?? false);
  } catch (error) {
    host.close();
    throw error;
  }
  return { control: host, opened, place: folder, via: "host", recordAt: (at) => recordIn(folder, at), close };
}

function mustBeKept(invocation: Invocation): KeptIn {
  const kept = keptIn(invocation);
  if (kept !== null) return kept;
  throw misuse(
    "`--folder` is missing",
    "name the control plane's folder: `--folder DIR`; or its database: `--ledger`",
  );
}

function openHere(kept: KeptIn, opening: Opening): Promise<DecidingPlane> {
  return kept.kind === "folder" ? openFolder(kept.folder, opening) : openDatabase(kept, opening);
}

async function openAnywhere(kept: KeptIn, opening: Opening): Promise<Plane> {
  try {
    return await openHere(kept, opening);
  } catch (error) {
    if (!(error instanceof ControlRefused) || error.code !== "log_locked" || kept.kind !== "folder")
      throw error;
    return openHost(kept.folder, opening, error);
  }
}

async function use<Opened extends Plane>(
  kept: KeptIn,
  open: () => Promise<Opened>,
  work: (plane: Opened) => Promise<number>,
): Promise<number> {
  const place = kept.kind === "folder" ? kept.folder : kept.address.shown;
  let plane: Opened;
  try {
    plane = await open();
  } catch (error) {
    if (error instanceof ControlRefused || error instanceof PolicyRefused) throw asCommandError(place, error);
    throw error;
  }
  try {
    return await work(plane);
  } catch (error) {
    if (error instanceof LedgerFailure)
      throw new CommandError(EXIT_MISUSE, error.message, { place, help: codeNamed(error.code).next });
    if (error instanceof StoreFailure)
      throw new CommandError(EXIT_MISUSE, `${error.message} (${error.code})`, { place });
    if (error instanceof OperationFailure) {
      const exit = error.code === "policy_differs" ? EXIT_FINDINGS : EXIT_MISUSE;
      const help = "`faramesh audit tail` shows whether it is in the log";
      throw new CommandError(exit, `${error.message} (${error.code})`, { place, help });
    }
    throw error;
  } finally {
    await plane.close();
  }
}

/**
 * Opens policy and control plane, uses, closes. A folder that a running host has open is operated through that host. Throws CommandError when
 * anything is refused.
 */
export async function withPlane(
  policyPath: string,
  invocation: Invocation,
  options: PlaneOptions,
  work: (plane: Plane) => Promise<number>,
): Promise<number> {
  const kept = mustBeKept(invocation);
  const opening = { policyPath, invocation, options, opened: await policyFor(policyPath, invocation) };
  return use(kept, () => openAnywhere(kept, opening), work);
}

/** The same in this process alone, for what decides. */
export async function withDecidingPlane(
  policyPath: string,
  invocation: Invocation,
  options: PlaneOptions,
  work: (plane: DecidingPlane) => Promise<number>,
): Promise<number> {
  const { otherwise } = options;
  const said = otherwise === undefined ? mustBeKept(invocation) : keptIn(invocation);
  const opening = { policyPath, invocation, options, opened: await policyFor(policyPath, invocation) };
  const kept = said ?? otherwise!(opening.opened);
  return use(kept, () => openHere(kept, opening), work);
}

/** Throws CommandError for an outcome that is not in the log. */
export function mustBeRecorded({ sequence, failure, verdict }: Governed, place: string): void {
  if (sequence !== null) return;
  const { text, next } = codeNamed(verdict.code);
  throw new CommandError(EXIT_MISUSE, `${failure ?? text} (${verdict.code})`, { place, help: next });
}

export function hashText(hash: Uint8Array | null): string | null {
  return hash === null ? null : Buffer.from(hash).toString("hex");
}

/** Prints what became of an event: `done` when it was applied. Exit 1 when it was refused. */
export async function reportEvent(
  governed: Governed,
  { place, via }: Plane,
  invocation: Invocation,
  done: string,
): Promise<number> {
  mustBeRecorded(governed, place);
  const { verdict, sequence, hash } = governed;
  const { effect, code, detail } = verdict;
  const ok = effect === "permit";
  if (invocation.flag("json")) {
    await printJson({ ok, effect, code, detail, sequence, hash: hashText(hash), via });
    return ok ? EXIT_OK : EXIT_FINDINGS;
  }
  if (ok) {
    const style = styleFor(process.stdout);
    await print(
      `${style.green("✓")} ${printable(done)}  ${style.dim(`record ${sequence}${via === "host" ? ", by the running host" : ""}`)}\n`,
    );
    return EXIT_OK;
  }
  const { text, next } = codeNamed(code);
  const about = detail === null ? "" : ` (${Object.values(detail).join(", ")})`;
  throw new CommandError(EXIT_FINDINGS, `${effect}: ${text}${about}: ${code}, record ${sequence}`, {
    help: next,
  });
}
