/** Delegation through the whole control plane: tokens and an action to the fact, the record and the verdict. */
import { describe, expect, it } from "vitest";
import { createDelegations, decodeToken } from "../../control/delegation/index.ts";
import type { ControlPorts } from "../../control/govern.ts";
import { openCore } from "../../hosts/node/core.ts";
import { recordAt, type World, worldOf } from "../control/world.ts";
import { chainOf, ROOT, type Step } from "./grants.ts";

const POLICY = `agent "lead" {
  cost payments/* args.amount
  budget daily { max = $150 }
  delegate "clerk" {
    scope = ["payments/refund:amount <= 100", "orders/*"]
    ttl = 1h
  }
  rules {
    permit payments/*
    permit orders/read
    defer orders/drop
  }
}
agent "clerk" {
  delegate "trainee" {
    scope = ["orders/*"]
    ceiling = defer
  }
  rules {
    permit payments/*
    permit orders/*
  }
}
agent "trainee" {
  rules { permit * }
}
`;

async function coreOf() {
  const opened = await openCore();
  if (!opened.ok) throw new Error(opened.message);
  return opened.core;
}

const delegations = createDelegations({
  roots: [{ publicKey: ROOT.publicKey, agents: ["lead"] }],
  openCore: coreOf,
});
const world = (ports: Partial<ControlPorts> = {}) => worldOf(POLICY, { delegations, ...ports });

const nowOf = ({ time }: World) => time.clock.now();
const toClerk = (more: Partial<Step> = {}): Step => ({ from: "lead", to: "clerk", ...more });
const chain = (w: World, ...steps: Step[]) =>
  chainOf(steps.map((step) => ({ granted: nowOf(w), expires: nowOf(w) + 600_000, ...step })));
const call = (tool: string, args: object, delegation?: readonly string[], agent = "clerk") => ({
  agent,
  action: { agent, tool, args },
  delegation,
});

describe("a call on a grant", () => {
  it("is permitted as far as everybody permits it, and recorded with its grants", async () => {
    const w = await world();
    const tokens = chain(w, toClerk({ scope: ["payments/refund:amount <= 50"] }));
    const { verdict } = await w.plane.decide(call("payments/refund", { amount: 50 }, tokens));
    expect(verdict.code).toBe("rule_permit");
    const token = decodeToken(tokens[0]!);
    expect(recordAt(w.disk, 0).inputs).toMatchObject({
      delegation: {
        chain: ["lead"],
        grants: [
          {
            digest: token.ok && token.digest,
            effect: "permit",
            granted: nowOf(w),
            expires: nowOf(w) + 600_000,
          },
        ],
      },
    });
  });

  const rows: [string, Partial<Step>, string, object, string][] = [
    [
      "over the token's scope",
      { scope: ["payments/refund:amount <= 50"] },
      "payments/refund",
      { amount: 51 },
      "delegation_scope",
    ],
    ["over the policy's scope", {}, "payments/refund", { amount: 101 }, "delegation_scope"],
    [
      "outside of the token's scope",
      { scope: ["orders/*"] },
      "payments/refund",
      { amount: 1 },
      "delegation_scope",
    ],
    [
      "with an argument of the wrong type",
      { scope: ["payments/refund:amount <= 50"] },
      "payments/refund",
      { amount: "1" },
      "delegation_scope",
    ],
    ["under a ceiling of the token", { ceiling: "defer" }, "orders/read", {}, "delegation_scope_defer"],
    ["under a closed ceiling", { ceiling: "deny" }, "orders/read", {}, "delegation_scope"],
    ["that the grantor defers", {}, "orders/drop", {}, "grantor_defer"],
    ["that the grantor denies", {}, "orders/write", {}, "grantor_deny"],
    ["that all permit", {}, "orders/read", {}, "rule_permit"],
  ];
  it.each(rows)("%s", async (_, step, tool, args, code) => {
    const w = await world();
    expect((await w.plane.decide(call(tool, args, chain(w, toClerk(step))))).verdict.code).toBe(code);
  });

  it("over several links is the least of all", async () => {
    const w = await world();
    const tokens = chain(w, toClerk(), { from: "clerk", to: "trainee", scope: ["orders/*"] });
    const decided = await w.plane.decide(call("orders/read", {}, tokens, "trainee"));
    expect(decided.verdict.code).toBe("delegation_scope_defer");
    expect(decided.chain).toEqual(["lead", "clerk"]);
  });

  it("spends the grantor's budget", async () => {
    const w = await world();
    const tokens = chain(w, toClerk());
    const spend = async () =>
      (await w.plane.decide(call("payments/refund", { amount: 100 }, tokens))).verdict.code;
    expect([await spend(), await spend()]).toEqual(["rule_permit", "grantor_deny"]);
  });

  it("ends with the grant, by the clock of the decision", async () => {
    const w = await world();
    const tokens = chain(w, toClerk());
    w.time.pass(599_999);
    expect((await w.plane.decide(call("orders/read", {}, tokens))).verdict.code).toBe("rule_permit");
    w.time.pass(1);
    expect((await w.plane.decide(call("orders/read", {}, tokens))).verdict.code).toBe("delegation_expired");
  });

  it("that lives longer than the policy allows is none", async () => {
    const w = await world();
    const tokens = chain(w, toClerk({ expires: nowOf(w) + 3_600_001 }));
    expect((await w.plane.decide(call("orders/read", {}, tokens))).verdict.code).toBe(
      "delegation_not_granted",
    );
  });

  it("that the policy has no block for is none", async () => {
    const w = await world();
    const tokens = chain(w, { from: "lead", to: "trainee" });
    expect((await w.plane.decide(call("orders/read", {}, tokens, "trainee"))).verdict.code).toBe(
      "delegation_not_granted",
    );
  });
});

