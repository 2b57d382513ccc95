/** Reading AgentDojo's traces and counting what a policy does to them. The verdicts are given by the caller. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { policyFrom } from "../compiled.ts";

export const SUITES = ["banking", "slack"] as const;
export type Suite = (typeof SUITES)[number];
export type Effect = "permit" | "deny" | "defer";
export type Judge = (call: Call) => Effect;

export interface Call {
  tool: string;
  args: Record<string, unknown>;
  origin: "user" | "injection" | null;
}

export interface Trace {
  suite: Suite;
  calls: Call[];
}

export interface BenignCounts {
  tasks: number;
  /** Every call permitted. */
  whole: number;
  /** No call denied, at least one deferred. */
  deferred: number;
  /** At least one call denied. */
  broken: number;
}

export interface AttackCounts {
  pairs: number;
  /** Every attacker call denied, every one deferred, or some of each: the three are disjoint. */
  allDenied: number;
  allDeferred: number;
  deniedAndDeferred: number;
  /** At least one attacker call stopped, and at least one permitted. */
  partly: number;
  /** Every attacker call permitted. */
  through: number;
  /** Attacker calls, not pairs. */
  calls: Record<Effect, number>;
}

/** Where the data is looked for: `FARAMESH_DATA`, else `../shared/data` beside the checkout. */
export function dataFolder(root: string): string {
  return join(process.env.FARAMESH_DATA ?? join(root, "..", "shared", "data"), "agentdojo");
}

/** Reads one file of traces. Throws with the line's number, never its text, when a line has another shape. */
export function readTraces(path: string, withOrigin: boolean): Trace[] {
  const lines = readFileSync(path, "utf8").split("\n");
  const traces: Trace[] = [];
  for (const [index, line] of lines.entries()) {
    if (line !== "") traces.push(readTrace(line, withOrigin, `${path}:${index + 1}`));
  }
  return traces;
}

function readTrace(line: string, withOrigin: boolean, place: string): Trace {
  const value = JSON.parse(line) as { suite?: unknown; calls?: unknown };
  const suite = SUITES.find((name) => name === value.suite);
  if (suite === undefined || !Array.isArray(value.calls)) throw new Error(`${place}: no suite or no calls`);
  const calls = value.calls.map((call: Record<string, unknown>): Call => {
    const { tool, args, origin } = call;
    if (typeof tool !== "string" || typeof args !== "object" || args === null) {
      throw new Error(`${place}: a call without tool or arguments`);
    }
    if (withOrigin && origin !== "user" && origin !== "injection") {
      throw new Error(`${place}: a call without origin`);
    }
    return {
      tool,
      args: args as Record<string, unknown>,
      origin: withOrigin ? (origin as Call["origin"]) : null,
    };
  });
  return { suite, calls };
}

export function countBenign(traces: Trace[], judge: Judge): BenignCounts {
  const counts: BenignCounts = { tasks: 0, whole: 0, deferred: 0, broken: 0 };
  for (const trace of traces) {
    const effects = trace.calls.map(judge);
    counts.tasks += 1;
    if (effects.includes("deny")) counts.broken += 1;
    else if (effects.includes("defer")) counts.deferred += 1;
    else counts.whole += 1;
  }
  return counts;
}

/** Throws when a pair holds no attacker call: such a pair would count as stopped for nothing. */
export function countAttacks(traces: Trace[], judge: Judge): AttackCounts {
  const counts: AttackCounts = {
    pairs: 0,
    allDenied: 0,
    allDeferred: 0,
    deniedAndDeferred: 0,
    partly: 0,
    through: 0,
    calls: { permit: 0, deny: 0, defer: 0 },
  };
  for (const trace of traces) {
    const effects = trace.calls.filter((call) => call.origin === "injection").map(judge);
    if (effects.length === 0) throw new Error("a pair without any attacker call");
    for (const effect of effects) counts.calls[effect] += 1;
    counts.pairs += 1;
    const distinct = new Set(effects);
    if (!distinct.has("permit")) {
      if (distinct.size === 2) counts.deniedAndDeferred += 1;
      else if (distinct.has("deny")) counts.allDenied += 1;
      else counts.allDeferred += 1;
    } else if (distinct.size === 1) counts.through += 1;
    else counts.partly += 1;
  }
  return counts;
}

/** A judge for one suite's policy. */
export async function judgeFor(root: string, suite: Suite): Promise<Judge> {
  const policy = await policyFrom(join(root, "examples", "agentdojo", suite, "policy.fpl"));
  return (call) => policy.decide(JSON.stringify({ agent: suite, tool: call.tool, args: call.args })).effect;
}
