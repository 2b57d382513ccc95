/** The control plane of this host: a policy that can be replaced while it decides, a ledger, and what identifies callers. */
import { join } from "node:path";
import { type OwnLedgerParts, openOwnLedger } from "../../control/ledger/open.ts";
import { rebuildState } from "../../control/ledger/rebuild.ts";
import { ControlPlane } from "../../control/plane.ts";
import { acceptCheckpoints, checkpointsAsked } from "../../control/policy/checkpoints.ts";
import { FollowedPolicy } from "../../control/policy/follow.ts";
import type { ReloadResult } from "../../control/policy/policy.ts";
import type { Accept, Identity } from "../../control/policy/prepare.ts";
import type {
  Clock,
  Delegations,
  Identify,
  Ledger,
  RecordLog,
  Salts,
  StateStore,
} from "../../control/ports.ts";
import type { Every } from "./checkpoints/messages.ts";
import { type CheckpointThread, startThread, type ThreadOptions } from "./checkpoints/thread.ts";
import { openLog } from "./log/index.ts";
import { NATIVE_SHA256 } from "./log/sha256.ts";
import { type CheckpointOptions, DEFAULT_EVERY } from "./log/timer.ts";
import { type OperationsServer, serveOperations } from "./operations/server.ts";
import { type NodePolicy, openAccepted, PolicyRefused } from "./policy.ts";
import type { ControlRefusal, HostRefusal } from "./refusals.ts";
import { createSalts, openSaltKey } from "./salt-key.ts";
import type { PolicyOptions } from "./source.ts";
import { openSqlite } from "./stores/sqlite.ts";

export const RECORDS_NAME = "records";
export const STATE_NAME = "state.sqlite";
export const SALT_KEY_NAME = "salt.key";

/** Checkpoints of the folder's log, made in a thread of their own. How often is as said here, or else in the policy's `runtime` block. */
export type FolderCheckpoints = Omit<ThreadOptions, "worker"> &
  Pick<CheckpointOptions, "everyRecords" | "everyMs">;

/** Where records and state are kept. */
export type Keeping =
  | {
      /** Holds the record log, the state made from it, and the salts' key. One process has it open at a time. */
      readonly folder: string;
      /** True: operators reach this process by the socket `control.sock` in the folder (docs/operations/running.md). */
      readonly operate?: boolean;
      /** `elsewhere`: another process makes them. Left out, a policy that asks for some is refused. */
      readonly checkpoints?: FolderCheckpoints | "elsewhere";
      readonly ledger?: never;
      readonly salts?: never;
    }
  | {
      /** A ledger over a database, which other processes may use too; closed with the control plane. */
      readonly ledger: Ledger;
      readonly salts: Salts;
      readonly folder?: never;
      readonly operate?: never;
      /** Of the copy of its records that is in a folder (`faramesh audit copy`). */
      readonly checkpoints?: "elsewhere";
    };

/** Which policy decides: a bundle with what verifies it, or one that follows its origin and was verified by its own options. */
export type PolicyChoice =
  | (PolicyOptions & {
      /** Path of the bundle, or its bytes. */
      readonly policy: string | Uint8Array;
    })
  | { readonly policy: FollowedPolicy };

export type ControlOptions = PolicyChoice &
  Keeping & {
    /** `Date.now` when left out. */
    readonly clock?: Clock;
    /** Without it a call with a credential is denied. */
    readonly identify?: Identify;
    /** Without it a call with delegation tokens is denied. */
    readonly delegations?: Delegations;
  };

/** Rejection of `openControl` and `rebuild`: what holds records and state was refused. Codes are in docs/core/node.md. */
export class ControlRefused extends Error {
  readonly code: ControlRefusal["code"];
  /** What to do about it. */
  readonly help: string;

  constructor({ code, message, help }: ControlRefusal) {
    super(message);
    this.name = "ControlRefused";
    this.code = code;
    this.help = help;
  }
}

/** What ends with a control plane. */
interface Attached {
  server: OperationsServer | null;
  thread: CheckpointThread | null;
  /** How often checkpoints are made under the policy of the moment. */
  every(): Every;
  /** Asks nothing of a followed policy any more. */
  leave(): void;
}

