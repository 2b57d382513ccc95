/**
 * Delegation only narrows: for random policies, chains of tokens and actions, through real cores, the verdict is the least of the
 * actor's own, every grantor's own and what every scope says. SEED=N runs a seed again; the seed is printed when it fails.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keyIdOf, signBytes } from "../../bundles/trust/ed25519.ts";
import { createDelegations, decodeToken, type Grant } from "../../control/delegation/index.ts";
import { encodeToken } from "../../control/delegation/token.ts";
import type { DelegationFacts } from "../../control/ports.ts";
import type { Core } from "../../engine/binding/index.ts";
import { compileSources } from "../../examples/compiled.ts";
import { openCore } from "../../hosts/node/core.ts";
import { bundleOf, chainOf, holderOf, NOW, ROOT, type Signer, type Step, signer } from "./grants.ts";

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 0x7fffffff));
const RUNS = Number(process.env.RUNS ?? 200);
const NAMES = ["a0", "a1", "a2", "a3"];

type Effect = "deny" | "defer" | "permit";
const WIDTH: Record<Effect, number> = { deny: 0, defer: 1, permit: 2 };
const least = (effects: readonly Effect[]): Effect =>
  effects.reduce((left, right) => (WIDTH[left] <= WIDTH[right] ? left : right), "permit");

const pattern = fc.constantFrom(
  "*",
  "*",
  "**",
  "pay/*",
  "pay/in",
  "pay/out",
  "read",
  "re*",
  "mail/send",
  "**",
);
const condition = fc.constantFrom(
  "amount <= 50",
  "amount > 10",
  "amount != 7",
  'cmd == "ls"',
  'not cmd == "rm"',
  'cmd matches "^l"',
  "present(amount)",
  'agent == "a1"',
  'amount < 100 and cmd != "x"',
);
const ceiling = fc.constantFrom("inherited", "permit", "defer", "deny" as const);
const wide = fc.constantFrom("inherited", "inherited", "inherited", "permit", "permit", "defer" as const);
const narrowScopes = fc.array(
  fc
    .tuple(pattern, fc.option(condition, { freq: 1 }))
    .map(([tool, when]) => (when === null ? tool : `${tool}:${when}`)),
  { minLength: 1, maxLength: 3 },
);
/** Often everything: a chain of narrow scopes permits next to nothing. */
const scopes: fc.Arbitrary<string[]> = fc.oneof(fc.constant<string[]>(["*"]), narrowScopes);
const rule = fc
  .tuple(
    fc.constantFrom("permit", "permit", "permit", "permit", "permit", "defer", "deny", "deny!"),
    pattern,
    fc.option(condition),
  )
  .map(([effect, tool, when]) => `    ${effect} ${tool}${when === null ? "" : ` if ${when}`}`);

interface Agent {
  readonly rules: string[];
  readonly otherwise: string;
  readonly limits: string;
  readonly scope: string[];
  readonly ceiling: string;
}

const agent: fc.Arbitrary<Agent> = fc.record({
  rules: fc.array(rule, { maxLength: 2 }),
  otherwise: fc.constantFrom("permit", "permit", "permit", "permit", "defer", "deny"),
  limits: fc.constantFrom(
    "",
    "",
    "  cost pay/* args.amount\n  budget daily { max = $40 }\n",
    "  rate_limit read 1 per hour\n",
  ),
  scope: scopes,
  ceiling: wide,
});

const action = fc.record({
  tool: fc.constantFrom("pay/in", "pay/out", "read", "mail/send", "other"),
  args: fc.record(
    {
      amount: fc.constantFrom<unknown>(0, 7, 10, 40, 50, 51, 100, "50", null, [50], -1, 0.5),
      cmd: fc.constantFrom<unknown>("ls", "rm", "x", "", 7, true),
    },
    { requiredKeys: [] },
  ),
});

interface World {
  readonly agents: Agent[];
  readonly grants: {
    scope: string[];
    ceiling: typeof ceiling extends fc.Arbitrary<infer Value> ? Value : never;
  }[];
}

