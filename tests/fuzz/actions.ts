/** Actions as bytes, near what the policies speak of: their fields, values next to their literals, and every way to be wrong. */
import { damage } from "./damage.ts";
import { randomText } from "./patterns.ts";
import type { Policy } from "./policies.ts";
import type { Random } from "./random.ts";
import { spellList, spellNumber, spellObject, spellString } from "./spelling.ts";
import {
  AGENTS,
  FIELDS,
  FILE_PATHS,
  HOSTS,
  METHODS,
  NUMBERS,
  PATHS,
  PORTS,
  STRINGS,
  TOOLS,
} from "./vocabulary.ts";

export function action(random: Random, policy: Policy): Uint8Array {
  const agent = random.chance(0.96) ? random.pick(policy.agents) : random.pick([...AGENTS, "z", ""]);
  const members: [string, string][] = [
    ["agent", spellString(random, agent)],
    ["tool", random.chance(0.995) ? spellString(random, toolName(random, policy)) : value(random, 1)],
    ["args", random.chance(0.995) ? args(random, policy) : value(random, 1)],
  ];
  if (random.chance(0.2))
    members.push([
      "session",
      random.chance(0.98) ? spellString(random, random.pick(["s1", "s2"])) : value(random, 1),
    ]);
  if (random.chance(0.1)) members.push(["call_id", random.chance(0.9) ? '"c1"' : value(random, 1)]);
  if (random.chance(0.4)) members.push(["http", random.chance(0.99) ? facet(random) : value(random, 1)]);
  if (random.chance(0.02))
    members.push([random.pick(["Agent", "phase", "principal", "a", "é"]), value(random, 1)]);
  const kept = random.chance(0.985) ? members : random.some(members, 0.7);
  const text = new TextEncoder().encode(spellObject(random, kept));
  return random.chance(0.05) ? damage(random, text) : text;
}

function toolName(random: Random, { patterns }: Policy): string {
  if (patterns.length > 0 && random.chance(0.85)) {
    return random.pick(patterns).replace(/\*+/g, () => random.pick(["x", "b", "read", "b/c"]));
  }
  if (random.chance(0.94)) return random.pick(TOOLS);
  const tool = random.pick(TOOLS);
  return random.pick([
    `${tool}/x`,
    `x/${tool}`,
    `${tool}s`,
    tool.slice(0, -1),
    `${tool}/`,
    `/${tool}`,
    `${tool} `,
    `${tool}*`,
    `a//b`,
    tool.toUpperCase(),
    "é",
    "a".repeat(256),
    "a".repeat(257),
  ]);
}

function args(random: Random, { literals }: Policy): string {
  const members: [string, string][] = random
    .some(FIELDS, 0.55)
    .map((name) => [name, literalValue(random, literals.get(name)) ?? fieldValue(random, name)]);
  if (random.chance(0.25))
    members.push(["card", random.chance(0.85) ? card(random, literals) : value(random, 2)]);
  if (random.chance(0.15)) members.push(["odd key", scalar(random)]);
  if (random.chance(0.03)) members.push(["bulk", bulk(random)]);
  if (random.chance(0.01))
    members.push(random.pick(members.length > 0 ? members : [["", "1"] as [string, string]]));
  if (random.chance(0.05))
    members.push([random.pick(["Amount", "args", "é", "\ue000", "😀", ""]), value(random, 2)]);
  return spellObject(random, members);
}

const card = (random: Random, literals: Policy["literals"]): string =>
  spellObject(
    random,
    random
      .some(["number", "name"], 0.8)
      .map((name) => [name, literalValue(random, literals.get(`card.${name}`)) ?? scalar(random)] as const),
  );

/** One of the literals that the policy compares with, or next to it; or nothing. */
function literalValue(random: Random, literals: string[] | undefined): string | null {
  if (literals === undefined || random.chance(0.45)) return null;
  const literal = random.pick(literals);
  if (literal === "true" || literal === "false")
    return random.chance(0.8) ? literal : random.pick(["true", "false"]);
  if (literal.startsWith('"')) return spellString(random, JSON.parse(literal));
  return spellNumber(random, random.chance(0.6) ? literal : nearNumber(random, literal));
}

