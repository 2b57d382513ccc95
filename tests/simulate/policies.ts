/** Policies of the simulated world, with their limits as data: the model knows the limits, the core the compiled text. */
import { saltsOf } from "../../control/salts.ts";
import type { Core } from "../../engine/binding/index.ts";
import { openCore } from "../../hosts/node/core.ts";
import { NATIVE_SHA256 } from "../../hosts/node/log/sha256.ts";
import { bundleOf } from "../hosts/policies.ts";

export interface Limits {
  readonly name: string;
  /** Dollars, by agent. */
  readonly session: Readonly<Record<string, number>>;
  readonly daily: Readonly<Record<string, number>>;
  readonly fund: Readonly<Record<string, number>>;
  readonly mailPerMinute: number;
}

export function textOf({ session, daily, fund, mailPerMinute }: Limits, more: string): string {
  return `agent "shop" {
  cost pay/* args.amount
  ${more}
  budget session { max = $${session.shop} }
  budget daily { max = $${daily.shop} }
  budget fund { max = $${fund.shop} }
  rate_limit mail/* ${mailPerMinute} per minute
  redact pay/* args: ["card"]
  completion_gate { require = [no_pending_approvals] }
  delegate "clerk" { scope = ["pay/*"] ttl = 1h }
  rules { permit pay/small permit mail/send defer pay/large deny pay/never }
}
agent "clerk" {
  cost pay/* args.amount
  budget fund { max = $${fund.clerk} }
  rules { permit pay/small defer pay/large }
}
`;
}

const LIMITS: readonly (readonly [Limits, string])[] = [
  [
    {
      name: "first",
      session: { shop: 60 },
      daily: { shop: 90 },
      fund: { shop: 150, clerk: 50 },
      mailPerMinute: 3,
    },
    "",
  ],
  [
    {
      name: "other limits",
      session: { shop: 40 },
      daily: { shop: 120 },
      fund: { shop: 130, clerk: 70 },
      mailPerMinute: 3,
    },
    "",
  ],
  [
    {
      name: "another layout",
      session: { shop: 80 },
      daily: { shop: 100 },
      fund: { shop: 160, clerk: 40 },
      mailPerMinute: 3,
    },
    "budget calls { max_calls = 500 window 1d }\n  ambient { max_calls_per_day 400 }",
  ],
];

export interface Policy {
  readonly limits: Limits;
  /** For the planes. */
  readonly core: Core;
  /** For whoever checks them. */
  readonly replay: Core;
  /** Hexadecimal. */
  readonly digest: string;
}

async function coreOf(bundle: Uint8Array): Promise<{ core: Core; digest: string }> {
  const opened = await openCore();
  if (!opened.ok) throw new Error(opened.message);
  const loaded = opened.core.load(bundle, { signed: false });
  if (!loaded.ok) throw new Error(loaded.message);
  return { core: opened.core, digest: Buffer.from(loaded.digest).toString("hex") };
}

export async function openPolicy(limits: Limits, more: string): Promise<Policy> {
  const bundle = bundleOf(textOf(limits, more));
  const { core, digest } = await coreOf(bundle);
  return { limits, core, replay: (await coreOf(bundle)).core, digest };
}

/** The compiled policies, once for all runs of a process: a core holds nothing from one call to the next. */
export async function openPolicies(): Promise<Policy[]> {
  const policies: Policy[] = [];
  for (const [limits, more] of LIMITS) policies.push(await openPolicy(limits, more));
  return policies;
}

export const sha256 = (bytes: Uint8Array): Uint8Array => NATIVE_SHA256.bytes(bytes);
export const SALTS = saltsOf(new Uint8Array(32).fill(9), sha256);
