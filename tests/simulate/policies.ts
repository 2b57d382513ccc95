/** Policies of the simulated world, with their limits as data: the model knows the limits, the core the compiled text. */
import { saltsOf } from "../../control/salts.ts";
import type { Core } from "../../engine/binding/index.ts";
import { openCore } from "../../hosts/node/core.ts";
import { NATIVE_SHA256 } from "../../hosts/node/log/sha256.ts";
import { bundleOf } from "../hosts/policies.ts";

type ByAgent = Readonly<Record<string, number>>;

export interface Limits {
  readonly name: string;
  /** Dollars. */
  readonly session: ByAgent;
  readonly daily: ByAgent;
  readonly fund: ByAgent;
  readonly mailPerMinute: ByAgent;
  /** Children that live at a time; of the clerk an approval lifts it. */
  readonly children: ByAgent;
  /** Of the clerk an approval lifts it. */
  readonly callsPerDay: ByAgent;
  readonly customersPerDay: ByAgent;
  /** Only where fewer calls than MAX_RESERVATIONS are open at a time: the model knows of no more. */
  readonly bytesPerDay: ByAgent;
  /** Phases of the shop in which a tool is visible. */
  readonly visible: Readonly<Record<string, readonly string[]>>;
}

/** The shop's phases: the first gives way to the second after this time. */
export const FIRST_PHASE = "collect";
export const SECOND_PHASE = "ship";
export const FIRST_PHASE_MS = 180_000;
/** Of whom limits only defer, so that an approval lifts them. */
export const DEFERRING = "clerk";
export const SPAWN_DEPTH = 2;

/** What the phase permits, of the tools that it shows. */
function phaseRules({ visible }: Limits, phase: string): string {
  const tools = Object.keys(visible).filter((tool) => visible[tool]!.includes(phase));
  return tools.map((tool) => `permit ${tool}`).join(" ");
}

export function textOf(limits: Limits, more: string): string {
  const { session, daily, fund, mailPerMinute, children, callsPerDay, customersPerDay, bytesPerDay } = limits;
  const volume = bytesPerDay.shop === undefined ? "" : `max_data_volume ${bytesPerDay.shop / 1024}kb`;
  return `agent "shop" {
  cost pay/* args.amount
  ${more}
  budget session { max = $${session.shop} }
  budget daily { max = $${daily.shop} }
  budget fund { max = $${fund.shop} }
  rate_limit mail/* ${mailPerMinute.shop} per minute
  ambient {
    max_calls_per_day ${callsPerDay.shop}
    ${volume}
    counter customers crm/*.customer
    max_customers_per_day ${customersPerDay.shop}
  }
  spawn { allow ["worker-*"] deny ["worker-root"] max_children ${children.shop} max_depth ${SPAWN_DEPTH} }
  redact pay/* args: ["card"]
  completion_gate { require = [no_pending_approvals] }
  delegate "clerk" { scope = ["pay/*", "mail/*", "goods/*", "crm/*", "agent/*"] ttl = 1h }
  rules { permit pay/small permit mail/send permit crm/read permit agent/spawn defer pay/large deny pay/never }
  phase ${FIRST_PHASE} { duration = ${FIRST_PHASE_MS / 60_000}m next = ${SECOND_PHASE} ${phaseRules(limits, FIRST_PHASE)} }
  phase ${SECOND_PHASE} { ${phaseRules(limits, SECOND_PHASE)} }
}
agent "clerk" {
  cost pay/* args.amount
  budget fund { max = $${fund.clerk} }
  rate_limit mail/* ${mailPerMinute.clerk} per minute
  ambient { max_calls_per_day ${callsPerDay.clerk} on_exceed defer }
  spawn { allow ["worker-*"] max_children ${children.clerk} max_depth ${SPAWN_DEPTH} on_exceed defer }
  delegate "trainee" { scope = ["pay/*", "mail/*", "goods/*", "agent/*"] ttl = 1h }
  rules { permit pay/small permit mail/send permit goods/* permit crm/read permit agent/spawn defer pay/large }
}
agent "trainee" {
  cost pay/* args.amount
  budget fund { max = $${fund.trainee} }
  rules { permit pay/* permit mail/send permit goods/* permit agent/spawn }
}
`;
}

export const FIRST: Limits = {
  name: "first",
  session: { shop: 60 },
  daily: { shop: 90 },
  fund: { shop: 150, clerk: 50, trainee: 40 },
  mailPerMinute: { shop: 2, clerk: 1 },
  children: { shop: 2, clerk: 1 },
  callsPerDay: { shop: 10, clerk: 5 },
  customersPerDay: { shop: 2 },
  bytesPerDay: { shop: 4096 },
  visible: { "goods/pick": [FIRST_PHASE], "goods/send": [SECOND_PHASE] },
};

const LIMITS: readonly (readonly [Limits, string])[] = [
  [FIRST, ""],
  [
    {
      ...FIRST,
      name: "other limits",
      session: { shop: 40 },
      daily: { shop: 120 },
      fund: { shop: 130, clerk: 70, trainee: 20 },
      children: { shop: 1, clerk: 2 },
      callsPerDay: { shop: 14, clerk: 3 },
      customersPerDay: { shop: 3 },
      bytesPerDay: { shop: 2048 },
    },
    "",
  ],
  [
    {
      ...FIRST,
      name: "another layout",
      session: { shop: 80 },
      daily: { shop: 100 },
      fund: { shop: 160, clerk: 40, trainee: 50 },
      children: { shop: 3, clerk: 1 },
      callsPerDay: { shop: 8, clerk: 7 },
      visible: { "goods/pick": [FIRST_PHASE, SECOND_PHASE], "goods/send": [SECOND_PHASE] },
    },
    "budget calls { max_calls = 500 window 1d }",
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
