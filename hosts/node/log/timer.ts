import { signBytes, verifyBytes } from "../../../bundles/trust/ed25519.ts";
import type { PrivateKey } from "../../../bundles/trust/index.ts";
import type { SignedCheckpoint } from "../../../control/audit/checkpoint.ts";
import { isKeyName } from "../../../control/audit/note.ts";
import { type HostRefusal, refusal } from "../refusals.ts";
import { type Notary, openNotary } from "./notary.ts";

export interface CheckpointOptions {
  /** Of `faramesh keygen`. */
  key: PrivateKey;
  /** What the checkpoints call the log, such as example.org/log; the key's name when left out. */
  origin?: string;
  /** After so many records; 100,000 when left out. */
  everyRecords?: number;
  /** After so long, when there are new records; a minute when left out. */
  everyMs?: number;
  onCheckpoint?: (checkpoint: SignedCheckpoint) => void;
  /** Told of every failure; the next time is tried again. */
  onFailure: (failure: unknown) => void;
}

export interface Checkpoints {
  readonly notary: Notary;
  /** From now on. */
  every(every: { everyRecords: number; everyMs: number }): void;
  /** Makes a last checkpoint and lets go of the folder. */
  stop(): Promise<void>;
}

/** Where nobody says. */
export const DEFAULT_EVERY = { everyRecords: 100_000, everyMs: 60_000 };

/** How often new records are taken into the tree, so that no checkpoint has much to do. */
const LOOK_MS = 500;

/**
 * Makes checkpoints of a log while it grows, whoever appends to it. Refused as `openNotary`.
 */
export async function startCheckpoints(
  folder: string,
  options: CheckpointOptions,
): Promise<({ ok: true } & Checkpoints) | HostRefusal> {
  const { key, origin = key.name } = options;
  if (!isKeyName(origin)) return refusal("checkpoint_refused", `\`${origin}\` cannot name a log`);
  const { publicKey, seed } = key;
  const signer = { kind: "ed25519", name: origin, publicKey, seed } as const;
  const opened = await openNotary(folder, { signer, ed25519: { sign: signBytes, verify: verifyBytes } });
  if (!opened.ok) return opened;
  const { notary } = opened;
  let { everyRecords = DEFAULT_EVERY.everyRecords, everyMs = DEFAULT_EVERY.everyMs } = options;
  let lastMs = performance.now();
  let running: Promise<void> | null = null;

  const look = async (must: boolean): Promise<void> => {
    try {
      const waiting = (await notary.grow()) - (notary.latest?.size ?? 0);
      const isTime = performance.now() - lastMs >= everyMs;
      if (waiting === 0 || !(must || isTime || waiting >= everyRecords)) return;
      lastMs = performance.now();
      const made = await notary.checkpoint();
      if (made !== null) options.onCheckpoint?.(made);
    } catch (error) {
      options.onFailure(error);
    }
  };
  const tick = (): void => {
    running ??= look(false).finally(() => {
      running = null;
    });
  };
  const timer = setInterval(tick, Math.min(LOOK_MS, everyMs));
  timer.unref();
  const stop = async (): Promise<void> => {
    clearInterval(timer);
    await running;
    await look(true);
    await notary.close();
  };
  const every: Checkpoints["every"] = (given) => {
    ({ everyRecords, everyMs } = given);
  };
  return { ok: true, notary, every, stop };
}