/** Mostly of the type that policies expect of the field. */
function fieldValue(random: Random, name: string): string {
  if (random.chance(0.12)) return value(random, 2);
  if (random.chance(0.05)) return "null";
  if (name === "amount" || name === "port") return spellNumber(random, nearNumber(random));
  if (name === "ok") return random.pick(["true", "false"]);
  if (name === "items") return items(random);
  if (name === "path") return spellString(random, random.pick(random.chance(0.6) ? FILE_PATHS : PATHS));
  if (name === "host") return spellString(random, random.pick(HOSTS));
  return spellString(random, nearString(random));
}

function items(random: Random): string {
  const item = (): string =>
    random.weighted<string>([
      [4, () => spellString(random, nearString(random))],
      [2, () => spellNumber(random, nearNumber(random))],
      [1, () => spellObject(random, [["id", scalar(random)]])],
      [1, () => value(random, 1)],
    ]);
  return spellList(random, random.times(random.below(5), item));
}

function facet(random: Random): string {
  const members: [string, string][] = [
    [
      "host",
      random.chance(0.95)
        ? spellString(random, random.pick(HOSTS))
        : spellString(random, random.pick(WRONG_HOSTS)),
    ],
    [
      "port",
      random.chance(0.93)
        ? String(random.pick(PORTS))
        : random.pick(["0", "65536", "443.0", "4.43e2", '"443"', "-1", "80.5", "1e9"]),
    ],
    [
      "method",
      spellString(random, random.chance(0.985) ? random.pick(METHODS) : random.pick(["get", "", "G T"])),
    ],
    ["path", spellString(random, random.chance(0.97) ? random.pick(PATHS) : random.pick(WRONG_PATHS))],
    ["query", random.chance(0.99) ? spellObject(random, [["q", scalar(random)]]) : value(random, 1)],
    [
      "headers",
      random.chance(0.99)
        ? spellObject(random, [
            [
              random.chance(0.02) ? "X-Team" : random.pick(["x-team", "x-team", "accept"]),
              random.pick(['"core"', '"infra"', scalar(random)]),
            ],
          ])
        : value(random, 1),
    ],
  ];
  if (random.chance(0.01)) members.push([random.pick(["scheme", "Host", "é"]), value(random, 1)]);
  return spellObject(
    random,
    random.some(members, 0.6).map(([name, text]) => [name, random.chance(0.02) ? "null" : text] as const),
  );
}

const WRONG_HOSTS = [
  "API.example.com",
  "a.example.com.",
  "",
  ".",
  "a..b",
  "a b",
  "[::1]",
  "a:80",
  "é.example",
  "1.2.3",
  "1.2.3.4.5",
  "256.1.1.1",
  "01.2.3.4",
  "::",
  ":",
  "1::2::3",
  "1:2:3:4:5:6:7:8",
  "1:2:3:4:5:6:7:8:9",
  "::ffff:1.2.3.4",
  "12345::",
  "-a",
  "a-",
  "fe80::1%eth0",
  "1:2:3:4:5:6:7::",
  "::1.2.3",
  "a_b",
  `${"a".repeat(64)}.b`,
  "a.b".repeat(90),
];
const WRONG_PATHS = [
  "",
  "a",
  "/a/../b",
  "/a/./b",
  "/..",
  "/%2e%2e/x",
  "/.%2E",
  "/a\u0001",
  "/a\u007f",
  "/a?b#c",
  "/a%2f..",
  "/%2",
  "/%252e",
  "//",
  "/a/.../b",
  "/%2e.x",
  "/\u0085",
  "/a%2f..%2fb",
  "/a/..;x",
  "/a;../b",
  "/a\\b",
  "/%41",
  "/%20",
  "/%5C..",
  "/.;/",
  "/%7E%zz%4",
];

