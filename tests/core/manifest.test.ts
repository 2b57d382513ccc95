/** Random rules under random manifests: a manifest takes away what it says, and nothing of it adds anything. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { check } from "../../fpl-grammar/index.ts";
import { digestOf, World } from "./world.ts";

const TARGETS = ["b", "c", "d"];
const PATTERNS = ["*", "agent/*", "agent/invoke/*", ...TARGETS.map((name) => `agent/invoke/${name}`)];

const effect = fc.constantFrom("deny", "defer", "permit", "permit", "permit");
const condition = fc.constantFrom("", "", " if n < 2", " if n >= 1", " if present(s)");
const rule = fc
  .tuple(effect, fc.constantFrom(...PATTERNS), condition)
  .map(([word, pattern, when]) => `${word} ${pattern}${when}`);
const randomCase = fc.record({
  fallback: effect,
  rules: fc.array(rule, { maxLength: 3 }),
  undeclared: fc.constantFrom<"deny" | "defer">("deny", "defer"),
  grants: fc.uniqueArray(
    fc.record({ to: fc.constantFrom(...TARGETS), max: fc.nat(3), approval: fc.boolean() }),
    { selector: ({ to }) => to, maxLength: 3 },
  ),
  calls: fc.array(
    fc.record({
      target: fc.constantFrom(...TARGETS),
      n: fc.nat(2),
      session: fc.constantFrom("s", "s", "t", undefined),
      approved: fc.boolean(),
    }),
    { minLength: 1, maxLength: 12 },
  ),
});
type Case = typeof randomCase extends fc.Arbitrary<infer T> ? T : never;

/** Without rules that can never apply, which are errors. */
function policiesOf({ fallback, rules, undeclared, grants }: Case): { plain: string; narrowed: string } {
  const others = TARGETS.map((name) => `agent "${name}" {}`).join(" ");
  const manifest = `manifest { orchestrator a undeclared ${undeclared} ${grants
    .map(({ to, max, approval }) => `grant a to ${to} max ${max}${approval ? " approval" : ""}`)
    .join(" ")} }`;
  const plainOf = (kept: string[]) =>
    `agent "a" { default ${fallback} rules { ${kept.join("\n")} } } ${others}`;
  const kept: string[] = [];
  for (const one of rules) {
    const text = `${plainOf([...kept, one])} ${manifest}`;
    if (check([{ name: "policy.fpl", text }]).program !== null) kept.push(one);
  }
  return { plain: plainOf(kept), narrowed: `${plainOf(kept)} ${manifest}` };
}

/** What the manifest makes of a verdict of the rules alone. */
function narrowed(plain: string, { undeclared, grants }: Case, target: string, made: number | null): string {
  const grant = grants.find(({ to }) => to === target);
  if (grant === undefined ? undeclared === "deny" : made === null || made >= grant.max) return "deny";
  const asks = grant === undefined || grant.approval;
  return plain === "permit" && asks ? "defer" : plain;
}

describe("for random rules, manifests and calls", () => {
  const seed = Number(process.env.SEED ?? 20_261_128);

  test(`seed ${seed}: the verdict is that of the rules, narrowed by the manifest and its counts`, async () => {
    const seen = { deny: 0, defer: 0, permit: 0, approved: 0 };
    await fc.assert(
      fc.asyncProperty(randomCase, async (random) => {
        const policies = policiesOf(random);
        const [plain, world] = await Promise.all([World.of(policies.plain), World.of(policies.narrowed)]);
        for (const session of ["s", "t"]) {
          for (const one of [plain, world]) one.event({ type: "session_open", agent: "a", session });
        }
        const made = new Map<string, number>();
        for (const { target, n, session, approved } of random.calls) {
          const call = {
            agent: "a",
            tool: `agent/invoke/${target}`,
            args: { n },
            ...(session === undefined ? {} : { session }),
          };
          const key = `${session} ${target}`;
          const count = session === undefined ? null : (made.get(key) ?? 0);
          const ruled = plain.ask(call).effect;
          let expected = narrowed(ruled, random, target, count);
          if (approved) {
            const event = {
              action_digest: digestOf(world.core, call),
              approver: "kim",
              expires: world.now + 1,
            };
            world.event({ type: "approve", agent: "a", ...event });
            if (expected === "defer") expected = "permit";
          }
          const verdict = world.decide(call);
          expect([call, verdict.effect]).toEqual([call, expected]);
          if (verdict.effect === "permit") made.set(key, (count ?? 0) + 1);
          seen[verdict.code === "approved" ? "approved" : verdict.effect]++;
          world.now++;
          plain.now++;
        }
      }),
      { seed, numRuns: Number(process.env.RUNS ?? 60) },
    );
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0);
  }, 120_000);
});
