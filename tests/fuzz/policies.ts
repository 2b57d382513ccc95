/** Policies as text, a statement a line, so that a line can be taken away. */
import { check } from "../../fpl-grammar/index.ts";
import { POLICY_FILE } from "../conformance/policy.ts";
import { blockEnd } from "./blocks.ts";
import { condition, quote, type Scope } from "./conditions.ts";
import type { Random } from "./random.ts";
import {
  AGENTS,
  EGRESS_HOSTS,
  FIELDS,
  HOST_GLOBS,
  METHODS,
  METHODS_OF_IDENTITY,
  NAME_GLOBS,
  PATH_GLOBS,
  PHASES,
  PORTS,
  REDACTIONS,
  SELECTORS,
  STRINGS,
  TARGETS,
  TOOLS,
  toolPattern,
} from "./vocabulary.ts";

export interface Policy {
  text: string;
  agents: string[];
  /** The phases that some agent declares. */
  phases: string[];
  /** The tool patterns that it names. */
  patterns: string[];
  /** Per argument the literals, as written, that it is compared with. */
  literals: Map<string, string[]>;
}

/** `kind` narrows what the rules may be, for properties that hold of such policies alone. */
export type Kind = "any" | "permits only" | "denies always only";

const MAX_REPAIRS = 8;

/** Text and agents of a policy that may have errors. */
export function draft(random: Random, kind: Kind = "any"): { text: string; agents: string[] } {
  const agents = random.shuffled(AGENTS).slice(0, 1 + random.below(2));
  const schemas = kind === "any" && random.chance(0.3) ? 1 + random.below(2) : 0;
  const tools = random.shuffled(TOOLS).slice(0, 1 + random.below(4));
  const parts = [
    ...(kind === "any" && random.chance(0.5) ? [system(random, tools)] : []),
    ...random.times(schemas, () => toolSchema(random, tools)),
    ...agents.map((name) => agent(random, name, kind, tools)),
  ];
  return { text: `${parts.flat().join("\n")}\n`, agents };
}

/** A generated policy, without the statements that the checks refuse. */
export function policy(random: Random, kind: Kind = "any"): Policy {
  const { text: drafted, agents } = draft(random, kind);
  let text = drafted;
  for (let round = 0; round < MAX_REPAIRS; round++) {
    const repaired = withoutErrors(text);
    if (repaired === text) break;
    text = repaired;
  }
  return {
    text,
    agents,
    phases: PHASES.filter((name) => text.includes(`phase ${name} {`)),
    patterns: [
      ...text.matchAll(
        /^ +(?:permit|deny!?|defer|allow|block|approve|reject|tools|redact|scope) "([^"]+)"/gm,
      ),
    ].map(([, pattern]) => pattern!),
    literals: literalsIn(text),
  };
}

const LITERAL =
  /(?:args\.)?([a-z]+(?:\.[a-z]+)*) (?:==|!=|<=?|>=?|contains|starts_with|ends_with|under|in) \[?("(?:[^"\\]|\\.)*"|true|false|\$?\d[\d.e]*)/g;

function literalsIn(text: string): Map<string, string[]> {
  const result = new Map<string, string[]>();
  for (const [, name, literal] of text.matchAll(LITERAL)) {
    result.set(name!, [...(result.get(name!) ?? []), literal!.replace("$", "")]);
  }
  return result;
}

/** The text without the statements, each a line or a block, in which there are errors. */
function withoutErrors(text: string): string {
  const errors = check([{ name: POLICY_FILE, text }]).diagnostics.filter(
    ({ severity }) => severity === "error",
  );
  const lines = text.split("\n");
  const refused = new Set(errors.map(({ span }) => span.line - 1));
  for (const line of [...refused].sort((a, b) => b - a)) lines.splice(line, blockEnd(lines, line) - line);
  return lines.join("\n");
}

type Tools = readonly string[];
type RuleScope = Scope & { tools: Tools };

const block = (head: string, lines: string[]): string[] => [
  `${head} {`,
  ...lines.map((line) => `  ${line}`),
  "}",
];
const texts = (items: readonly string[]): string => `[${items.map(quote).join(", ")}]`;

function system(random: Random, tools: Tools): string[] {
  const scope = { selectors: [], monotonic: false, tools };
  const rules = random.times(random.below(4), () => rule(random, scope, ["deny!", "deny", "defer"]));
  return block("system", [
    ...(random.chance(0.4) ? ["missing_fields applies"] : []),
    ...(random.chance(0.4)
      ? [`utc_offset "${random.pick(["+05:30", "-08:00", "+00:00", "+14:00", "-12:00"])}"`]
      : []),
    ...(rules.length > 0 ? block("rules", rules) : []),
  ]);
}

function toolSchema(random: Random, tools: Tools): string[] {
  const types = [
    "string",
    "integer",
    "number",
    "money",
    "boolean",
    "list",
    "object",
    `enum ${texts(random.shuffled(STRINGS).slice(0, 3))}`,
  ];
  const declared = random.some(FIELDS, 0.8).map((name) => {
    const type = random.chance(0.25) ? random.pick(types) : (NATURAL_TYPES[name] ?? "string");
    return `${name} ${type}${random.chance(0.2) ? " required" : ""}`;
  });
  return block(`tool ${quote(toolPattern(random, tools))}`, block("args", [...declared, "card object"]));
}

const NATURAL_TYPES: Record<string, string> = {
  amount: "money",
  ok: "boolean",
  items: "list",
  port: "integer",
};

