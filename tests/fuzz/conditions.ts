/** Conditions as text, of every operator, with a taste for those whose fields and values meet those of the actions. */
import { randomPattern } from "./patterns.ts";
import type { Random } from "./random.ts";
import {
  AGENTS,
  ARGUMENTS,
  DIRECTORIES,
  HOSTS,
  METHODS,
  MODELS,
  NUMBERS,
  PATHS,
  PATTERNS,
  PHASES,
  PORTS,
  PURPOSES,
  STRINGS,
  TOOLS,
} from "./vocabulary.ts";

/** What the conditions of one agent may name. */
export interface Scope {
  selectors: readonly string[];
  /** Without `present`, so that to know less is never to know something else. */
  monotonic: boolean;
  /** Nothing but patterns. */
  patternsOnly?: boolean;
}

export const quote = (text: string): string =>
  `"${text
    .replace(/["\\]/g, "\\$&")
    .replace(/\n/g, "\\n")
    .replace(/\t/g, "\\t")
    .replace(/[\u0000-\u001f]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`)}"`;

/** In a pattern after `matches` only the quote is escaped. */
const quotePattern = (pattern: string): string => `"${pattern}"`;

const pattern = (random: Random): string =>
  random.chance(0.4) ? randomPattern(random) : random.pick(PATTERNS);

export function condition(random: Random, scope: Scope, depth = 2): string {
  if (depth === 0 || random.chance(0.6)) return comparison(random, scope);
  const inner = () => condition(random, scope, depth - 1);
  return random.weighted([
    [3, () => `(${inner()} and ${inner()})`],
    [3, () => `(${inner()} or ${inner()})`],
    [2, () => `not (${inner()})`],
    [1, () => `(${inner()} && ${inner()} && ${inner()})`],
    [1, () => `(${inner()} || !(${inner()}))`],
  ]);
}

const ORDER = ["<", "<=", ">", ">="];
const EQUALITY = ["==", "!="];

function comparison(random: Random, scope: Scope): string {
  if (scope.patternsOnly)
    return `${random.pick(["cmd", "to", "currency"])} matches ${quotePattern(pattern(random))}`;
  const field = () => openField(random, scope);
  const textField = () => (random.chance(0.2) ? random.pick(TEXT_FIELDS) : field());
  const listField = () => (random.chance(0.15) ? "principal.groups" : field());
  const text = () => quote(random.pick(STRINGS));
  const number = () => numberLiteral(random);
  return random.weighted<string>([
    [6, () => `${textField()} ${random.pick(EQUALITY)} ${text()}`],
    [4, () => `${field()} ${random.pick(EQUALITY)} ${number()}`],
    [8, () => `${field()} ${random.pick(ORDER)} ${number()}`],
    [1, () => `${number()} ${random.pick(ORDER)} ${field()}`],
    [2, () => `${field()} ${random.pick(EQUALITY)} ${random.pick(["true", "false"])}`],
    [2, () => `${field()} ${random.pick([...ORDER, ...EQUALITY])} ${field()}`],
    [1, () => `${textField()} ${random.pick(EQUALITY)} ${textField()}`],
    [3, () => `${textField()} in [${random.times(1 + random.below(4), text).join(", ")}]`],
    [2, () => `${field()} in [${random.times(1 + random.below(4), number).join(", ")}]`],
    [2, () => `${field()} contains ${random.pick([number, () => "true", field])()}`],
    [2, () => `${listField()} contains ${text()}`],
    [1, () => `${textField()} contains ${text()}`],
    [2, () => `${textField()} ${random.pick(["starts_with", "ends_with"])} ${text()}`],
    [5, () => `${textField()} ${random.pick(["matches", "=~"])} ${quotePattern(pattern(random))}`],
    [2, () => `${textField()} under ${quote(random.pick(DIRECTORIES))}`],
    [1, () => `any(${listField()}, matches ${quotePattern(pattern(random))})`],
    [2, () => `length(${listField()}) ${random.pick([...ORDER, ...EQUALITY])} ${random.below(4)}`],
    [1, () => (random.chance(0.2) ? "principal.verified" : field())],
    [2, () => known(random)],
    [scope.monotonic ? 0 : 2, () => `present(${random.chance(0.2) ? "http.query" : textField()})`],
    [scope.monotonic ? 0 : 1, () => `${textField()} ${random.pick(EQUALITY)} nil`],
    [1, () => `args_array_contains("items", ${text()})`],
    [1, () => `contains(${textField()}, ${text()})`],
  ]);
}

/** Fields that only hold texts. */
const TEXT_FIELDS = [
  ...["id", "role", "tier", "org", "email", "method"].map((name) => `principal.${name}`),
  ...["session.purpose", "session.phase", "session.id", "model", "tool", "agent"],
  ...["http.host", "http.method", "http.path"],
];

function numberLiteral(random: Random): string {
  const digits = random.pick(NUMBERS);
  return random.chance(0.15) && !digits.includes("e") && digits.replace(/^\d+\.?/, "").length <= 6
    ? `$${digits}`
    : digits;
}

/** A field that may hold anything. */
function openField(random: Random, { selectors }: Scope): string {
  return random.weighted<string>([
    [14, () => random.pick(ARGUMENTS).text],
    [1, () => random.pick(["http.query.q", 'http.headers["x-team"]'])],
    [
      selectors.length === 0 ? 0 : 2,
      () => `selectors.${random.pick(selectors)}${random.pick(["", ".score", ".list[0]"])}`,
    ],
  ]);
}

/** Comparisons whose field has values of its own. */
function known(random: Random): string {
  const equals = random.pick(EQUALITY);
  return random.weighted<string>([
    [2, () => `purpose(${quote(random.pick(PURPOSES))})`],
    [2, () => `args.path under ${quote(random.pick(DIRECTORIES))}`],
    [1, () => `session.phase ${equals} ${quote(random.pick(PHASES))}`],
    [1, () => `tool ${equals} ${quote(random.pick(TOOLS))}`],
    [1, () => `agent ${equals} ${quote(random.pick(AGENTS))}`],
    [1, () => `model ${equals} ${quote(random.pick(MODELS))}`],
    [1, () => `http.host ${equals} ${quote(random.pick(HOSTS))}`],
    [1, () => `port ${equals} ${random.pick(PORTS)}`],
    [1, () => `http.path starts_with ${quote(random.pick(PATHS))}`],
    [1, () => `http.method in [${quote(random.pick(METHODS))}]`],
    [1, () => `time.hour ${random.pick(ORDER)} ${random.below(24)}`],
    [1, () => `time.weekday ${random.pick(ORDER)} ${1 + random.below(7)}`],
    [1, () => `time.day ${random.pick(ORDER)} ${1 + random.below(31)}`],
    [1, () => `time.month ${equals} ${1 + random.below(12)}`],
    [1, () => `time.unix ${random.pick(ORDER)} 1767225600`],
  ]);
}
