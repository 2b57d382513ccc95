/** Getting a policy ready: read, verify, load into a core of its own, remember. Nothing is in use before all of it is done. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { bytesToHex } from "@noble/hashes/utils.js";
import { load } from "../../bundles/load.ts";
import { type HighestSequence, parseTrustFile, type TrustFile } from "../../bundles/trust/index.ts";
import type { Core } from "../../engine/binding/index.ts";
import { openCore } from "./core.ts";
import { errorText } from "./files.ts";
import { type HostRefusal, refusal } from "./refusals.ts";
import { readState, writeState } from "./state.ts";

/** Verified against a trust file, which is the rule; or explicitly not, for experiments. */
export type PolicyOptions =
  | {
      /** The trust file: its path, or as `parseTrustFile` gave it. */
      trust: TrustFile | string;
      /** Path of a state file, one per policy, that remembers the newest bundle used across restarts. */
      state?: string;
      /** The present in Unix milliseconds; `Date.now` when left out. */
      nowMs?: () => number;
      insecure?: never;
    }
  | { insecure: true; trust?: never; state?: never };

/** What is deciding. Digests are 64 hexadecimal digits. */
export interface Identity {
  bundle: string;
  core: string;
  /** Whether signatures were verified. */
  signed: boolean;
  /** The verified sequence number; null when not signed. */
  sequence: number | null;
  /** Names of the trusted keys that signed. */
  keys: readonly string[];
}

export interface Ready {
  core: Core;
  identity: Identity;
  highest: HighestSequence | null;
}

function sha256Hex(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function readBytes(
  source: string | Uint8Array,
): Promise<{ ok: true; bytes: Uint8Array } | HostRefusal> {
  // Copied, and not by `slice`, which for a Buffer gives a view of the same memory: what is verified must be what is loaded,
  // whatever the caller does to the buffer meanwhile.
  if (typeof source !== "string") return { ok: true, bytes: new Uint8Array(source) };
  try {
    return { ok: true, bytes: await readFile(source) };
  } catch (error) {
    return refusal("file_unreadable", errorText(error));
  }
}

async function readTrust(trust: TrustFile | string): Promise<{ ok: true; trust: TrustFile } | HostRefusal> {
  if (typeof trust !== "string") return { ok: true, trust };
  const file = await readBytes(trust);
  return file.ok ? parseTrustFile(file.bytes) : file;
}

function newer(left: HighestSequence | null, right: HighestSequence | null): HighestSequence | null {
  if (left === null || right === null) return left ?? right;
  return right.sequence > left.sequence ? right : left;
}

/** Whether the host can do what a bundle asks of it: null, or why not. */
export type Accept = (bundle: Uint8Array) => HostRefusal | null;

const ANY: Accept = () => null;

/** @param highest the newest bundle that this policy has used so far, as far as memory goes. */
export async function prepare(
  source: string | Uint8Array,
  options: PolicyOptions,
  highest: HighestSequence | null,
  accept: Accept = ANY,
): Promise<({ ok: true } & Ready) | HostRefusal> {
  const file = await readBytes(source);
  if (!file.ok) return file;
  if (options.insecure === true) {
    const loaded = load(file.bytes, options);
    return loaded.ok ? (accept(loaded.bundle) ?? intoCore(loaded, highest)) : loaded;
  }
  const trust = await readTrust(options.trust);
  if (!trust.ok) return trust;
  const state =
    options.state === undefined ? { ok: true as const, highest: null } : await readState(options.state);
  if (!state.ok) return state;
  const before = newer(highest, state.highest);
  const nowMs = (options.nowMs ?? Date.now)();
  const loaded = load(file.bytes, { trust: trust.trust, nowMs, highest: before, sha256Hex });
  if (!loaded.ok) return loaded;
  const unwanted = accept(loaded.bundle);
  if (unwanted !== null) return unwanted;
  const now = { sequence: loaded.sequence!, digest: loaded.digest };
  const ready = await intoCore(loaded, now);
  if (!ready.ok || options.state === undefined || state.highest?.sequence === now.sequence) return ready;
  // Remembered before it is used: otherwise a crash in between would open the way back.
  return (await writeState(options.state, now)) ?? ready;
}

async function intoCore(
  loaded: { bundle: Uint8Array; digest: string; signed: boolean; sequence: number | null; keys: string[] },
  highest: HighestSequence | null,
): Promise<({ ok: true } & Ready) | HostRefusal> {
  const opened = await openCore();
  if (!opened.ok) return opened;
  const { core } = opened;
  const { bundle, digest, signed, sequence, keys } = loaded;
  const result = core.load(bundle, { signed });
  if (!result.ok) return refusal("bundle_refused", `${result.message} (${result.code})`);
  const identity = {
    bundle: digest,
    core: bytesToHex(core.engineDigest),
    signed,
    sequence,
    keys: Object.freeze(keys),
  };
  return { ok: true, core, identity: Object.freeze(identity), highest };
}
