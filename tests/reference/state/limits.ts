/** Step 6: what a call would add to every meter, and the limits that it would go over (engine/ABI.md "Meters"). */
import type { AgentPolicy, Spawn } from "../../../fpl-grammar/program.ts";
import { canonicalText } from "../canonical.ts";
import { at } from "../condition.ts";
import { globMatches, toolMatches } from "../names.ts";
import { deny, type Judgement, type Question } from "../stages.ts";
import { argumentAmount, moneyOf } from "./amounts.ts";
import { nameOf } from "./meter-names.ts";
import { inPeriod, MAX_SUM, type Meter, metersOf } from "./meters.ts";
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
  /** A defer that an approval lifts. */
  isLifted: boolean;
  charges: Charge[];
  /** Millionths. */
  money: bigint;
  tokens: bigint;
  isSpawn: boolean;
  /** Targets of the alerts for what came near a limit, which a permit alone gives, and for what is over one. */
  warned: string[];
  exceeded: string[];
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
  const isSpawn = action.tool === SPAWN_TOOL && policy.spawn !== null;
  const nothing = {
    charges: [],
    money: 0n,
    tokens: facts.cost?.tokens ?? 0n,
    isSpawn,
    warned: [],
    exceeded: [],
    isLifted: false,
  };
  const money = moneyOf(policy, action, facts);
  if ("unknown" in money) {
    return { ...nothing, judgement: deny("amount_unknown", { argument: money.unknown }) };
  }
  const moved = metersOf(program, policy).filter((meter) => isMoved(meter, action.tool, memory));
  const all = moved
    .filter(({ unit }) => unit !== "denials")
    .map((meter) => askMeter(meter, question, memory, money.micros));
  const unknownAt = all.findIndex(({ judgement }) => judgement?.code === "amount_unknown");
  const asked = unknownAt < 0 ? all : all.slice(0, unknownAt + 1);
  const isBehindSpawn = ({ meter }: AskedMeter): boolean =>
    !meter.ofSystem && (meter.family === "budget" || meter.family === "history");
  const spawn = isSpawn ? judgeSpawn(policy.spawn!, question, memory) : null;
  const inOrder = [
    ...asked.filter((one) => !isBehindSpawn(one)).map(({ judgement }) => judgement),
    spawn,
    ...asked.filter(isBehindSpawn).map(({ judgement }) => judgement),
  ];
  const denied = inOrder.find((one) => one?.effect === "deny");
  const deferred = inOrder.find((one) => one?.effect === "defer");
  return {
    ...nothing,
    judgement: denied ?? (isApproved ? null : (deferred ?? null)),
    isLifted: isApproved && deferred !== undefined,
    charges: asked.flatMap(({ charge }) => charge ?? []),
    money: money.micros,
    ...alertsOf(policy, asked),
  };
}

/** What one meter says of the call. */
interface AskedMeter {
  meter: Meter;
  judgement: Judgement | null;
  /** Null when what it would add is not known. */
  charge: Charge | null;
  state: "within" | "warned" | "over";
}

/** Of what is over a limit: budgets, then rates. */
function alertsOf(policy: AgentPolicy, asked: AskedMeter[]): Pick<Asked, "warned" | "exceeded"> {
  const isOver = (isRate: boolean): boolean =>
    asked.some(({ meter, state }) => state === "over" && (meter.family === "rate") === isRate);
  const { budgetWarning, budgetExceeded, rateExceeded } = policy.alerts;
  const isWarned = asked.some(({ state }) => state === "warned");
  return {
    warned: isWarned ? sorted(budgetWarning) : [],
    exceeded: [
      ...(isOver(false) ? sorted(budgetExceeded) : []),
      ...(isOver(true) ? sorted(rateExceeded) : []),
    ],
  };
}

const isMoved = (meter: Meter, tool: string, memory: Remembered): boolean =>
  (meter.scope === "agent" || memory.session !== null) &&
  meter.patterns.some((pattern) => toolMatches(pattern, tool));

const stateOf = (meter: Meter, { agent, session }: Remembered): AgentState | SessionState =>
  meter.scope === "agent" ? agent : session!;

function askMeter(meter: Meter, question: Question, memory: Remembered, money: bigint): AskedMeter {
  const charge = chargeOf(meter, question, memory, money);
  if ("unknown" in charge) {
    const judgement = deny("amount_unknown", { argument: charge.unknown });
    return { meter, judgement, charge: null, state: "within" };
  }
  if (meter.kind === "last" || meter.kind === "sequence") {
    return { meter, judgement: null, charge, state: "within" };
  }
  const before = valueIn(stateOf(meter, memory), meter, memory.now);
  const value = before + charge.amount;
  if (value > MAX_SUM) {
    return { meter, judgement: deny("amount_unknown", { meter: nameOf(meter) }), charge, state: "within" };
  }
  if (meter.limit === null) return { meter, judgement: null, charge, state: "within" };
  const isBlind = meter.unit === "tokens" && question.facts.cost?.tokens == null;
  const isOver = value > meter.limit || (isBlind && before >= meter.limit);
  if (isOver) return { meter, judgement: exceeded(meter), charge, state: "over" };
  const isWarned = meter.warnAt !== null && value >= meter.warnAt;
  return { meter, judgement: null, charge, state: isWarned ? "warned" : "within" };
}

function chargeOf(
  meter: Meter,
  { action, facts }: Question,
  memory: Remembered,
  money: bigint,
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
      return { meter, amount: money };
    case "argument": {
      const amount = argumentAmount(action, meter.argument!, 0n);
      return "unknown" in amount ? amount : { meter, amount: amount.micros };
    }
    default:
      return { meter, amount: 0n };
  }
}

function exceeded(meter: Meter): Judgement | null {
  const effect = meter.family === "rate" ? "deny" : meter.onExceed;
  if (effect === "audit") return null;
  const code = `${meter.family}_exceeded${effect === "defer" ? "_defer" : ""}`;
  return { effect, code, detail: { meter: meter.name }, rule: null };
}

export const sorted = (targets: string[]): string[] =>
  [...targets].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

/** `agent/spawn`: types by `args.type`, live children, depth of the delegation chain. */
function judgeSpawn(spawn: Spawn, { action, facts }: Question, { agent }: Remembered): Judgement | null {
  const type = at(action.args, ["type"]);
  const isListed = (globs: string[]): boolean =>
    type?.kind === "string" && globs.some((glob) => globMatches(glob, type.value, "name"));
  if (!isListed(spawn.allow) || isListed(spawn.deny)) return deny("spawn_not_allowed");
  const depth = facts.delegation?.chain.length ?? 0;
  const isFull = spawn.maxChildren !== null && agent.children >= BigInt(spawn.maxChildren);
  const isDeep = spawn.maxDepth !== null && depth >= spawn.maxDepth;
  if (!isFull && !isDeep) return null;
  const code = spawn.onExceed === "defer" ? "spawn_limit_defer" : "spawn_limit";
  return { effect: spawn.onExceed, code, detail: null, rule: null };
}
