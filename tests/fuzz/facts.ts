/** Facts as bytes: what a host would say, and what it should not. */
import { value } from "./actions.ts";
import { damage } from "./damage.ts";
import type { Policy } from "./policies.ts";
import type { Random } from "./random.ts";
import { spellList, spellObject, spellString } from "./spelling.ts";
import { AGENTS, METHODS_OF_IDENTITY, MODELS, PURPOSES, SELECTORS, STRINGS } from "./vocabulary.ts";

export function facts(random: Random, policy: Policy): Uint8Array {
  if (random.chance(0.15)) return new Uint8Array();
  const members: [string, string][] = [];
  const maybe = (probability: number, name: string, make: () => string): void => {
    if (!random.chance(probability)) return;
    members.push([name, random.chance(0.996) ? make() : value(random, 1)]);
  };
  maybe(0.05, "agent", () => spellString(random, random.pick(random.chance(0.7) ? policy.agents : AGENTS)));
  maybe(0.8, "principal", () => principal(random));
  maybe(0.5, "purpose", () => spellString(random, random.pick(PURPOSES)));
  maybe(policy.phases.length > 0 ? 0.5 : 0.005, "phase", () =>
    spellString(
      random,
      random.chance(0.05) || policy.phases.length === 0 ? "nowhere" : random.pick(policy.phases),
    ),
  );
  maybe(0.8, "model", () => spellString(random, random.pick(MODELS)));
  maybe(0.9, "selectors", () =>
    spellObject(
      random,
      random.some(SELECTORS, 0.8).map((name) => [name, selector(random)] as const),
    ),
  );
  maybe(0.15, "unavailable", () =>
    spellObject(
      random,
      random
        .some(SELECTORS, 0.5)
        .map((name) => [name, random.pick(['"timeout"', '"unavailable"', '"timeout"', "null"])] as const),
    ),
  );
  maybe(0.5, "time", () => time(random));
  maybe(0.7, "salt", () =>
    spellString(
      random,
      random.pick(["0123456789abcdef", "a longer salt with é and 😀", "0123456789abcdef", "0123456789abcdé"]),
    ),
  );
  maybe(0.05, "parent", () => '"r1"');
  maybe(0.05, "causes", () =>
    spellList(
      random,
      random.times(random.below(3), () => '"e1"'),
    ),
  );
  maybe(0.005, "delegation", () => "{}");
  maybe(0.005, random.pick(["Agent", "state", "é"]), () => "null");
  const text = new TextEncoder().encode(spellObject(random, members));
  return random.chance(0.02) ? damage(random, text) : text;
}

function principal(random: Random): string {
  const members: [string, string][] = [
    ["id", spellString(random, random.pick(STRINGS))],
    ["verified", random.pick(["true", "true", "false"])],
    ["method", spellString(random, random.pick([...METHODS_OF_IDENTITY, "x"]))],
    [
      "groups",
      spellList(
        random,
        random.some(STRINGS, 0.15).map((text) => spellString(random, text)),
      ),
    ],
    ...["role", "tier", "org", "email"].map((name): [string, string] => [
      name,
      spellString(random, random.pick(STRINGS)),
    ]),
  ];
  if (random.chance(0.01)) members.push(["admin", "true"]);
  return spellObject(
    random,
    random
      .some(members, 0.7)
      .map(([name, text]) => [name, random.chance(0.004) ? value(random, 1) : text] as const),
  );
}

function selector(random: Random): string {
  if (random.chance(0.05)) return "null";
  if (random.chance(0.1)) return value(random, 1);
  return spellObject(random, [
    ["score", value(random, 1)],
    ["list", spellList(random, [value(random, 1)])],
  ]);
}

function time(random: Random): string {
  if (random.chance(0.05))
    return random.pick([
      "1767225600",
      "0",
      "-1",
      "1e12",
      "1.5e12",
      "999999999999999",
      "1000000000000000",
      "99999999999",
      "1767225600000.5",
    ]);
  if (random.chance(0.2))
    return random.pick([
      "1767225599999",
      "1767225600000",
      "1709164800000",
      "951782400000",
      "4107542399999",
      "100000000000",
    ]);
  return String(100000000000 + random.below(4102444800000));
}