const world: fc.Arbitrary<World> = fc.constantFrom(1, 1, 2, 3).chain((links) =>
  fc.record({
    agents: fc.array(agent, { minLength: links + 1, maxLength: links + 1 }),
    grants: fc.array(
      fc.record({ scope: scopes, ceiling: fc.oneof({ weight: 3, arbitrary: wide }, ceiling) }),
      {
        minLength: links,
        maxLength: links,
      },
    ),
  }),
);

function policyText({ agents }: World): string {
  const blocks = agents.map(({ rules, otherwise, limits, scope, ceiling: most }, index) => {
    const next = NAMES[index + 1]!;
    const block = `  delegate "${next}" {\n    scope = ${JSON.stringify(scope)}\n    ceiling = ${most}\n  }\n`;
    const last = index === agents.length - 1;
    return `agent "${NAMES[index]}" {\n  default ${otherwise}\n${limits}${last ? "" : block}  rules {\n${rules.join("\n")}\n  }\n}\n`;
  });
  return blocks.join("\n");
}

/** A ceiling that is wider than the one before cannot be issued. */
function stepsOf({ grants }: World): Step[] {
  let before: Effect = "permit";
  return grants.map((grant, index) => {
    const own: Effect = grant.ceiling === "inherited" ? before : grant.ceiling;
    const isWider = WIDTH[own] > WIDTH[before];
    if (!isWider) before = own;
    return {
      from: NAMES[index]!,
      to: NAMES[index + 1]!,
      scope: grant.scope,
      ceiling: isWider ? "inherited" : grant.ceiling,
    };
  });
}

async function coreOf(): Promise<Core> {
  const opened = await openCore();
  if (!opened.ok) throw new Error(opened.message);
  return opened.core;
}

/** Loads the policy; one with a rule that a `deny!` covers is no policy. */
function loadInto(core: Core, given: World): void {
  const { bundle } = compileSources([{ name: "policy.fpl", text: policyText(given) }]);
  fc.pre(bundle !== null);
  expect(core.load(bundle!, { signed: false }).ok).toBe(true);
}

const delegations = createDelegations({
  roots: [{ publicKey: ROOT.publicKey, agents: null }],
  openCore: coreOf,
});

type Action = { tool: string; args: object };
const textOf = (name: string, { tool, args }: Action) => JSON.stringify({ agent: name, tool, args });

/** What each says on its own, on a fresh state; `scope` of all scopes, the policy's and the tokens'. */
async function alone(
  core: Core,
  spare: Core,
  { agents }: World,
  steps: readonly Step[],
  actor: string,
  call: Action,
) {
  const own = (name: string): Effect =>
    core.decide(textOf(name, call), JSON.stringify({ agent: name, time: NOW }), [null, null]).effect;
  const scope = (bundle: Uint8Array): Effect => {
    spare.load(bundle, { signed: false });
    return spare.decide(textOf(actor, call), JSON.stringify({ agent: actor, time: NOW })).effect;
  };
  const grantors = steps.map(({ from }) => own(from));
  const blocks = steps.map(({ from, to }, index) =>
    scope(bundleOf({ from, to, scope: agents[index]!.scope, ceiling: agents[index]!.ceiling as "defer" })),
  );
  const tokens = steps.map((step) => scope(bundleOf(step)));
  return { own: own(actor), grantors, blocks, tokens };
}

function decide(core: Core, actor: string, call: Action, delegation: DelegationFacts) {
  const state = Array.from({ length: 2 * (1 + delegation.chain.length) }, () => null);
  return core.decide(textOf(actor, call), JSON.stringify({ agent: actor, time: NOW, delegation }), state);
}

const options = { seed: SEED, numRuns: RUNS };

