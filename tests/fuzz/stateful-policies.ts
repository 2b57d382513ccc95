/** Policies that remember: budgets, limits, history, sessions, phases, spawning, gates and delegation, a statement a line. */

import { check } from "../../fpl-grammar/index.ts";
import { POLICY_FILE } from "../conformance/policy.ts";
import { blockEnd } from "./blocks.ts";
import type { Random } from "./random.ts";

/** In a chain each may stand for the ones before it. */
export const AGENTS = ["lead", "worker", "helper"];
export const TOOLS = [
  "pay",
  "pay/big",
  "look",
  "mail/send",
  "crm/read",
  "agent/spawn",
  ...AGENTS.map((name) => `agent/invoke/${name}`),
];
export const PHASES = ["draft", "review", "done"];
export const GATES = ["tested", "reviewed"];

const PATTERNS = ["*", "pay", "pay/*", "look", "mail/send", "crm/read", "agent/*", "agent/spawn", "**"];
const TARGETS = ["ops", "boss", "log"];
const MAX_REPAIRS = 6;

/** A generated policy, without the statements that the checks refuse. */
export function statefulPolicy(random: Random): { text: string; agents: string[] } {
  const agents = random.shuffled(AGENTS).slice(0, random.pick([1, 2, 3, 3]));
  const parts = [
    ...(random.chance(0.3) ? system(random) : []),
    ...agents.flatMap((name) => agent(random, name, agents)),
    ...(random.chance(0.2) ? agent(random, "default", agents) : []),
    ...(random.chance(0.6) ? manifest(random, agents) : []),
  ];
  let text = `${parts.join("\n")}\n`;
  for (let round = 0; round < MAX_REPAIRS; round++) {
    const repaired = withoutErrors(text);
    if (repaired === text) break;
    text = repaired;
  }
  return { text, agents: text.includes('agent "default"') ? AGENTS : agents };
}

function withoutErrors(text: string): string {
  const { diagnostics } = check([{ name: POLICY_FILE, text }]);
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  const lines = text.split("\n");
  const refused = new Set(errors.map(({ span }) => span.line - 1));
  for (const line of [...refused].sort((a, b) => b - a)) lines.splice(line, blockEnd(lines, line) - line);
  return lines.join("\n");
}

const block = (head: string, lines: string[]): string[] => [
  `${head} {`,
  ...lines.map((line) => `  ${line}`),
  "}",
];

const maybe = (random: Random, probability: number, make: () => string[]): string[] =>
  random.chance(probability) ? make() : [];

function system(random: Random): string[] {
  const rules = random.times(1 + random.below(2), () => rule(random, ["deny!", "deny", "defer"], false));
  return block("system", [
    ...(random.chance(0.3) ? ["missing_fields applies"] : []),
    ...block("rules", rules),
  ]);
}

function agent(random: Random, name: string, agents: string[]): string[] {
  const effects = ["permit", "permit", "permit", "defer", "defer", "deny"];
  const has = (probability: number, make: () => string[]): string[] => maybe(random, probability, make);
  return block(`agent "${name}"`, [
    `default ${random.pick(["permit", "permit", "permit", "permit", "defer", "deny"])}`,
    ...block(
      "rules",
      random.times(random.below(4), () => rule(random, effects, true)),
    ),
    ...has(0.5, () => budget(random, "session")),
    ...has(0.3, () => budget(random, "daily")),
    ...has(0.5, () => budget(random, "total")),
    ...has(0.3, () => [
      `rate_limit "${random.pick(PATTERNS)}" ${1 + random.below(3)} per ${random.pick(["second", "minute", "hour"])}`,
    ]),
    ...has(0.3, () => ambient(random)),
    ...has(0.4, () => [
      `cost ${random.pick(["pay", "pay/*", "look", "**"])} ${random.pick(["$1", "$0.25", "args.amount"])}`,
    ]),
    ...has(0.3, () => [`cost pay args.amount`]),
    ...has(0.25, () => sessionLimits(random)),
    ...has(0.3, () => phases(random)),
    ...has(0.3, () => spawn(random)),
    ...has(0.3, () => gate(random)),
    ...has(0.5, () => alerts(random)),
    ...has(0.2, () => [`redact pay args: ["${random.pick(["amount", "customer"])}"]`]),
    ...agents.filter((other) => other !== name).flatMap((other) => has(0.85, () => delegate(random, other))),
    ...has(0.1, () => [
      `selector risk {`,
      `  source "https://risk.example/s"`,
      `  on_unavailable ${random.pick(["deny", "defer"])}`,
      "}",
    ]),
    ...has(0.03, () => ["identity {", "  require_verified true", "}"]),
  ]);
}