/** Decisions and events under one policy, recorded. For `openControl`. */
export class Control extends ControlPlane {
  readonly #policy: NodePolicy | FollowedPolicy;
  readonly #ledger: Ledger;
  readonly #attached: Readonly<Attached>;
  readonly #ports: ConstructorParameters<typeof ControlPlane>[0];

  constructor(
    policy: NodePolicy | FollowedPolicy,
    ledger: Ledger,
    ports: Omit<ConstructorParameters<typeof ControlPlane>[0], "core" | "ledger">,
    attached: Readonly<Attached>,
  ) {
    const all = {
      ...ports,
      ledger,
      get core() {
        return policy.core;
      },
    };
    super(all);
    this.#ports = all;
    this.#policy = policy;
    this.#ledger = ledger;
    this.#attached = attached;
  }

  /** What is deciding; null while a followed policy has no good bundle yet, and every call is denied with `no_policy`. */
  get identity(): Identity | null {
    return this.#policy.identity;
  }

  /** The same records and state for what is judged by that bundle or not at all. `onOther`: another one decides, and nothing is recorded. */
  under(bundle: string, onOther: () => void): ControlPlane {
    const policy = this.#policy;
    const core = (): NodePolicy["core"] => {
      if (policy.identity?.bundle === bundle) return policy.core;
      onOther();
      throw new Error("another bundle decides");
    };
    return new ControlPlane({
      ...this.#ports,
      get core() {
        return core();
      },
    });
  }

  /** Where the state is read by tools: never newer than what is durable. */
  get ledger(): Ledger {
    return this.#ledger;
  }

  /**
   * Takes a newer bundle, or new keys, into use between two decisions, as `Policy.reload`. What was counted goes on where its meter is still there.
   * Rejects with TypeError for a followed policy, which is asked to `poll`.
   */
  async reload(source: string | Uint8Array, options?: PolicyOptions): Promise<ReloadResult> {
    if (this.#policy instanceof FollowedPolicy)
      throw new TypeError("policy: it follows its origin; poll that");
    const reloaded = await this.#policy.reload(source, options);
    if (reloaded.ok) this.#attached.thread?.every(this.#attached.every());
    return reloaded;
  }

  /** The newest checkpoint, and why there was none since, if one could not be made; null when others make them, or nobody. */
  get checkpoints(): Pick<CheckpointThread, "latest" | "failure"> | null {
    return this.#attached.thread;
  }

  /** Waits for calls under way; later ones are denied. Rejects with what could not be closed, when all else is. */
  async close(): Promise<void> {
    const { server, thread, leave } = this.#attached;
    try {
      // Before the folder's lock is let go: the next one to hold it may serve there.
      await server?.close();
    } finally {
      await this.#ledger.close().finally(() => {
        leave();
        // Of all that was recorded.
        return thread?.close();
      });
    }
  }
}

const SYSTEM_CLOCK: Clock = { now: () => Date.now() };

function schedule(delayMs: number, run: () => void): () => void {
  const timer = setTimeout(run, delayMs);
  // What is only behind is no reason to keep the process.
  timer.unref();
  return () => clearTimeout(timer);
}

/** Log and state of a folder, opened alone. */
async function openFolder(
  folder: string,
): Promise<{ ok: true; log: RecordLog; store: StateStore } | HostRefusal> {
  const log = await openLog(join(folder, RECORDS_NAME));
  if (!log.ok) return log;
  // The log's lock is the folder's: nobody else writes into the store.
  const state = await openSqlite(join(folder, STATE_NAME));
  if (state.ok) return { ok: true, log: log.log, store: state.stores.state };
  await log.log.close();
  return state;
}

async function closeAll(parts: { log: RecordLog; store: StateStore }): Promise<void> {
  await Promise.allSettled([parts.log.close(), parts.store.close()]);
}

/** @throws TypeError for callers without types: nothing could be recorded, and every call would be denied. */
function demandKeeping({
  folder,
  ledger,
  salts,
}: {
  folder?: unknown;
  ledger?: unknown;
  salts?: unknown;
}): void {
  if ((folder === undefined) === (ledger === undefined))
    throw new TypeError("options must have either `folder` or `ledger`");
  if (ledger !== undefined && salts === undefined)
    throw new TypeError("options with `ledger` must have `salts`");
}

