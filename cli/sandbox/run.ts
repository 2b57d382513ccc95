/** `faramesh run`: a command under a policy, from the session that is opened for it to the one line that says what became of it. */
import { realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import {
  kindOf,
  learn,
  Observations,
  type Place,
  prepare,
  proposal,
  type Sandboxed,
  type SandboxOptions,
  type SandboxSettings,
  type StartRefusal,
  sandboxSettings,
  startElsewhere,
  startSandboxed,
  whatIsMissing,
} from "../../hosts/node/sandbox/index.ts";
import type { Invocation } from "../command.ts";
import { CommandError, misuse } from "../errors.ts";
import { writeFile } from "../files.ts";
import { LOCK_NAME } from "../imports.ts";
import { printError } from "../io.ts";
import { type KeptIn, keptIn } from "../keeping.ts";
import { type DecidingPlane, withDecidingPlane } from "../plane.ts";
import { type Opened, openPolicy } from "../policy.ts";
import { printableJson } from "../style.ts";
import { type Explained, explanationsText, stoppedOf } from "./explanations.ts";
import { Network, type NetworkReport, networkText } from "./network.ts";
import { addedFor, agentFor, modeFor, observeFor, placeFor, stateFolder, userOption } from "./options.ts";
import { closeSession, openSession, type RunSession } from "./session.ts";
import { forwardSignals } from "./signals.ts";
import { tellWhy } from "./why.ts";

/** Nothing was started. */
export const EXIT_NOT_STARTED = 125;
/** This program, which the next run is started with. */
const PROGRAM = fileURLToPath(new URL("../..", import.meta.url));

type Fixed = Pick<
  SandboxOptions,
  "settings" | "place" | "mode" | "observe" | "added" | "hidden" | "kept" | "user"
>;

function realOr(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

const isThere = (path: string): boolean => kindOf(path) !== "missing";

/** Where records and state are on this machine: the folder, or the files of a database that is one. */
function placesOf(kept: KeptIn | null, agent: string): string[] {
  if (kept === null) return [stateFolder(agent, process.env)];
  if (kept.kind === "folder") return [kept.folder];
  const { store, at } = kept.address;
  // What is not there must not be made: the database would take it for its own.
  return store === "sqlite" ? ["", "-wal", "-shm", "-journal"].map((end) => at + end).filter(isThere) : [];
}

/** What must not be within the command's reach, or not be written by it: the next run stands on it. */
function guarded(policyPath: string, agent: string, invocation: Invocation): Pick<Fixed, "hidden" | "kept"> {
  const trust = invocation.value("trust");
  // Imports are pinned by it, and so need no guard themselves. In a policy's folder it is guarded with that.
  const lock = join(dirname(policyPath), LOCK_NAME);
  const kept = [policyPath, ...(trust === null ? [] : [trust]), ...(isThere(lock) ? [lock] : []), PROGRAM];
  return { hidden: placesOf(keptIn(invocation), agent).map(realOr), kept: kept.map(realOr) };
}

function fixedOptions(
  policyPath: string,
  opened: Opened,
  agent: string,
  place: Place,
  invocation: Invocation,
): Fixed {
  let settings: SandboxSettings;
  try {
    settings = sandboxSettings(opened.bundle, agent);
  } catch (error) {
    throw new CommandError(EXIT_NOT_STARTED, (error as Error).message, {
      place: policyPath,
      help: "build it again with this release",
    });
  }
  return {
    settings,
    place,
    mode: modeFor(invocation),
    observe: observeFor(invocation),
    added: addedFor(invocation, place),
    user: userOption(invocation),
    ...guarded(policyPath, agent, invocation),
  };
}

/** What a run leaves to be told. */
interface Outcome {
  readonly agent: string;
  readonly session: RunSession;
  readonly running: Sandboxed;
  readonly exit: number;
  readonly network: NetworkReport;
  readonly stopped: readonly Explained[] | null;
  readonly proposed: string | null;
  readonly lost: number;
}

function outcomeJson(command: readonly string[], outcome: Outcome): unknown {
  const { agent, session, running, exit, network, stopped, proposed, lost } = outcome;
  const { mode, layers, absent, landlock } = running.started;
  return {
    agent,
    session: session.id,
    command,
    exit,
    sequence: running.sequence,
    mode,
    layers,
    absent,
    landlock,
    network,
    ...(stopped === null
      ? {}
      : { stopped: stopped.map(({ access, path, answer: { why, add } }) => ({ access, path, why, add })) }),
    ...(proposed === null ? {} : { proposed }),
    ...(lost === 0 ? {} : { lost }),
  };
}

async function tell(
  outcome: Outcome,
  command: readonly string[],
  fixed: Fixed,
  invocation: Invocation,
): Promise<void> {
  const { agent, network, stopped, proposed, lost } = outcome;
  const file = invocation.value("report");
  const json = outcomeJson(command, outcome);
  if (file !== null) await writeFile(file, `${JSON.stringify(json, null, 2)}\n`);
  if (invocation.flag("json")) {
    printError(`${printableJson(JSON.stringify(json))}\n`);
    return;
  }
  if (proposed !== null)
    printError(`faramesh: proposed from what this run did; read it before it is a policy\n\n${proposed}`);
  if (stopped !== null) printError(explanationsText(agent, stopped, fixed.settings, fixed.place));
  if (lost > 0) printError(`faramesh: warning: ${lost} accesses were too many to be observed\n`);
  if (!invocation.flag("quiet")) printError(networkText(network));
}

function refusedStart(
  refusal: StartRefusal,
  { place }: DecidingPlane,
  policyPath: string,
  session: string,
): CommandError {
  const { message, help, exit } = refusal;
  const deferred = "denied" in refusal && refusal.effect === "defer" && refusal.actionDigest !== null;
  const approve = `\`faramesh approve ${policyPath} ${"denied" in refusal ? refusal.actionDigest : ""} --folder ${place} --by NAME --session ${session}\`, then run it again with \`--session ${session}\``;
  return new CommandError(exit, message, { place: policyPath, help: deferred ? approve : help });
}

function wasDeferred(refusal: StartRefusal): boolean {
  return "denied" in refusal && refusal.effect === "defer";
}

interface Run {
  readonly plane: DecidingPlane;
  readonly policyPath: string;
  readonly agent: string;
  readonly fixed: Fixed;
  readonly command: readonly [string, ...string[]];
  readonly invocation: Invocation;
  readonly platform: string;
}

async function runIn({
  plane,
  policyPath,
  agent,
  fixed,
  command,
  invocation,
  platform,
}: Run): Promise<number> {
  const session = await openSession(plane, agent, invocation.value("session"));
  const network = new Network();
  const observations = new Observations();
  const options: SandboxOptions = {
    ...fixed,
    control: plane.control,
    agent,
    session: session.id,
    command,
    environment: process.env,
    onEgress: (event) => network.take(event),
    onObservation: (line) => observations.add(line),
  };
  const isLinux = platform === "linux";
  if (!isLinux) printError(`faramesh: warning: ${whatIsMissing(platform)}\n`);
  let reason = "not started";
  let keepsOpen = false;
  const signals = forwardSignals();
  try {
    const running = isLinux ? await startSandboxed(options) : await startElsewhere(options, platform);
    if (!running.ok) {
      keepsOpen = wasDeferred(running);
      throw refusedStart(running, plane, policyPath, session.id);
    }
    signals.to((name) => running.signal(name));
    const exit = await running.exited;
    reason = `exit ${exit}`;
    const { profile } = running;
    const observed = observations.all();
    const proposed =
      fixed.observe === "learn"
        ? proposal(agent, learn(observed, network.contacts(), fixed.place, isThere))
        : null;
    const stopped = fixed.observe === "explain" ? stoppedOf(observed, profile, fixed.settings) : null;
    const outcome = {
      agent,
      session,
      running,
      exit,
      network: network.report(),
      stopped,
      proposed,
      lost: observations.lost,
    };
    await tell(outcome, command, fixed, invocation);
    return exit;
  } finally {
    signals.stop();
    if (!keepsOpen) await closeSession(plane, agent, session, reason);
  }
}

/** `--why`: no control plane is opened, nothing runs. */
async function why(policyPath: string, asked: string, invocation: Invocation): Promise<number> {
  const opened = await openPolicy(policyPath, {
    trust: invocation.value("trust"),
    insecure: invocation.flag("insecure"),
  });
  const agent = agentFor(invocation, opened.ir);
  const place = placeFor(invocation);
  const fixed = fixedOptions(policyPath, opened, agent, place, invocation);
  const prepared = await prepare(fixed);
  if (!prepared.ok)
    throw new CommandError(EXIT_NOT_STARTED, prepared.message, { place: policyPath, help: prepared.help });
  return tellWhy(asked, {
    agent,
    profile: prepared.profile,
    settings: fixed.settings,
    place,
    json: invocation.flag("json"),
  });
}

/** @param platform as `process.platform`. */
export async function runCommand(invocation: Invocation, platform: string): Promise<number> {
  const policyPath = invocation.value("policy");
  if (policyPath === null)
    throw misuse("`--policy` is missing", "name the bundle, or the policy file or folder: `--policy POLICY`");
  const asked = invocation.value("why");
  if (asked !== null) return why(policyPath, asked, invocation);
  const [word, ...words] = invocation.operands;
  if (word === undefined)
    throw misuse(
      "COMMAND is missing: what to run",
      "it stands behind `--`: `faramesh run --policy policy.fpl -- COMMAND`",
    );
  if (platform !== "linux" && observeFor(invocation) !== null)
    throw misuse(
      "there is no launcher here, and nothing to observe with",
      "`--learn` and `--explain` are for Linux",
    );
  const place = placeFor(invocation);
  const options = {
    create: true,
    operate: true,
    otherwise: ({ ir }: Opened) => ({
      kind: "folder" as const,
      folder: stateFolder(agentFor(invocation, ir), process.env),
    }),
  };
  try {
    return await withDecidingPlane(policyPath, invocation, options, (plane) => {
      const agent = agentFor(invocation, plane.opened.ir);
      const fixed = fixedOptions(policyPath, plane.opened, agent, place, invocation);
      return runIn({ plane, policyPath, agent, fixed, command: [word, ...words], invocation, platform });
    });
  } catch (error) {
    if (!(error instanceof CommandError) || error.exit >= EXIT_NOT_STARTED) throw error;
    const help = error.message.includes("log_locked")
      ? "another run has it open: `--folder DIR` names another, `--ledger` a database for many"
      : error.help;
    throw new CommandError(EXIT_NOT_STARTED, error.message, { place: error.place, help });
  }
}