/** A number next to one of the policies' literals. */
function nearNumber(random: Random, literal = random.pick(NUMBERS)): string {
  const near = Number(literal);
  return random.weighted<string>([
    [5, () => literal],
    [2, () => String(near + random.pick([1, -1]))],
    [2, () => String(near + random.pick([1e-6, -1e-6, 1e-9]))],
    [2, () => String(near * (1 + random.pick([1, -1, 2, -2]) * 2 ** -52))],
    [1, () => String(-near)],
    [1, () => String(random.below(2000) / 100)],
    [
      1,
      () =>
        random.pick([
          "-0",
          "0.1000000000000000055511151231257827",
          "1e-400",
          "5e-324",
          "1e23",
          "123456789012345680000",
          "1.7976931348623157e308",
          "4.35",
          "0.000001",
          "1e-7",
          "1e-6000000000",
        ]),
    ],
    [1, () => randomDouble(random)],
    [1, () => randomDecimal(random)],
  ]);
}

/** Any finite double, by its bits. */
function randomDouble(random: Random): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setUint32(0, random.word());
  view.setUint32(4, random.word());
  const double = view.getFloat64(0);
  return Number.isFinite(double) ? String(double) : "1";
}

/** Digits and an exponent in and just beyond the range of doubles; seldom an integer, which might have no canonical form. */
function randomDecimal(random: Random): string {
  const digits = random.times(1 + random.below(24), () => random.below(10)).join("");
  const exponent = random.chance(0.5) ? "" : `e${random.pick(["", "-"])}${random.below(325)}`;
  return `${random.pick(["", "-"])}${random.below(10)}.${digits}${random.below(9) + 1}${exponent}`;
}

/** Many keys, many numbers, a long text or many levels: what small objects do not reach. */
function bulk(random: Random): string {
  return random.weighted<string>([
    [
      3,
      () =>
        spellObject(
          random,
          [...manyKeys(random)].map((key) => [key, scalar(random)] as const),
        ),
    ],
    [
      2,
      () =>
        spellList(
          random,
          random.times(random.below(60), () =>
            random.chance(0.5) ? randomDouble(random) : randomDecimal(random),
          ),
        ),
    ],
    [1, () => spellString(random, nearString(random).repeat(random.below(400)))],
    [1, () => nested(random, 50 + random.below(14))],
  ]);
}

function manyKeys(random: Random): Set<string> {
  const key = (): string =>
    random.chance(0.5)
      ? String(random.below(1000))
      : random
          .times(1 + random.below(3), () =>
            String.fromCodePoint(
              random.pick([0x7f, 0x80, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff, randomScalar(random)]),
            ),
          )
          .join("");
  return new Set(random.times(random.below(50), key));
}

function nested(random: Random, depth: number): string {
  const opened = random.times(depth, () => random.pick(["[", '{"a":']));
  return `${opened.join("")}1${opened
    .map((one) => (one === "[" ? "]" : "}"))
    .reverse()
    .join("")}`;
}

function nearString(random: Random): string {
  const literal = random.pick(STRINGS);
  return random.weighted<string>([
    [6, () => literal],
    [4, () => randomText(random)],
    [1, () => `${literal}x`],
    [1, () => `x${literal}`],
    [1, () => literal.toUpperCase()],
    [1, () => [...literal].slice(0, -1).join("")],
    [1, () => [...literal.repeat(random.below(20))].slice(0, 48).join("")],
    [1, () => random.times(random.below(12), () => String.fromCodePoint(randomScalar(random))).join("")],
  ]);
}

function randomScalar(random: Random): number {
  const code = random.below(random.pick([0x80, 0x800, 0xd800, 0x110000]));
  return code >= 0xd800 && code < 0xe000 ? 0x20 : code;
}

function scalar(random: Random): string {
  return random.weighted<string>([
    [4, () => spellString(random, nearString(random))],
    [3, () => spellNumber(random, nearNumber(random))],
    [2, () => random.pick(["true", "false"])],
    [1, () => "null"],
  ]);
}

/** Any JSON value of at most that depth. */
export function value(random: Random, depth: number): string {
  if (depth === 0) return scalar(random);
  return random.weighted<string>([
    [4, () => scalar(random)],
    [
      1,
      () =>
        spellList(
          random,
          random.times(random.below(4), () => value(random, depth - 1)),
        ),
    ],
    [
      1,
      () =>
        spellObject(
          random,
          [
            ["a", value(random, depth - 1)],
            ["score", scalar(random)],
          ].slice(random.below(3)) as [string, string][],
        ),
    ],
  ]);
}