/** Often of pairs that the checks refuse, whose lines go again. */
function manifest(random: Random, agents: string[]): string[] {
  const grants = agents.flatMap((from) =>
    [...AGENTS, "default"].flatMap((to) =>
      maybe(random, 0.4, () => [
        `grant ${from} to ${to} max ${random.pick([0, 1, 2, 9])}${random.chance(0.3) ? " approval" : ""}`,
      ]),
    ),
  );
  const effect = random.pick(["", " undeclared deny", " undeclared defer"]);
  return block("manifest", [
    ...maybe(random, 0.7, () => [`orchestrator ${random.pick([...agents, "default"])}${effect}`]),
    ...grants,
  ]);
}

const money = (random: Random): string => `$${random.pick(["0", "1", "2.5", "5", "10", "20"])}`;
const onExceed = (random: Random): string => `on_exceed ${random.pick(["deny", "defer", "audit"])}`;

function budget(random: Random, name: string): string[] {
  const lines = [
    ...maybe(random, 0.6, () => [`max ${money(random)}`]),
    ...(name === "daily" ? [] : maybe(random, 0.2, () => [`daily ${money(random)}`])),
    ...maybe(random, 0.4, () => [`max_calls ${random.below(6)}`]),
    ...maybe(random, 0.3, () => [`max_tokens ${random.pick([0, 10, 50])}`]),
    ...maybe(random, 0.4, () => [`warn_at ${random.pick(["0", "0.5", "0.75", "1"])}`]),
    ...maybe(random, 0.5, () => [onExceed(random)]),
    ...maybe(random, 0.3, () => [`tools ${random.pick(PATTERNS.slice(1))}`]),
    ...(name === "daily" ? [] : maybe(random, 0.2, () => [`window ${random.pick(["10s", "1m", "1h"])}`])),
  ];
  return block(
    `budget ${name}`,
    lines.some((line) => line.startsWith("max")) ? lines : ["max_calls 3", ...lines],
  );
}

function ambient(random: Random): string[] {
  return block("ambient", [
    ...maybe(random, 0.5, () => [`max_calls_per_day ${random.below(8)}`]),
    ...maybe(random, 0.4, () => [
      "counter customers **.customer",
      `max_customers_per_day ${random.below(3)}`,
    ]),
    ...maybe(random, 0.4, () => [`max_data_volume ${1 + random.below(3)}kb`]),
    ...maybe(random, 0.4, () => ["counter mails mail/*", `mails ${random.below(3)}`]),
    ...maybe(random, 0.4, () => [onExceed(random)]),
  ]);
}

function sessionLimits(random: Random): string[] {
  return block("session", [
    ...maybe(random, 0.4, () => [`max_duration ${random.pick(["30s", "10m", "2h"])}`]),
    ...maybe(random, 0.4, () => [`idle_timeout ${random.pick(["5s", "1m", "1h"])}`]),
    ...maybe(random, 0.5, () => [`max_calls ${random.below(8)}`]),
  ]);
}

function phases(random: Random): string[] {
  const names = PHASES.slice(0, 1 + random.below(3));
  return names.flatMap((name, index) => {
    const next = names[index + 1];
    const duration = random.chance(0.4);
    return block(`phase ${name}`, [
      ...maybe(random, 0.6, () => [`tools ${random.pick(TOOLS)}`]),
      ...(duration ? [`duration ${random.pick(["5s", "1m", "1h"])}`] : []),
      ...(duration && next !== undefined ? maybe(random, 0.7, () => [`next ${next}`]) : []),
      ...maybe(random, 0.3, () => [rule(random, ["permit", "deny"], true)]),
    ]);
  });
}

function spawn(random: Random): string[] {
  return block("spawn", [
    ...maybe(random, 0.8, () => [`allow ["x*", "y"]`]),
    ...maybe(random, 0.3, () => [`deny ["xx"]`]),
    ...maybe(random, 0.6, () => [`max_children ${random.below(3)}`]),
    ...maybe(random, 0.3, () => [`max_depth ${random.below(3)}`]),
    ...maybe(random, 0.4, () => [`on_exceed ${random.pick(["deny", "defer"])}`]),
  ]);
}