function agent(random: Random, name: string, kind: Kind, tools: Tools): string[] {
  const selectors = kind === "any" ? random.some(SELECTORS, 0.35) : [];
  const scope = { selectors, monotonic: kind !== "any", patternsOnly: random.chance(0.12), tools };
  const usual = [
    "permit",
    "permit",
    "permit",
    "deny",
    "defer",
    "deny!",
    "allow",
    "block",
    "approve",
    "reject",
  ];
  const effects = { any: usual, "permits only": ["permit"], "denies always only": ["deny!"] }[kind];
  const byDefault = {
    any: random.pick(["permit", "deny", "defer"]),
    "permits only": "deny",
    "denies always only": "permit",
  }[kind];
  const rules = random.times(2 + random.below(12), () => rule(random, scope, effects));
  return block(`agent ${quote(name)}`, [
    `default ${byDefault}`,
    ...selectors.flatMap((selector) => selectorBlock(random, selector)),
    ...(kind === "any" ? furniture(random, tools) : []),
    ...block("rules", rules),
    ...(kind === "any" && random.chance(0.25) ? phases(random, scope) : []),
  ]);
}

function selectorBlock(random: Random, name: string): string[] {
  const effects = random
    .some(["on_unavailable", "on_timeout"], 0.7)
    .map((when) => `${when} ${random.pick(["deny", "defer"])}`);
  return block(`selector ${name}`, [`source "https://${name}.example/x"`, ...effects]);
}

/** Everything of an agent that is neither rule nor phase nor selector. */
function furniture(random: Random, tools: Tools): string[] {
  const maybe = (probability: number, make: () => string[]): string[] =>
    random.chance(probability) ? make() : [];
  return [
    ...maybe(0.07, () => identity(random)),
    ...maybe(0.08, () => lists("model_policy", random, NAME_GLOBS)),
    ...maybe(0.3, () =>
      lists("egress", random, [
        ...EGRESS_HOSTS,
        ...EGRESS_HOSTS.map((host) => `${host}:${random.pick([...PORTS, "*"])}`),
      ]),
    ),
    ...maybe(0.3, () => alert(random)),
    ...maybe(0.3, () => credential(random, tools)),
    ...maybe(0.4, () =>
      random.times(
        1 + random.below(2),
        () =>
          `redact ${quote(toolPattern(random, tools))} args ${texts(random.shuffled(REDACTIONS).slice(0, 1 + random.below(3)))}`,
      ),
    ),
    ...maybe(0.2, () => ["var limit 500", 'var known ["EUR", "a"]']),
  ];
}

function identity(random: Random): string[] {
  return block("identity", [
    ...(random.chance(0.7) ? [`require_verified ${random.chance(0.8)}`] : []),
    ...(random.chance(0.5) ? [`methods ${texts(random.some(METHODS_OF_IDENTITY, 0.7))}`] : []),
  ]);
}

function lists(name: string, random: Random, globs: readonly string[]): string[] {
  return block(name, [
    ...(random.chance(0.9) ? [`allow ${texts(random.some(globs, 0.5))}`] : []),
    ...(random.chance(0.5) ? [`deny ${texts(random.some(globs, 0.2))}`] : []),
  ]);
}

function alert(random: Random): string[] {
  return block(
    "alert",
    random
      .some(["permit", "deny", "defer"], 0.6)
      .map((effect) => `${effect} ${texts(random.some(TARGETS, 0.5))}`),
  );
}

function credential(random: Random, tools: Tools): string[] {
  return block(`credential ${random.pick(["stripe", "github"])}`, [
    `scope ${random.times(1 + random.below(2), () => quote(toolPattern(random, tools))).join(" ")}`,
    ...(random.chance(0.5) ? ["backend vault"] : []),
    ...(random.chance(0.5) ? ['path "secret/é"'] : []),
    ...(random.chance(0.5) ? ["ttl 15m"] : []),
  ]);
}

function phases(random: Random, scope: RuleScope): string[] {
  const { tools } = scope;
  return PHASES.slice(0, 1 + random.below(3)).flatMap((name) =>
    block(`phase ${name}`, [
      ...(random.chance(0.6) ? [`tools ${quote(toolPattern(random, tools))}`] : []),
      ...random.times(random.below(3), () => rule(random, scope, ["permit", "deny", "defer", "deny!"])),
    ]),
  );
}

function rule(random: Random, scope: RuleScope, effects: readonly string[]): string {
  const { tools } = scope;
  const effect = random.pick(effects);
  const unconditional = effect === "deny!" ? 0.02 : 0.12;
  const when = random.chance(unconditional)
    ? ""
    : ` ${random.pick(["when", "if"])} ${condition(random, scope)}`;
  const facet = !scope.monotonic && random.chance(0.15) ? ` ${clause(random)}` : "";
  const notify = random.chance(0.15) ? ` notify ${quote(random.pick(TARGETS))}` : "";
  const reason = random.chance(0.2) ? ` reason${random.pick([":", ""])} ${quote(random.pick(STRINGS))}` : "";
  return `${effect} ${quote(toolPattern(random, tools))}${facet}${when}${notify}${reason}`;
}

function clause(random: Random): string {
  return random.weighted<string>([
    [3, () => `host ${quote(random.pick(HOST_GLOBS))}`],
    [2, () => `port ${random.pick(PORTS)}`],
    [2, () => `method ${quote(random.pick(METHODS))}`],
    [2, () => `path ${quote(random.pick(PATH_GLOBS))}`],
    [1, () => `query "q" ${quote(random.pick(["x*", "*", "a"]))}`],
    [1, () => `header "x-team" [${quote("core")}, ${quote("in*")}]`],
  ]);
}