describe("revocation", () => {
  it("of any grant in the chain ends what stands on it, and nothing else", async () => {
    const w = await world();
    const [first, second] = chain(w, toClerk(), { from: "clerk", to: "trainee" }) as [string, string];
    const [other] = chain(w, toClerk({ scope: ["orders/*"] })) as [string];
    const digest = (token: string) => {
      const decoded = decodeToken(token);
      return decoded.ok ? decoded.digest : "";
    };
    const trainee = async () =>
      (await w.plane.decide(call("orders/read", {}, [first, second], "trainee"))).verdict.code;
    const clerk = async (token: string) =>
      (await w.plane.decide(call("orders/read", {}, [token]))).verdict.code;
    expect(await trainee()).toBe("delegation_scope_defer");
    const revoked = await w.plane.revokeGrant({
      agent: "lead",
      grant: digest(first),
      by: "operator",
      reason: "left",
    });
    expect(revoked.verdict.code).toBe("event_applied");
    expect(await trainee()).toBe("delegation_revoked");
    expect(await clerk(first)).toBe("delegation_revoked");
    expect(await clerk(other)).toBe("rule_permit");
    const again = await w.again();
    expect((await again.plane.decide(call("orders/read", {}, [first]))).verdict.code).toBe(
      "delegation_revoked",
    );
  });
});

describe("what is no grant", () => {
  const rows: [string, (w: World) => readonly string[], string, string][] = [
    ["no token", () => [], "clerk", "chain_empty"],
    ["some text", () => ["x"], "clerk", "token_malformed"],
    ["another agent's", (w) => chain(w, toClerk()), "trainee", "delegate_wrong"],
    [
      "only the end of a chain",
      (w) => chain(w, toClerk(), { from: "clerk", to: "trainee" }).slice(1),
      "trainee",
      "chain_broken",
    ],
    [
      "by a key that is not pinned for its grantor",
      (w) => chain(w, { from: "boss", to: "clerk" }),
      "clerk",
      "root_not_for_agent",
    ],
    [
      "with a scope that is no bundle",
      (w) =>
        chainOf([{ ...toClerk(), granted: nowOf(w), expires: nowOf(w) + 1000 }], (options) => ({
          ...options,
          bundle: new Uint8Array([1, 2, 3]),
        })),
      "clerk",
      "scope_unusable",
    ],
  ];
  it.each(rows)("%s", async (_, tokens, agent, fault) => {
    const w = await world();
    const decided = await w.plane.decide(call("orders/read", {}, tokens(w), agent));
    expect(decided.verdict.code).toBe("delegation_invalid");
    expect(decided.failure).toContain(`${fault}: `);
    expect(decided.sequence).toBe(0);
  });

  it("a caller's own fact is refused", async () => {
    const w = await world();
    const facts = { delegation: { chain: ["lead"], grants: [] } };
    expect((await w.plane.decide({ ...call("orders/read", {}), facts })).verdict.code).toBe("facts_invalid");
  });

  it("tokens where nothing verifies them are a deny", async () => {
    const w = await worldOf(POLICY);
    expect((await w.plane.decide(call("orders/read", {}, chain(w, toClerk())))).verdict.code).toBe(
      "delegation_invalid",
    );
  });

  it("no core for the scopes is a deny", async () => {
    const broken = createDelegations({
      roots: [{ publicKey: ROOT.publicKey, agents: null }],
      openCore: () => Promise.reject(new Error("no core")),
    });
    const w = await world({ delegations: broken });
    const decided = await w.plane.decide(call("orders/read", {}, chain(w, toClerk())));
    expect(decided.verdict.code).toBe("delegation_invalid");
  });
});

describe("the cores of scopes", () => {
  it("are bounded, and each judges its own scope", async () => {
    let opened = 0;
    const counted = createDelegations({
      roots: [{ publicKey: ROOT.publicKey, agents: null }],
      openCore: () => {
        opened++;
        return coreOf();
      },
    });
    const w = await world({ delegations: counted });
    const tokens = Array.from({ length: 40 }, (_, i) =>
      chain(w, toClerk({ scope: [`payments/refund:amount <= ${i}`] })),
    );
    for (let round = 0; round < 2; round++) {
      const verdicts = await Promise.all(
        tokens.map((token) =>
          counted.verify(token, {
            agent: "clerk",
            action: JSON.stringify(call("payments/refund", { amount: 20 }).action),
            nowMs: nowOf(w),
          }),
        ),
      );
      expect(verdicts.map((one) => one.ok && one.delegation.grants[0]!.effect)).toEqual(
        tokens.map((_, i) => (i >= 20 ? "permit" : "deny")),
      );
    }
    expect(opened).toBe(16);
  });
});
