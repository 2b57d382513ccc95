/** A control plane on the real core, with memory for a disk and virtual time. */
import { createHash } from "node:crypto";
import type { ControlPorts } from "../../control/govern.ts";
import { openOwnLedger } from "../../control/ledger/open.ts";
import type { OwnLedgerOptions } from "../../control/ledger/own.ts";
import { ControlPlane } from "../../control/plane.ts";
import type { Ledger } from "../../control/ports.ts";
import { saltsOf } from "../../control/salts.ts";
import { Memory, MemoryLog, MemoryState } from "../../control/stores/memory.ts";
import type { Core } from "../../engine/binding/index.ts";
import { openCore } from "../../hosts/node/core.ts";
import { bundleOf } from "../hosts/policies.ts";
import { Faults, FaultyLog, FaultyStore, VirtualTime } from "./faulty.ts";

export const SALT_KEY = new Uint8Array(32).fill(7);

/** Budgets per session and day, a rate limit, redaction, a gate and what a larger refund needs. */
export const SHOP = `agent "shop" {
  cost stripe/refund args.amount
  budget session { max = $100 }
  budget daily { max = $1000 }
  rate_limit mail/* 3 per minute
  redact stripe/refund args: ["card"]
  completion_gate { require = [no_pending_approvals] }
  rules {
    permit orders/get
    permit mail/send
    permit stripe/refund if amount <= $50
    defer stripe/refund reason "a larger refund needs a person"
  }
}
agent "reader" {
  rules { permit orders/get }
}
`;

export interface World {
  readonly disk: Memory;
  readonly store: Memory;
  readonly faults: Faults;
  readonly time: VirtualTime;
  readonly core: Core;
  readonly ledger: Ledger;
  readonly plane: ControlPlane;
  /** Another plane on what this one has kept, as after a crash. */
  again(): Promise<World>;
}

export async function coreOf(policy: string): Promise<Core> {
  const opened = await openCore();
  if (!opened.ok) throw new Error(opened.message);
  const loaded = opened.core.load(bundleOf(policy), { signed: false });
  if (!loaded.ok) throw new Error(loaded.message);
  return opened.core;
}

export const sha256 = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();

interface Kept {
  readonly disk: Memory;
  readonly store: Memory;
  readonly time: VirtualTime;
}

export async function worldOf(
  policy: string = SHOP,
  ports: Partial<ControlPorts> = {},
  options: OwnLedgerOptions = {},
  kept: Kept = { disk: new Memory(), store: new Memory(), time: new VirtualTime() },
): Promise<World> {
  const { disk, store, time } = kept;
  const faults = new Faults();
  const opened = await openOwnLedger({
    log: new FaultyLog(new MemoryLog(disk), faults),
    store: new FaultyStore(new MemoryState(store), faults),
    digest: sha256,
    options: { schedule: time.schedule, timeoutMs: 50, ...options },
  });
  if (!opened.ok) throw new Error(opened.message);
  const core = await coreOf(policy);
  const { ledger } = opened;
  const plane = new ControlPlane({
    core,
    ledger,
    clock: time.clock,
    salts: saltsOf(SALT_KEY, sha256),
    ...ports,
  });
  const again = () => worldOf(policy, ports, options, kept);
  return { disk, store, faults, time, core, ledger, plane, again };
}

export type Fields = Record<string, unknown>;

export function refund(amount: unknown, more: Fields = {}): Fields {
  return { agent: "shop", session: "s", tool: "stripe/refund", args: { amount, ...more } };
}

/** A call of the agent "shop" in the session "s". */
export function asked(action: Fields, more: Fields = {}) {
  return { agent: "shop", session: "s", action, ...more };
}

export function recordAt(disk: Memory, sequence: number): Fields {
  return JSON.parse(new TextDecoder().decode(disk.records[sequence]!.record)) as Fields;
}
