/** Random policies, chains and calls: a delegate may do what all of its chain let it do, and no more. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Call, digestOf, World } from "./world.ts";

type Effect = "deny" | "defer" | "permit";
const WIDTH: Record<string, number> = { deny: 0, defer: 1, permit: 2 };

interface RandomAgent {
  fallback: Effect;
  rules: string[];
  limits: string[];
}

interface RandomCase {
  /** Grantors, then the acting agent. */
  agents: RandomAgent[];
  scopes: { items: [string, string | null][]; ceiling: Effect }[];
  grants: Effect[];
  calls: { tool: string; args: Record<string, unknown>; approved: boolean; passed: number }[];
}

const TOOLS = ["a/x", "a/y", "b/x", "b", "pay/x"];
const PATTERNS = ["*", "a/*", "b/*", "pay/*", "a/x", "b", "**/x"];
const CONDITIONS = ["n < 2", "n >= 1", "present(args.s)", 's == "u"', "n in [0, 3]", "not (n == 1)"];

// Of many parties the least counts, so each has to be wide for the least to be anything but a deny.
const effects = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom<Effect>("deny", "defer") },
  { weight: 7, arbitrary: fc.constant<Effect>("permit") },
);
const condition = fc.option(fc.constantFrom(...CONDITIONS), { freq: 2 });
// A `deny!` that covers another rule wholly is an error, so these have conditions that no other has.
const randomRule = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(
        fc.constantFrom("deny", "defer", "permit", "permit", "permit"),
        fc.constantFrom(...PATTERNS),
        condition,
      )
      .map(([effect, pattern, when]) => `${effect} ${pattern}${when === null ? "" : ` if ${when}`}`),
  },
  fc
    .tuple(fc.constantFrom(...PATTERNS), fc.constantFrom("n == 2", 's == "v"', "n > 2"))
    .map(([pattern, when]) => `deny! ${pattern} if ${when}`),
);
const randomLimit = fc.oneof(
  fc
    .tuple(fc.nat(3), fc.constantFrom("deny", "defer", "audit"))
    .map(([max, exceed]) => `budget total { max_calls ${max} on_exceed ${exceed} }`),
  fc.nat(9).map((max) => `cost pay/* args.n  budget money { max ${max} }`),
  fc.nat(2).map((count) => `rate_limit "a/*" ${count} per minute`),
  fc.nat(2).map((cap) => `ambient { counter b b  b ${cap}  on_exceed defer }`),
);
const randomAgent: fc.Arbitrary<RandomAgent> = fc.record({
  fallback: effects,
  rules: fc.array(randomRule, { maxLength: 2 }),
  limits: fc.option(randomLimit, { freq: 1, nil: null }).map((limit) => (limit === null ? [] : [limit])),
});
const randomCase: fc.Arbitrary<RandomCase> = fc.integer({ min: 1, max: 3 }).chain((links) =>
  fc.record({
    agents: fc.array(randomAgent, { minLength: links + 1, maxLength: links + 1 }),
    scopes: fc.array(
      fc.record({
        items: fc.array(fc.tuple(fc.constantFrom("*", ...PATTERNS), condition), {
          minLength: 1,
          maxLength: 3,
        }),
        ceiling: effects,
      }),
      { minLength: links, maxLength: links },
    ),
    grants: fc.array(effects, { minLength: links, maxLength: links }),
    calls: fc.array(
      fc.record({
        tool: fc.constantFrom(...TOOLS),
        args: fc.record(
          { n: fc.oneof(fc.nat(3), fc.constant("x")), s: fc.constantFrom("u", "v") },
          { requiredKeys: [] },
        ),
        approved: fc.boolean(),
        passed: fc.constantFrom(0, 1, 30_000, 70_000),
      }),
      { minLength: 1, maxLength: 8 },
    ),
  }),
);

const nameOf = (i: number): string => `agent-${i}`;

/** The agents, each grantor's delegation to the next, and every scope as the rules of an agent of its own. */
function policyOf({ agents, scopes }: RandomCase): string {
  const blocks = agents.map(({ fallback, rules, limits }, i) => {
    const scope = scopes[i];
    const items = scope?.items.map(([pattern, when]) =>
      JSON.stringify(when === null ? pattern : `${pattern}:${when}`),
    );
    const block =
      scope === undefined
        ? ""
        : `delegate "${nameOf(i + 1)}" { scope [${items!.join(", ")}] ceiling "${scope.ceiling}" }`;
    return `agent "${nameOf(i)}" { default ${fallback} rules { ${rules.join("\n")} } ${limits.join(" ")} ${block} }`;
  });
  const alone = scopes.map(({ items, ceiling }, i) => {
    const rules = items.map(
      ([pattern, when]) => `${ceiling} ${pattern}${when === null ? "" : ` if ${when}`}`,
    );
    return `agent "scope-${i}" { default deny rules { ${rules.join("\n")} } }`;
  });
  return [...blocks, ...alone].join("\n");
}

/** What every party and scope says alone of a call, without changing anything. */
function alone(one: World, { agents, scopes, grants }: RandomCase, { tool, args }: Call): string[] {
  return [
    ...agents.map((_, i) => one.ask({ agent: nameOf(i), tool, args: args! }).effect),
    ...scopes.map((_, i) => one.ask({ agent: `scope-${i}`, tool, args: args! }).effect),
    ...grants,
  ];
}

const least = (said: readonly string[]): number => Math.min(...said.map((effect) => WIDTH[effect]!));

describe("for random policies, chains and calls", () => {
  const seed = Number(process.env.SEED ?? 20_261_122);
  const runs = Number(process.env.RUNS ?? 100);

  test(`seed ${seed}: a delegate may do what every grantor, scope and its own policy let it do, and no more`, async () => {
    const seen = { deny: 0, defer: 0, permit: 0, approved: 0 };
    await fc.assert(
      fc.asyncProperty(randomCase, async (random) => {
        const one = await World.of(policyOf(random));
        const links = random.scopes.length;
        const chain = random.scopes.map((_, i) => nameOf(i));
        const given = { chain, grants: random.grants.map((effect) => ({ effect })) };
        for (const { approved, passed, ...what } of random.calls) {
          one.now += passed;
          const target = { agent: nameOf(links), ...what };
          const said = alone(one, random, target);
          if (approved && least(said) === WIDTH.defer) {
            const event = {
              action_digest: digestOf(one.core, target),
              approver: "kim",
              expires: one.now + 1,
            };
            one.event({ type: "approve", agent: target.agent, ...event });
            const verdict = one.decide(target, given);
            // What defers may hide a limit that denies; nothing else can come of it.
            expect([
              "approved",
              "grantor_deny",
              "rate_exceeded",
              "budget_exceeded",
              "amount_unknown",
            ]).toContain(verdict.code);
            if (verdict.code === "approved") seen.approved++;
            else expect(verdict.effect).toBe("deny");
            // An approval that a deny left over is past then.
            one.now++;
            continue;
          }
          const verdict = one.decide(target, given);
          seen[verdict.effect]++;
          expect([what, said, WIDTH[verdict.effect]]).toEqual([what, said, least(said)]);
        }
      }),
      { seed, numRuns: runs },
    );
    console.log(`seed ${seed}, ${runs} policies: ${JSON.stringify(seen)}`);
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0);
  }, 120_000);
});
