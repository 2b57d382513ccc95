import { describe, expect, it } from "vitest";
import { keyIdOf, signBytes } from "../../bundles/trust/ed25519.ts";
import { type DelegationRoot, decodeToken, verifyChain } from "../../control/delegation/index.ts";
import { type IssueOptions, issueGrant } from "../../control/delegation/issue.ts";
import { encodeToken, type Grant, MAX_TOKEN_BYTES } from "../../control/delegation/token.ts";
import { bundleOf, chainOf, holderOf, NOW, ROOT, type Step, signer, TWO } from "./grants.ts";

const ROOTS: DelegationRoot[] = [{ publicKey: ROOT.publicKey, agents: null }];
const verify = (tokens: readonly string[], agent: string | null = null, nowMs: number | null = NOW) =>
  verifyChain(tokens, { roots: ROOTS, agent, nowMs });
const faultOf = (result: { ok: boolean; fault?: string }) => (result.ok ? null : result.fault);

/** A token of any content, signed by any key: what somebody without our issuing code could make. */
function forge(token: string, change: Partial<Grant>, seed: Uint8Array, publicKey: Uint8Array): string {
  const decoded = decodeToken(token);
  if (!decoded.ok) throw new Error(decoded.message);
  const grant = { ...decoded.grant, ...change };
  return encodeToken(grant, keyIdOf(publicKey), (message) => signBytes(message, seed)).text;
}

describe("a chain", () => {
  it("verifies from the pinned key alone", () => {
    const result = verify(chainOf(TWO), "trainee");
    expect(result.ok && result.links.map(({ grant }) => [grant.from, grant.to])).toEqual([
      ["lead", "clerk"],
      ["clerk", "trainee"],
    ]);
    expect(result.ok && result.links.map(({ ceiling }) => ceiling)).toEqual(["permit", "defer"]);
  });

  it("is the same bytes for the same inputs", () => {
    expect(chainOf(TWO)).toEqual(chainOf(TWO));
  });

  it("reads back what was issued", () => {
    const [first] = chainOf(TWO);
    const decoded = decodeToken(first!);
    expect(decoded.ok && decoded.grant.bundle).toEqual(bundleOf(TWO[0]!));
    expect(decoded.ok && decoded.grant.scope).toEqual(TWO[0]!.scope);
  });

  it("is over at the very millisecond, and begins within the clock's tolerance", () => {
    const tokens = chainOf(TWO);
    const end = NOW + 15 * 60_000;
    expect(faultOf(verify(tokens, null, end - 1))).toBe(null);
    expect(faultOf(verify(tokens, null, end))).toBe("grant_expired");
    expect(faultOf(verify(tokens, null, NOW - 1000))).toBe(null);
    expect(faultOf(verify(tokens, null, NOW - 1001))).toBe("grant_not_yet_valid");
  });

  it("may be as long as the core follows, and no longer", () => {
    const steps: Step[] = Array.from({ length: 8 }, (_, i) => ({ from: `a${i}`, to: `a${i + 1}` }));
    const tokens = chainOf(steps);
    expect(faultOf(verify(tokens))).toBe(null);
    expect(faultOf(verify([...tokens, tokens[7]!]))).toBe("chain_too_long");
  });
});

describe("every byte", () => {
  it("of a token counts: none can be another", () => {
    const [token] = chainOf([{ from: "lead", to: "clerk" }]) as [string];
    for (let at = 0; at < token.length; at++) {
      const changed = String.fromCharCode(token.charCodeAt(at) ^ (1 << (at % 7)));
      const altered = token.slice(0, at) + changed + token.slice(at + 1);
      expect(verify([altered]).ok, `byte ${at}`).toBe(false);
    }
    expect(verify([token]).ok).toBe(true);
  }, 60_000);

  it("stands where it must: cut, doubled and padded tokens are refused", () => {
    const [first, second] = chainOf(TWO) as [string, string];
    for (const altered of [
      first.slice(0, -1),
      `${first}\n`,
      ` ${first}`,
      first + first,
      "",
      "{}",
      "null",
      "[]",
      '"x"',
    ]) {
      expect(faultOf(verify([altered, second])), altered.slice(0, 20)).toBe("token_malformed");
    }
    expect(faultOf(verify(["x".repeat(MAX_TOKEN_BYTES + 1)]))).toBe("token_too_large");
    expect(faultOf(verify([7 as unknown as string]))).toBe("token_malformed");
  });

  it("has one spelling: keys in another order, more fields, doubled keys", () => {
    const [first] = chainOf([TWO[0]!]) as [string];
    const envelope = JSON.parse(first) as { payload: string; payloadType: string; signatures: unknown[] };
    const { payload, payloadType, signatures } = envelope;
    const others = [
      JSON.stringify({ payloadType, payload, signatures }),
      JSON.stringify({ ...envelope, more: 1 }),
      JSON.stringify({ ...envelope, signatures: [...signatures, ...signatures] }),
      JSON.stringify(envelope, null, 1),
      first.replace('"payload":', '"payload":"","payload":'),
      first.replace("vnd.faramesh.delegation", "vnd.in-toto"),
    ];
    for (const other of others) expect(faultOf(verify([other]))).toBe("token_malformed");
  });
});

