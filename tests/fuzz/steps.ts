/** Actions and events of a scenario, as time goes on. */
import type { Step } from "../conformance/implementation.ts";
import type { Random } from "./random.ts";
import { AGENTS, GATES, PHASES, TOOLS } from "./stateful-policies.ts";

const BEGIN_MS = 1_767_225_500_000;
const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

type Fields = Record<string, unknown>;

/** What the next step may refer to. */
export interface Past {
  /** Agents that the policy knows. */
  agents: string[];
  time: number;
  /** Sequences of records that may have reserved. */
  sequences: number[];
  /** Digests and fields of actions that were asked for. */
  actions: { digest: string; fields: Fields; facts: Fields }[];
  /** What was deferred last. */
  deferred: Past["actions"][number] | null;
  /** What was approved just now. */
  approved: Past["actions"][number] | null;
  sequence: number;
}

export const beginning = (random: Random, agents: string[]): Past => ({
  agents,
  time: BEGIN_MS + random.below(100_000),
  sequences: [],
  actions: [],
  deferred: null,
  approved: null,
  sequence: 0,
});

/** `past` is moved on; the caller notes the actions that it sees decided. */
export function step(random: Random, past: Past): { step: Step; fields: Fields; facts: Fields } {
  past.time += elapsed(random);
  const again = repeated(random, past);
  past.approved = null;
  const first = past.sequence < 2 * past.agents.length ? opening(past) : null;
  if (first !== null && random.chance(0.8))
    return finish(random, past, "event", { fields: first, facts: {} });
  const isEvent = again === null && random.chance(0.25);
  const made = isEvent ? event(random, past) : (again ?? action(random, past));
  return finish(random, past, isEvent ? "event" : "action", made);
}

const opening = ({ agents, sequence }: Past): Fields => ({
  type: "session_open",
  agent: agents[sequence % agents.length],
  session: sequence < agents.length ? "s" : "t",
});

function finish(
  random: Random,
  past: Past,
  kind: Step["kind"],
  made: { fields: Fields; facts: Fields },
): { step: Step; fields: Fields; facts: Fields } {
  const withFacts = random.chance(0.98) ? { ...made.facts, time: past.time } : made.facts;
  past.sequences.push(past.sequence++);
  return {
    step: {
      kind,
      text: encode(made.fields),
      facts: encode(withFacts),
      withState: random.chance(0.97),
    },
    fields: made.fields,
    facts: made.facts,
  };
}

function repeated(random: Random, past: Past): Past["actions"][number] | null {
  if (past.approved !== null && random.chance(0.8)) return past.approved;
  return past.actions.length > 0 && random.chance(0.2) ? random.pick(past.actions) : null;
}

function elapsed(random: Random): number {
  return random.weighted<number>([
    [20, () => random.below(3)],
    [6, () => random.below(2000)],
    [4, () => random.below(30_000)],
    [2, () => random.below(600_000)],
    [1, () => random.below(50_000_000)],
    [1, () => random.pick([1000, 5000, 60_000, 3_600_000, 86_400_000])],
    [1, () => -random.below(1200)],
  ]);
}

function action(random: Random, past: Past): { fields: Fields; facts: Fields } {
  const chain = random.chance(0.35)
    ? random.shuffled(random.chance(0.9) ? past.agents : AGENTS).slice(0, 1 + random.below(2))
    : [];
  const free = past.agents.filter((name) => !chain.includes(name));
  const actor = random.chance(0.03) ? "stranger" : random.pick(free.length > 0 ? free : AGENTS);
  const args: Fields = {};
  if (random.chance(0.8)) args.amount = amount(random);
  if (random.chance(0.6)) args.customer = random.pick(["x", "y", "z", 1, null]);
  if (random.chance(0.6)) args.type = random.pick(["x", "xx", "xy", "y", "z", 3]);
  const fields: Fields = { agent: actor, args, tool: random.pick(TOOLS) };
  if (random.chance(0.93)) fields.session = random.pick(["s", "s", "s", "t"]);
  const facts: Fields = {};
  if (random.chance(0.3)) facts.cost = cost(random);
  if (random.chance(0.02)) facts.purpose = "help";
  if (random.chance(0.03)) facts.phase = random.pick(PHASES);
  if (random.chance(0.85)) facts.selectors = { risk: { score: random.below(10) } };
  if (random.chance(0.9)) facts.principal = { verified: true };
  if (random.chance(0.7)) facts.salt = "0123456789abcdef";
  if (random.chance(0.02)) facts.agent = random.pick(AGENTS);
  if (chain.length > 0) facts.delegation = { chain, grants: chain.map(() => grant(random, past.time)) };
  return { fields, facts };
}

