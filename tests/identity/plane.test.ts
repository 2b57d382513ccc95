/** Identity through the whole control plane: what reaches the core as a fact, and what becomes a deny. */
import { describe, expect, it } from "vitest";
import { publicKeyOf } from "../../bundles/trust/ed25519.ts";
import {
  createIdentify,
  type Measurement,
  MemoryReplayCache,
  measurementVerifier,
  signatureVerifier,
  type Verifier,
} from "../../control/identity/index.ts";
import type { Credential, Identify } from "../../control/ports.ts";
import { recordAt, worldOf } from "../control/world.ts";

const POLICY = `agent "clerk" {
  identity {
    require_verified = true
    methods = ["ed25519", "measurement"]
  }
  rules { permit orders/read if principal.id == "clerk" }
}
agent "guest" {
  rules { permit orders/read }
}
`;

const DIGEST = "a".repeat(64);
let running: Measurement = { code: DIGEST, configuration: DIGEST };
const measurements = {
  pins: { clerk: { code: DIGEST, configuration: DIGEST } },
  measure: { measure: async () => running },
};
const identify = createIdentify({ verifiers: [measurementVerifier(measurements)] });
const credential: Credential = { scheme: "measurement" };
const call = (more: object = {}) => ({
  agent: "clerk",
  action: { agent: "clerk", tool: "orders/read", args: {} },
  ...more,
});

describe("through the control plane", () => {
  it("a verified principal is a fact of the record", async () => {
    const { plane, disk } = await worldOf(POLICY, { identify });
    const { verdict } = await plane.decide(call({ credential }));
    expect([verdict.effect, verdict.code]).toEqual(["permit", "rule_permit"]);
    expect(recordAt(disk, 0).inputs).toMatchObject({
      principal: { id: "clerk", method: "measurement", verified: true },
    });
  });

  it("without a credential nobody is verified", async () => {
    const { plane } = await worldOf(POLICY, { identify });
    expect((await plane.decide(call())).verdict.code).toBe("identity_unverified");
  });

  const claims: [string, unknown][] = [
    ["as an object", { principal: { id: "clerk", method: "ed25519", verified: true } }],
    ["as text", '{"principal":{"id":"clerk","method":"ed25519","verified":true}}'],
    ["with an escape in its name", '{"\\u0070rincipal":{"id":"clerk","method":"ed25519","verified":true}}'],
    ["twice", '{"principal":null,"principal":{"id":"clerk","verified":true}}'],
    ["absent, but named", { principal: null }],
  ];
  it.each(claims)("a caller's own principal is refused: %s", async (_, facts) => {
    const { plane, disk } = await worldOf(POLICY, { identify });
    for (const more of [{ facts }, { facts, credential }]) {
      expect((await plane.decide(call(more))).verdict.code).toBe("facts_invalid");
    }
    expect(
      (
        await plane.decide({
          ...call({ facts }),
          agent: "guest",
          action: { agent: "guest", tool: "orders/read", args: {} },
        })
      ).verdict.code,
    ).toBe("facts_invalid");
    expect(disk.records).toHaveLength(3);
  });

  it("what runs and is not what was pinned is refused, and said to the operator alone", async () => {
    const { plane, disk } = await worldOf(POLICY, { identify });
    running = { code: "b".repeat(64), configuration: DIGEST };
    const changed = await plane.decide(call({ credential }));
    running = { code: DIGEST, configuration: DIGEST };
    expect(changed.verdict.code).toBe("identity_invalid");
    expect(changed.failure).toBe("measurement_wrong: what the agent runs is not what was pinned: `code`");
    expect(JSON.stringify(recordAt(disk, 0))).not.toContain("measurement_wrong");
    expect((await plane.decide(call({ credential }))).verdict.effect).toBe("permit");
  });

  const refusals: [string, Identify, Credential, string][] = [
    ["a scheme without a verifier", identify, { scheme: "oidc" }, "scheme_unknown"],
    ["no scheme at all", identify, {} as Credential, "scheme_unknown"],
    ["no object at all", identify, null as unknown as Credential, "scheme_unknown"],
    ["a scheme of Object", identify, { scheme: "constructor" }, "scheme_unknown"],
    [
      "a verifier that fails",
      createIdentify({
        verifiers: [{ scheme: "broken", verify: () => Promise.reject(new Error("no store")) } as Verifier],
      }),
      { scheme: "broken" },
      "the credential cannot be verified: no store",
    ],
  ];
  it.each(refusals)("%s is a deny", async (_, port, presented, reason) => {
    const { plane } = await worldOf(POLICY, { identify: port });
    const result = await plane.decide(call({ credential: presented }));
    expect(result.verdict.code).toBe("identity_invalid");
    expect(result.failure).toContain(reason);
  });

  it("a credential where nothing verifies any is a deny", async () => {
    const { plane } = await worldOf(POLICY);
    expect((await plane.decide(call({ credential }))).verdict.code).toBe("identity_invalid");
  });
});

describe("measurements beside another credential", () => {
  const verifier: Verifier = {
    scheme: "told",
    verify: async (_, { agent }) => ({ ok: true, principal: { id: agent, method: "told", verified: true } }),
  };
  const ask = (agent: string, measured: Measurement | Error) =>
    createIdentify({
      verifiers: [verifier],
      measurements: {
        pins: measurements.pins,
        measure: {
          measure: () => (measured instanceof Error ? Promise.reject(measured) : Promise.resolve(measured)),
        },
      },
    }).identify({ scheme: "told" }, { agent, nowMs: 0 });

  it("count for agents that have a pin", async () => {
    expect((await ask("clerk", { code: DIGEST, configuration: DIGEST, model: "c".repeat(64) })).ok).toBe(
      true,
    );
    expect((await ask("lead", {})).ok).toBe(true);
  });

  it.each([[{}], [{ code: DIGEST }], [{ code: DIGEST, configuration: "b".repeat(64) }]])(
    "refuse %j",
    async (measured) => {
      expect(await ask("clerk", measured)).toMatchObject({ ok: false, code: "identity_invalid" });
    },
  );

  it("refuse what cannot be measured", async () => {
    expect(await ask("clerk", new Error("gone"))).toMatchObject({
      ok: false,
      reason: expect.stringContaining("measurement_missing"),
    });
  });

  it("without a pin are no credential", async () => {
    const alone = await identify.identify(credential, { agent: "lead", nowMs: 0 });
    expect(alone).toMatchObject({ ok: false, reason: expect.stringContaining("measurement_missing") });
  });
});

it("what cannot be set up is a fault of the program", () => {
  const replay = new MemoryReplayCache();
  const keys = [{ keyId: "k", agent: "clerk", publicKey: publicKeyOf(new Uint8Array(32).fill(3)) }];
  const one = signatureVerifier({ keys, replay });
  expect(() => createIdentify({ verifiers: [one, one] })).toThrow(RangeError);
  for (const pin of [{}, { code: "x" }, { other: DIGEST }, { code: DIGEST.toUpperCase() }]) {
    const pins = { clerk: pin as Measurement };
    expect(() => measurementVerifier({ pins, measure: measurements.measure })).toThrow(RangeError);
  }
});
