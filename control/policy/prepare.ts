/** Getting a policy ready: verify, load into a core of its own, remember. Nothing is in use before all of it is done. */
import { load } from "../../bundles/load.ts";
import type { HighestSequence, TrustFile } from "../../bundles/trust/index.ts";
import type { Core } from "../../engine/binding/index.ts";
import { bundleRefusal, type PolicyRefusal, policyRefusal } from "./refusals.ts";

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
  /** What the core has loaded. */
  bundle: Uint8Array;
  identity: Identity;
  /** The newest bundle that this policy has used so far. */
  highest: HighestSequence | null;
}

/** Remembers the newest bundle that was used, one policy each, so that a restart does not open the way back. */
export interface BundleMemory {
  /** Null when there was none yet. What is there and cannot be read is a refusal, never null. */
  read(): Promise<{ ok: true; highest: HighestSequence | null } | PolicyRefusal>;
  /** Durable when it resolves with null; otherwise the old one stands. */
  write(highest: HighestSequence): Promise<PolicyRefusal | null>;
}

/** How a bundle file is looked at: against a trust file, which is the rule; or explicitly not, for experiments. */
export type Verification =
  | {
      readonly trust: TrustFile;
      /** Unix milliseconds. */
      readonly nowMs: number;
      readonly memory?: BundleMemory | undefined;
      readonly insecure?: never;
    }
  | { readonly insecure: true; readonly trust?: never };

/** Whether a host can do what a bundle asks of it: null, or why not. */
export type Accept = (bundle: Uint8Array) => PolicyRefusal | null;

/** What the runtime gives. */
export interface Machinery {
  /** A new core without a policy. Rejects when there is none to be had. */
  openCore(): Promise<Core>;
  /** The runtime's own SHA-256, 64 lower-case hexadecimal digits, where it is faster than the portable one. */
  readonly sha256Hex?: (bytes: Uint8Array) => string;
}

interface Accepted {
  bundle: Uint8Array;
  digest: string;
  signed: boolean;
  sequence: number | null;
  keys: readonly string[];
}

const ANY: Accept = () => null;

function newer(left: HighestSequence | null, right: HighestSequence | null): HighestSequence | null {
  if (left === null || right === null) return left ?? right;
  return right.sequence > left.sequence ? right : left;
}

/**
 * @param file the bundle file; not changed by anybody before this resolves.
 * @param highest the newest bundle that this policy has used so far, as far as this process knows.
 * @param accept asked of every bundle before it is remembered.
 * @param current what is in use: its core serves on when the bundle is the same.
 * @throws TypeError for both `trust` and `insecure`, or neither.
 */
export async function prepare(
  file: Uint8Array,
  verification: Verification,
  highest: HighestSequence | null,
  machinery: Machinery,
  accept: Accept = ANY,
  current: Ready | null = null,
): Promise<({ ok: true } & Ready) | PolicyRefusal> {
  if (verification.insecure === true) {
    const loaded = load(file, verification);
    return loaded.ok ? (accept(loaded.bundle) ?? intoCore(loaded, highest, machinery, current)) : loaded;
  }
  const { trust, nowMs, memory } = verification;
  const state = memory === undefined ? { ok: true as const, highest: null } : await memory.read();
  if (!state.ok) return state;
  const before = newer(highest, state.highest);
  const { sha256Hex } = machinery;
  const hash = sha256Hex === undefined ? {} : { sha256Hex };
  const loaded = load(file, { trust, nowMs, highest: before, ...hash });
  if (!loaded.ok) return loaded;
  const unwanted = accept(loaded.bundle);
  if (unwanted !== null) return unwanted;
  const now = { sequence: loaded.sequence!, digest: loaded.digest };
  const ready = await intoCore(loaded, now, machinery, current);
  if (!ready.ok || memory === undefined || state.highest?.sequence === now.sequence) return ready;
  // Remembered before it is used: otherwise a crash in between would open the way back.
  return (await memory.write(now)) ?? ready;
}

async function intoCore(
  { bundle, digest, signed, sequence, keys }: Accepted,
  highest: HighestSequence | null,
  machinery: Machinery,
  current: Ready | null,
): Promise<({ ok: true } & Ready) | PolicyRefusal> {
  const isSame = current?.identity.bundle === digest && current.identity.signed === signed;
  const opened = isSame ? { ok: true as const, core: current.core } : await open(bundle, signed, machinery);
  if (!opened.ok) return opened;
  const { core } = opened;
  const identity = {
    bundle: digest,
    core: Array.from(core.engineDigest, (byte) => byte.toString(16).padStart(2, "0")).join(""),
    signed,
    sequence,
    keys: Object.freeze([...keys]),
  };
  return { ok: true, core, bundle, identity: Object.freeze(identity), highest };
}

async function open(
  bundle: Uint8Array,
  signed: boolean,
  machinery: Machinery,
): Promise<{ ok: true; core: Core } | PolicyRefusal> {
  let core: Core;
  try {
    core = await machinery.openCore();
  } catch (error) {
    return policyRefusal("core_unusable", error instanceof Error ? error.message : String(error));
  }
  const result = core.load(bundle, { signed });
  return result.ok ? { ok: true, core } : bundleRefusal(result.code, result.message);
}