async function keep({ folder, ledger, salts }: Keeping): Promise<{ ledger: Ledger; salts: Salts }> {
  if (folder === undefined) return { ledger, salts };
  const parts = await openFolder(folder);
  if (!parts.ok) throw new ControlRefused(parts);
  const key = await openSaltKey(join(folder, SALT_KEY_NAME));
  const digest: OwnLedgerParts["digest"] = (bytes) => NATIVE_SHA256.bytes(bytes);
  const opened = key.ok ? await openOwnLedger({ ...parts, digest, options: { schedule } }) : key;
  if (!key.ok || !opened.ok) {
    await closeAll(parts);
    throw new ControlRefused(opened as ControlRefusal);
  }
  return { ledger: opened.ledger, salts: createSalts(key.key) };
}

/** As the options say, or else the bundle in use, which was accepted. */
function everyOf(checkpoints: ControlOptions["checkpoints"], bundle: Uint8Array | null): Every {
  const given: Partial<Every> = typeof checkpoints === "object" ? checkpoints : {};
  const asked = bundle === null ? null : checkpointsAsked(bundle);
  return {
    everyRecords: given.everyRecords ?? asked?.everyRecords ?? DEFAULT_EVERY.everyRecords,
    everyMs: given.everyMs ?? asked?.everyMs ?? DEFAULT_EVERY.everyMs,
  };
}

/** What goes on beside decisions, over a folder that is open. */
async function attach(
  control: Control,
  options: Extract<ControlOptions, { folder: string }>,
  attached: Attached,
): Promise<HostRefusal | null> {
  const { folder, checkpoints, operate } = options;
  if (typeof checkpoints === "object") {
    const started = await startThread(join(folder, RECORDS_NAME), checkpoints, attached.every());
    if (!started.ok) return started;
    attached.thread = started.thread;
  }
  if (operate !== true) return null;
  const served = await serveOperations(control, folder);
  if (!served.ok) return served;
  attached.server = served.server;
  return null;
}

async function choose(choice: PolicyChoice, accept: Accept): Promise<NodePolicy | FollowedPolicy> {
  const { policy } = choice;
  if (!(policy instanceof FollowedPolicy)) return openAccepted(policy, choice as PolicyOptions, accept);
  const refused = policy.require(accept);
  if (refused === null) return policy;
  policy.release(accept);
  throw new PolicyRefused(refused);
}

async function openOver(
  policy: NodePolicy | FollowedPolicy,
  options: ControlOptions,
  attached: Attached,
): Promise<Control> {
  const { clock = SYSTEM_CLOCK, identify, delegations } = options;
  const { ledger, salts } = await keep(options);
  const control = new Control(policy, ledger, { clock, salts, identify, delegations }, attached);
  if (options.folder === undefined) return control;
  try {
    const refused = await attach(control, options, attached);
    if (refused === null) return control;
    throw new ControlRefused(refused);
  } catch (error) {
    await control.close().catch(() => {});
    throw error;
  }
}

/**
 * Opens policy, ledger and stages; nothing is in use before all of it is. Rejects with PolicyRefused for the policy and with
 * ControlRefused for records, state and what goes on beside them; with TypeError for options that say not, or twice, where records are kept.
 */
export async function openControl(options: ControlOptions): Promise<Control> {
  demandKeeping(options);
  const { checkpoints } = options;
  const accept = acceptCheckpoints(checkpoints !== undefined);
  const policy = await choose(options, accept);
  const every = (): Every => everyOf(checkpoints, policy.bundle);
  const attached: Attached = { server: null, thread: null, every, leave: () => {} };
  if (policy instanceof FollowedPolicy) {
    const unheard = policy.onChange(() => attached.thread?.every(every()));
    attached.leave = () => {
      unheard();
      policy.release(accept);
    };
  }
  try {
    return await openOver(policy, options, attached);
  } catch (error) {
    attached.leave();
    throw error;
  }
}

/**
 * Makes the state of a folder anew from its log, whatever `state.sqlite` holds; move that file away first when it cannot be opened.
 * @returns how many records there are. Rejects with ControlRefused when log or store cannot be opened, and with what is wrong with the log.
 */
export async function rebuild(folder: string): Promise<number> {
  const parts = await openFolder(folder);
  if (!parts.ok) throw new ControlRefused(parts);
  try {
    return await rebuildState(parts.log, parts.store, (bytes) => NATIVE_SHA256.bytes(bytes));
  } finally {
    await closeAll(parts);
  }
}