describe("who signed", () => {
  const attacker = signer(99);
  const [first, second] = chainOf(TWO) as [string, string];

  it("is a pinned key, for the agents it is pinned for", () => {
    const only = (agents: string[] | null, publicKey = ROOT.publicKey) =>
      faultOf(verifyChain([first, second], { roots: [{ publicKey, agents }], agent: null, nowMs: NOW }));
    expect(only(["lead"])).toBe(null);
    expect(only(["clerk"])).toBe("root_not_for_agent");
    expect(only([])).toBe("root_not_for_agent");
    expect(only(null, attacker.publicKey)).toBe("root_unknown");
    expect(faultOf(verifyChain([first], { roots: [], agent: null, nowMs: NOW }))).toBe("root_unknown");
  });

  const forgeries: [string, string[], string][] = [
    ["a first grant by somebody", [forge(first, {}, attacker.seed, attacker.publicKey)], "root_unknown"],
    [
      "a first grant by somebody who names our key as root and signer",
      [encodeToken(grantOf(first), ROOT.id, (message) => signBytes(message, attacker.seed)).text],
      "signature_bad",
    ],
    [
      "a next grant by somebody",
      [first, forge(second, {}, attacker.seed, attacker.publicKey)],
      "signer_wrong",
    ],
    [
      "a next grant by the root itself",
      [first, forge(second, {}, ROOT.seed, ROOT.publicKey)],
      "signer_wrong",
    ],
    [
      "a first grant under another root",
      [forge(first, { root: attacker.id }, ROOT.seed, ROOT.publicKey)],
      "root_unknown",
    ],
  ];
  it.each(forgeries)("%s is refused", (_, tokens, expected) => {
    expect(faultOf(verify(tokens))).toBe(expected);
  });
});

function grantOf(token: string): Grant {
  const decoded = decodeToken(token);
  if (!decoded.ok) throw new Error(decoded.message);
  return decoded.grant;
}

describe("each step narrows, also when its rightful holder signs otherwise", () => {
  const [first, second] = chainOf(TWO) as [string, string];
  const clerk = holderOf(0);
  const next = (change: Partial<Grant>) => [first, forge(second, change, clerk.seed, clerk.publicKey)];
  const deferred = chainOf([{ ...TWO[0]!, ceiling: "defer" }, TWO[1]!])[0]!;
  const later = NOW + 15 * 60_000;
  const rows: [string, string[], string][] = [
    ["a longer life", next({ expires: later + 1 }), "expiry_widened"],
    ["a life that begins before", next({ granted: NOW - 1 }), "expiry_widened"],
    ["as deep as before", next({ depth: 1, holder: holderOf(1).publicKey }), "depth_exceeded"],
    ["deeper", next({ depth: 7, holder: holderOf(1).publicKey }), "depth_exceeded"],
    ["another parent", next({ parent: "0".repeat(64) }), "chain_broken"],
    ["no parent", next({ parent: null }), "chain_broken"],
    ["another grantor", next({ from: "lead" }), "chain_broken"],
    ["another root", next({ root: "0".repeat(64) }), "chain_broken"],
    ["a delegate that is in the chain", next({ to: "lead" }), "chain_loop"],
    [
      "a wider ceiling",
      [
        deferred,
        forge(second, { parent: digestOf(deferred), ceiling: "permit" }, clerk.seed, clerk.publicKey),
      ],
      "ceiling_widened",
    ],
    ["no first grant", [second], "chain_broken"],
    ["the order turned round", [second, first], "chain_broken"],
    ["a grant twice", [first, first], "chain_broken"],
    ["nothing", [], "chain_empty"],
  ];
  it.each(rows)("%s", (_, tokens, expected) => {
    expect(faultOf(verify(tokens))).toBe(expected);
  });

  it("another delegate than the one who acts", () => {
    expect(faultOf(verify([first, second], "clerk"))).toBe("delegate_wrong");
    expect(faultOf(verify([first], "trainee"))).toBe("delegate_wrong");
  });
});

function digestOf(token: string): string {
  const decoded = decodeToken(token);
  if (!decoded.ok) throw new Error(decoded.message);
  return decoded.digest;
}

describe("issuing", () => {
  const issue = (change: Partial<IssueOptions>) => {
    let options: IssueOptions | undefined;
    const [first] = chainOf(TWO, (given, index) => {
      if (index === 1) options = given;
      return given;
    });
    expect(first).toBeDefined();
    return faultOf(issueGrant({ ...options!, ...change }));
  };
  const rows: [string, Partial<IssueOptions>, string | null][] = [
    ["as it is", {}, null],
    ["with another key than the holder's", { seed: ROOT.seed }, "signer_wrong"],
    ["of another agent", { from: "lead" }, "chain_broken"],
    ["for longer", { expires: NOW + 16 * 60_000 }, "expiry_widened"],
    ["deeper", { depth: 1, holder: holderOf(1).publicKey }, "depth_exceeded"],
    ["to itself", { to: "clerk" }, "token_malformed"],
    ["without a scope", { scope: [] }, "token_malformed"],
    ["with too many scopes", { scope: Array.from({ length: 65 }, () => "a/*") }, "token_malformed"],
    ["with too long a scope", { scope: ["a".repeat(1025)] }, "token_malformed"],
    ["with half of a surrogate pair", { scope: ["a\ud800"] }, "token_malformed"],
    ["with a control character", { to: "a\u001fb" }, "token_malformed"],
    ["that is over before it begins", { granted: NOW, expires: NOW }, "token_malformed"],
    ["in seconds", { granted: 1_767_225_600, expires: 1_767_225_700 }, "token_malformed"],
    ["with a holder but no depth", { holder: holderOf(1).publicKey }, "token_malformed"],
    ["with an id that is no id", { id: "x" }, "token_malformed"],
    ["with an empty bundle", { bundle: new Uint8Array() }, "token_malformed"],
    ["with too large a bundle", { bundle: new Uint8Array(65_537) }, "token_malformed"],
    ["with the largest bundle", { bundle: new Uint8Array(65_536) }, null],
    ["of a chain that is none", { parents: ["{}"] }, "token_malformed"],
  ];
  it.each(rows)("%s", (_, change, expected) => {
    expect(issue(change)).toBe(expected);
  });
});
