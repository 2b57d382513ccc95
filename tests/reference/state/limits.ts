/** Step 6: what a call would add to every meter, and the limits that it would go over (engine/ABI.md "Meters"). */
import type { OnExceed, Spawn } from "../../../fpl-grammar/program.ts";
import { canonicalText } from "../canonical.ts";
import { at } from "../condition.ts";
import { globMatches, toolMatches } from "../names.ts";
import { deny, type Judgement, type Question } from "../stages.ts";
import { argumentAmount, moneyOf } from "./amounts.ts";
import { inPeriod, type Meter, metersOf } from "./meters.ts";
import type { AgentState, SessionState } from "./model.ts";
import { valueIn } from "./sessions.ts";

/** What a permit will add for one party. */
export interface Charge {
  meter: Meter;
  amount: bigint;
  /** Of a distinct member: the value. */
  text?: string;
}

export interface Asked {
  /** The deny or the defer of the limits; null when the call stays within them. */
  judgement: Judgement | null;
  charges: Charge[];
  /** Millionths. */
  money: bigint;
  tokens: bigint;
  isSpawn: boolean;
  /** Targets of the alerts, in the order of the meters. */
  notify: string[];
}

const SPAWN_TOOL = "agent/spawn";

/** The party's blobs; a blob that is not written yet is an empty one. */
export interface Remembered {
  agent: AgentState;
  session: SessionState | null;
  now: bigint;
}

export function askLimits(question: Question, memory: Remembered, isApproved: boolean): Asked {
  const { program, policy, action, facts } = question;
  const money = moneyOf(policy, action, facts);
  const tokens = facts.cost?.tokens ?? null;
  const isSpawn = action.tool === SPAWN_TOOL && policy.spawn !== null;
  const asked: Asked = {
    judgement: null,
    charges: [],
    money: "micros" in money ? money.micros : 0n,
    tokens: tokens ?? 0n,
    isSpawn,
    notify: [],
  };
  const found: Judgement[] = [];
  let isSpawnAsked = !isSpawn;
  const moved = metersOf(program, policy).filter((meter) => isMoved(meter, action.tool, memory));
  for (const meter of moved) {
    if (!isSpawnAsked && !meter.ofSystem && (meter.family === "budget" || meter.family === "history")) {
      found.push(...judgeSpawn(policy.spawn!, question, memory));
      isSpawnAsked = true;
    }
    if (meter.unit === "denials") continue;
    const charge = chargeOf(meter, question, memory, money);
    if ("unknown" in charge) {
      found.push(deny("amount_unknown", { argument: charge.unknown }));
      continue;
    }
    asked.charges.push(charge);
    found.push(...judgeLimit(charge, question, memory, asked.notify));
  }
  if (!isSpawnAsked) found.push(...judgeSpawn(policy.spawn!, question, memory));
  if ("unknown" in money && found.every(({ code }) => code !== "amount_unknown") && memory.session !== null) {
    found.push(deny("amount_unknown", { argument: money.unknown }));
  }
  const denied = found.find(({ effect }) => effect === "deny");
  const deferred = isApproved ? undefined : found.find(({ effect }) => effect === "defer");
  return { ...asked, judgement: denied ?? deferred ?? null };
}

const isMoved = (meter: Meter, tool: string, memory: Remembered): boolean =>
  (meter.scope === "agent" || memory.session !== null) &&
  meter.patterns.some((pattern) => toolMatches(pattern, tool));

const stateOf = (meter: Meter, { agent, session }: Remembered): AgentState | SessionState =>
  meter.scope === "agent" ? agent : session!;

function chargeOf(
  meter: Meter,
  { action, facts }: Question,
  memory: Remembered,
  money: ReturnType<typeof moneyOf>,
): Charge | { unknown: string } {
  if (meter.kind === "distinct") {
    const value = at(action.args, meter.argument!);
    if (value === undefined || value.kind === "null") return { unknown: String(meter.argument![0]) };
    const text = canonicalText(value);
    const members = inPeriod(meter, stateOf(meter, memory).counted.get(meter.id) ?? [], memory.now);
    return { meter, amount: members.some((one) => one.text === text) ? 0n : 1n, text };
  }
  switch (meter.unit) {
    case "calls":
      return { meter, amount: 1n };
    case "tokens":
      return { meter, amount: facts.cost?.tokens ?? 0n };
    case "money":
      return "unknown" in money ? money : { meter, amount: money.micros };
    case "argument": {
      const amount = argumentAmount(action, meter.argument!, 0n);
      return "unknown" in amount ? amount : { meter, amount: amount.micros };
    }
    default:
      return { meter, amount: 0n };
  }
}

const EXCEEDED: Record<OnExceed, "deny" | "defer" | null> = { deny: "deny", defer: "defer", audit: null };

function judgeLimit(
  { meter, amount }: Charge,
  { policy, facts }: Question,
  memory: Remembered,
  notify: string[],
): Judgement[] {
  if (meter.limit === null || meter.kind === "sequence") return [];
  const value = valueIn(stateOf(meter, memory), meter, memory.now);
  const isBlind = meter.unit === "tokens" && facts.cost?.tokens == null;
  const isOver = value + amount > meter.limit || (isBlind && value >= meter.limit);
  if (!isOver) {
    if (meter.warnAt !== null && value + amount >= meter.warnAt)
      notify.push(...sorted(policy.alerts.budgetWarning));
    return [];
  }
  notify.push(...sorted(meter.family === "rate" ? policy.alerts.rateExceeded : policy.alerts.budgetExceeded));
  const effect = meter.family === "rate" ? "deny" : EXCEEDED[meter.onExceed];
  if (effect === null) return [];
  const code = `${meter.family}_exceeded${effect === "defer" ? "_defer" : ""}`;
  return [{ effect, code, detail: { meter: meter.name }, rule: null }];
}

const sorted = (targets: string[]): string[] =>
  [...targets].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

/** `agent/spawn`: types by `args.type`, live children, depth of the delegation chain. */
function judgeSpawn(spawn: Spawn, { action, facts }: Question, { agent }: Remembered): Judgement[] {
  const type = at(action.args, ["type"]);
  const isListed = (globs: string[]): boolean =>
    type?.kind === "string" && globs.some((glob) => globMatches(glob, type.value, "name"));
  if (!isListed(spawn.allow) || isListed(spawn.deny)) return [deny("spawn_not_allowed")];
  const depth = facts.delegation?.chain.length ?? 0;
  const isFull = spawn.maxChildren !== null && agent.children >= BigInt(spawn.maxChildren);
  const isDeep = spawn.maxDepth !== null && depth >= spawn.maxDepth;
  if (!isFull && !isDeep) return [];
  const code = spawn.onExceed === "defer" ? "spawn_limit_defer" : "spawn_limit";
  return [{ effect: spawn.onExceed, code, detail: null, rule: null }];
}