describe(`delegation only narrows (SEED=${SEED})`, () => {
  it("to the least of all that have a say", async () => {
    const seen = { deny: 0, defer: 0, permit: 0 };
    let narrowed = 0;
    const spare = await coreOf();
    const core = await coreOf();
    await fc.assert(
      fc.asyncProperty(world, fc.array(action, { minLength: 4, maxLength: 4 }), async (given, calls) => {
        const steps = stepsOf(given);
        const tokens = chainOf(steps);
        const actor = steps.at(-1)!.to;
        loadInto(core, given);
        for (const call of calls) {
          const verified = await delegations.verify(tokens, {
            agent: actor,
            action: textOf(actor, call),
            nowMs: NOW,
          });
          if (!verified.ok) throw new Error(verified.reason);
          const { effect, code } = decide(core, actor, call, verified.delegation);
          const says = await alone(core, spare, given, steps, actor, call);
          const all = [says.own, ...says.grantors, ...says.blocks, ...says.tokens];
          expect({ effect, code, ...says }).toEqual({ effect: least(all), code, ...says });
          seen[effect]++;
          if (effect !== says.own) narrowed++;
        }
      }),
      options,
    );
    // A run in which nothing is permitted, deferred or narrowed would prove nothing.
    for (const count of [seen.permit, seen.defer, seen.deny, narrowed])
      expect(count).toBeGreaterThan(RUNS / 50);
  }, 300_000);

  const tampering: fc.Arbitrary<Partial<Grant>> = fc.record(
    {
      from: fc.constantFrom(...NAMES),
      to: fc.constantFrom(...NAMES),
      parent: fc.constantFrom(null, "0".repeat(64)),
      root: fc.constantFrom("0".repeat(64), ROOT.id, holderOf(0).id),
      scope: fc.constant(["**"]),
      bundle: fc.constantFrom(
        bundleOf({ from: "a0", to: "a1" }),
        bundleOf({ from: "a0", to: "a1", scope: ["**"], ceiling: "permit" }),
      ),
      granted: fc.constantFrom(NOW - 1, NOW, NOW + 1),
      expires: fc.constantFrom(NOW + 1000, NOW + 15 * 60_000, NOW + 15 * 60_000 + 1, NOW * 10),
      ceiling: fc.constantFrom("inherited", "permit", "defer", "deny" as const),
      depth: fc.integer({ min: 0, max: 7 }),
      holder: fc.constantFrom(null, holderOf(3).publicKey),
    },
    { requiredKeys: [] },
  );

  it("also when a holder or somebody else alters the last token in any field and signs it again", async () => {
    let accepted = 0;
    let refused = 0;
    const spare = await coreOf();
    const core = await coreOf();
    await fc.assert(
      fc.asyncProperty(
        world,
        action,
        tampering,
        fc.constantFrom("holder", "root", "somebody"),
        async (given, call, change, who) => {
          const steps = stepsOf(given);
          const tokens = chainOf(steps);
          const decoded = decodeToken(tokens.at(-1)!);
          if (!decoded.ok) throw new Error(decoded.message);
          const rightful = steps.length === 1 ? ROOT : holderOf(steps.length - 2);
          const by: Signer = { holder: rightful, root: ROOT, somebody: signer(77) }[who];
          const grant = { ...decoded.grant, ...change };
          const text = encodeToken(grant, keyIdOf(by.publicKey), (message) =>
            signBytes(message, by.seed),
          ).text;
          const actor = grant.to;
          const altered = [...tokens.slice(0, -1), text];
          const verified = await delegations.verify(altered, {
            agent: actor,
            action: textOf(actor, call),
            nowMs: NOW,
          });
          if (!verified.ok) {
            refused++;
            return;
          }
          accepted++;
          expect(by.id, "only the rightful signer is taken").toBe(rightful.id);
          loadInto(core, given);
          const { effect } = decide(core, actor, call, verified.delegation);
          // The first grant of a chain may say anything that its signer wants; what follows stays under all before it.
          const before = steps.slice(0, -1);
          const says = await alone(core, spare, given, before, actor, call);
          const bound = least([says.own, ...says.grantors, ...says.blocks, ...says.tokens]);
          const grantor = core.decide(
            textOf(grant.from, call),
            JSON.stringify({ agent: grant.from, time: NOW }),
            [null, null],
          ).effect;
          expect(WIDTH[effect]).toBeLessThanOrEqual(WIDTH[least([bound, grantor])]);
        },
      ),
      options,
    );
    expect(accepted).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(0);
  }, 300_000);
});