const amount = (random: Random): unknown =>
  random.weighted<unknown>([
    [12, () => random.below(4)],
    [3, () => random.pick([0.5, 2.25, 0.000001])],
    [1, () => random.pick([-1, "1", 0.0000001, null, 1e18, 999_999_999_999])],
  ]);

function cost(random: Random): Fields {
  return {
    ...(random.chance(0.6) ? { money: random.pick<unknown>([0, 1, "1.5", 0.1, "0.000001"]) } : {}),
    ...(random.chance(0.6) ? { tokens: random.pick([0, 1, 9, 40]) } : {}),
  };
}

function grant(random: Random, time: number): Fields {
  const granted = time - random.pick([0, 0, 0, 0, 0, 1000, -1000, random.chance(0.2) ? -1001 : 0]);
  const life = random.pick([1_800_000, 1_800_000, 1_800_000, 1_800_001, 3_600_000, 3_600_001]);
  return {
    digest: "0a".repeat(32),
    effect: random.chance(0.9) ? "permit" : random.pick(["defer", "deny"]),
    expires: granted + life,
    granted,
  };
}

function event(random: Random, past: Past): { fields: Fields; facts: Fields } {
  const agent = random.chance(0.02) ? "stranger" : random.pick(past.agents);
  const session = random.pick(["s", "s", "t"]);
  const facts: Fields = {};
  if (random.chance(0.5)) facts.gates = Object.fromEntries(GATES.map((name) => [name, random.chance(0.8)]));
  if (random.chance(0.02)) facts.phase = "draft";
  const last = past.deferred ?? past.actions.at(-1);
  const known = last !== undefined && random.chance(0.8) ? last : null;
  const approved = known === null && past.actions.length > 0 ? random.pick(past.actions) : known;
  const of = approved?.fields ?? {};
  const chain = (approved?.facts.delegation as { chain: string[] } | undefined)?.chain;
  const party = { agent: of.agent ?? agent, ...(of.session === undefined ? {} : { session: of.session }) };
  const withChain = chain !== undefined && random.chance(0.9) ? { ...party, chain } : party;
  const reservation = random.chance(0.5) ? Math.max(0, past.sequence - 1) : random.below(past.sequence + 1);
  const digest = approved?.digest ?? "0b".repeat(32);
  const approver = random.pick(["eve", "eve", "eve", "lead"]);
  const spent = {
    ...(random.chance(0.5) ? { money: random.pick<unknown>([0, 0.5, "3", 7]) } : {}),
    ...(random.chance(0.3) ? { tokens: random.below(60) } : {}),
    ...(random.chance(0.4) ? { bytes: random.below(2000) } : {}),
  };
  const expires = past.time + random.pick([1, 1000, 60_000, 3_600_000]);
  const fields = random.weighted<Fields>([
    [3, () => ({ type: "session_open", agent, session, ...open(random) })],
    [2, () => ({ type: "session_phase", agent, session, phase: random.pick(PHASES) })],
    [1, () => ({ type: "session_close", agent, session })],
    [4, () => ({ type: "settle", ...withChain, reservation, ...spent })],
    [3, () => ({ type: "refund", ...withChain, reservation })],
    [10, () => ({ type: "approve", ...withChain, action_digest: digest, approver, expires })],
    [2, () => ({ type: "reject", ...withChain, action_digest: digest, approver })],
    [1, () => ({ type: random.chance(0.5) ? "freeze" : "unfreeze", agent })],
    [2, () => ({ type: "unfreeze", agent })],
    [2, () => ({ type: "child_exit", agent })],
    [1, () => ({ type: "delegation_grant", agent, grant: digest, to: "worker", expires })],
    [1, () => ({ type: "incident", agent, id: "i", ...(random.chance(0.2) ? { color: 1 } : {}) })],
  ]);
  if (fields.type === "approve") past.approved = approved;
  return { fields, facts };
}

const open = (random: Random): Fields => ({
  ...(random.chance(0.5) ? { purpose: random.pick(["help", "audit", ""]) } : {}),
  ...(random.chance(0.2) ? { phase: random.pick(PHASES) } : {}),
});