function gate(random: Random): string[] {
  const required = random.some(["no_pending_approvals", "budget_under_limit", ...GATES], 0.5);
  return block("completion_gate", [
    `require [${required.map((name) => `"${name}"`).join(", ")}]`,
    ...maybe(random, 0.4, () => [`on_unmet ${random.pick(["deny", "defer"])}`]),
  ]);
}

function alerts(random: Random): string[] {
  const events = ["permit", "deny", "defer", "budget_warning", "budget_exceeded", "rate_exceeded"];
  return block(
    "alert",
    random.some(events, 0.5).map(
      (event) =>
        `${event} [${random
          .some(TARGETS, 0.6)
          .map((one) => `"${one}"`)
          .join(", ")}]`,
    ),
  );
}

function delegate(random: Random, to: string): string[] {
  const scope = (): string =>
    `"${random.chance(0.5) ? "*" : random.pick(PATTERNS)}${random.chance(0.4) ? `:${random.pick(["amount<=2", "customer=='x'".replaceAll("'", '\\"'), "session.purpose!=nil", "delegation.depth<2"])}` : ""}"`;
  return block(`delegate ${to}`, [
    `scope [${random.times(1 + random.below(3), scope).join(", ")}]`,
    ...maybe(random, 0.4, () => [`ttl ${random.pick(["30m", "1h", "2h"])}`]),
    ...maybe(random, 0.4, () => [
      `ceiling ${random.pick(["inherited", "permit", "permit", "defer", "deny"])}`,
    ]),
  ]);
}

function rule(random: Random, effects: string[], canNotify: boolean): string {
  const when = random.chance(0.75) ? ` when ${condition(random)}` : "";
  const notify = canNotify && random.chance(0.2) ? ` notify "${random.pick(TARGETS)}"` : "";
  return `${random.pick(effects)} ${random.pick(PATTERNS)}${when}${notify}`;
}

function condition(random: Random): string {
  const join = random.chance(0.25) ? random.pick([" and ", " or "]) : null;
  const not = random.chance(0.2) ? "not " : "";
  return `${not}${test(random)}${join === null ? "" : `${join}${test(random)}`}`;
}

const COMPARISONS = ["==", "!=", "<", "<=", ">", ">="];

function test(random: Random): string {
  const op = random.pick(COMPARISONS);
  const tool = random.pick(["*", "pay", "pay/*", "look", "mail/send", "crm/read"]);
  const window = random.chance(0.6) ? `, window=${random.pick(["1s", "10s", "1m", "1h"])}` : "";
  return random.weighted<string>([
    [3, () => `session.count(${tool}${window}) ${op} ${random.below(4)}`],
    [
      2,
      () =>
        `session.sum(${random.pick(["pay", "pay/big", "look"])}.amount${window}) ${op} ${random.pick(["0.5", "2", "args.amount"])}`,
    ],
    [2, () => `deny_count_within(${random.pick(["1s", "10s", "60s"])}) ${op} ${random.below(3)}`],
    [
      2,
      () =>
        `history.contains(${tool}${random.chance(0.6) ? `, within=${random.pick(["1s", "10s", "1m"])}` : ""})`,
    ],
    [
      2,
      () =>
        `history.sequence(${random.times(1 + random.below(3), () => random.pick(["pay", "look", "pay/*", "*"])).join(", ")})`,
    ],
    [1, () => `session.calls ${op} ${random.below(5)}`],
    [1, () => `session.cost ${op} ${random.pick(["$1", "$2.5", "0"])}`],
    [1, () => `session.age ${op} ${random.pick([0, 1, 10, 60])}`],
    [1, () => `session.phase == "${random.pick(PHASES)}"`],
    [1, () => `purpose("${random.pick(["help", "audit"])}")`],
    [1, () => `delegation.depth ${op} ${random.below(3)}`],
    [1, () => `delegation.root == "${random.pick(AGENTS)}"`],
    [1, () => `agent == "${random.pick(AGENTS)}"`],
    [1, () => `amount ${op} ${random.below(4)}`],
    [1, () => "selectors.risk.score < 5"],
  ]);
}
