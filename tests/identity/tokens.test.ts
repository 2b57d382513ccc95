import { createHmac } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type OidcOptions, oidcVerifier, spiffeVerifier } from "../../control/identity/index.ts";
import { MAX_TOKEN_LENGTH } from "../../control/identity/jwt.ts";
import { trustDomainOf } from "../../control/identity/spiffe.ts";
import type { Verification } from "../../control/identity/verifier.ts";
import { fetchDocument } from "../../hosts/node/identity/index.ts";
import { assemble, type IssuerKey, issue, KeyServer, makeKey, type Payload } from "./issuer.ts";

const NOW = 1_767_225_600_000;
const SECONDS = NOW / 1000;

let server: KeyServer;
let rsa: IssuerKey;
let ec: IssuerKey;
let edwards: IssuerKey;
let svid: IssuerKey;
let stranger: IssuerKey;

beforeAll(async () => {
  [server, rsa, ec, edwards, svid, stranger] = await Promise.all([
    KeyServer.open(),
    makeKey("rsa", "RS256", "sig"),
    makeKey("ec", "ES256", "sig"),
    makeKey("ed", "EdDSA", null),
    makeKey("svid", "ES256", "jwt-svid"),
    makeKey("rsa", "RS256", "sig"),
  ]);
}, 60_000);
afterAll(() => server.close());
beforeEach(() => {
  server.keys = [rsa.jwk, ec.jwk, edwards.jwk];
  server.answer = null;
  server.asked = 0;
});

const ISSUER = "https://issuer.example";
const CLAIMS: Payload = {
  iss: ISSUER,
  sub: "clerk-workload",
  aud: "faramesh",
  exp: SECONDS + 60,
  iat: SECONDS - 10,
  email: "clerk@example.com",
  realm: { roles: "operator", groups: ["a", "b"] },
};

function oidc(change: Partial<OidcOptions> = {}) {
  return oidcVerifier(
    {
      issuer: ISSUER,
      jwksUrl: server.url,
      audience: ["faramesh", "other"],
      algorithms: ["RS256", "ES256", "EdDSA"],
      agents: { subjects: { clerk: ["clerk-workload"] } },
      claims: { role: ["realm", "roles"], groups: ["realm", "groups"], email: ["email"] },
      ...change,
    },
    fetchDocument,
  );
}

const ask = (token: unknown, verifier = oidc(), nowMs = NOW, agent = "clerk") =>
  verifier.verify({ scheme: "oidc", token } as never, { agent, nowMs });
const outcome = (result: Verification) => (result.ok ? "ok" : result.fault);

describe("an OpenID token", () => {
  it.each(["rsa", "ec", "edwards"] as const)("by a key of kind %s becomes facts", async (name) => {
    const key = { rsa, ec, edwards }[name];
    expect(await ask(await issue(key, CLAIMS))).toEqual({
      ok: true,
      principal: {
        id: "clerk-workload",
        method: "oidc",
        verified: true,
        role: "operator",
        groups: ["a", "b"],
        email: "clerk@example.com",
      },
    });
  });

  const rows: [string, Payload, string][] = [
    ["expired", { exp: SECONDS - 31 }, "credential_expired"],
    ["expired within the skew", { exp: SECONDS - 29 }, "ok"],
    ["over at the very end of the skew", { exp: SECONDS - 30 }, "credential_expired"],
    ["not yet valid", { nbf: SECONDS + 31 }, "credential_not_yet_valid"],
    ["valid within the skew", { nbf: SECONDS + 30 }, "ok"],
    ["issued in the future", { iat: SECONDS + 31 }, "credential_not_yet_valid"],
    ["for others", { aud: "elsewhere" }, "audience_wrong"],
    ["for nobody", { aud: [] }, "audience_wrong"],
    ["for several", { aud: ["elsewhere", "other"] }, "ok"],
    ["without an audience", { aud: undefined }, "claim_missing"],
    ["with an audience that is no text", { aud: [7] }, "claim_wrong"],
    ["by another issuer", { iss: `${ISSUER}/` }, "issuer_wrong"],
    ["without an issuer", { iss: undefined }, "claim_missing"],
    ["without an end", { exp: undefined }, "claim_missing"],
    ["with an end that is a text", { exp: `${SECONDS + 60}` }, "claim_wrong"],
    ["without a subject", { sub: undefined }, "claim_missing"],
    ["with an empty subject", { sub: "" }, "claim_wrong"],
    ["with a long subject", { sub: "x".repeat(513) }, "claim_wrong"],
    ["of another workload", { sub: "other" }, "agent_wrong"],
    ["with groups that are no list", { realm: { groups: "a" } }, "claim_wrong"],
    ["with a role that is no text", { realm: { roles: ["a"] } }, "claim_wrong"],
    ["without the mapped claims", { realm: null, email: undefined }, "ok"],
  ];
  it.each(rows)("%s", async (_, change, expected) => {
    expect(outcome(await ask(await issue(rsa, { ...CLAIMS, ...change })))).toBe(expected);
  });

  it.each([false, "false", 0, null, "no"])("gives no email of which its issuer says %j", async (said) => {
    const result = await ask(await issue(rsa, { ...CLAIMS, email_verified: said }));
    expect(result.ok && result.principal.email).toBe(undefined);
  });

  it.each([undefined, true, "true"])("gives an email of which its issuer says %j", async (said) => {
    const result = await ask(await issue(rsa, { ...CLAIMS, email_verified: said }));
    expect(result.ok && result.principal.email).toBe(CLAIMS.email);
  });

  it("is too old", async () => {
    const verifier = oidc({ maxAgeMs: 60_000 });
    expect(outcome(await ask(await issue(rsa, { ...CLAIMS, iat: SECONDS - 89 }), verifier))).toBe("ok");
    expect(outcome(await ask(await issue(rsa, { ...CLAIMS, iat: SECONDS - 91 }), verifier))).toBe(
      "credential_expired",
    );
    expect(outcome(await ask(await issue(rsa, { ...CLAIMS, iat: undefined }), verifier))).toBe(
      "claim_missing",
    );
  });

  it("stands for an agent by a claim, or for any", async () => {
    const token = await issue(rsa, { ...CLAIMS, agent: "clerk" });
    const byClaim = oidc({ agents: { claim: "agent" } });
    expect(outcome(await ask(token, byClaim))).toBe("ok");
    expect(outcome(await ask(token, byClaim, NOW, "lead"))).toBe("agent_wrong");
    expect(outcome(await ask(token, oidc({ agents: { claim: "__proto__" } })))).toBe("agent_wrong");
    expect(outcome(await ask(token, oidc({ agents: { any: true } }), NOW, "lead"))).toBe("ok");
    expect(outcome(await ask(token, oidc(), NOW, "constructor"))).toBe("agent_wrong");
  });
});

describe("a token that nobody may take", () => {
  const HEADER = { alg: "RS256", kid: "rsa" };
  const shapes: [string, unknown][] = [
    ["nothing", undefined],
    ["a number", 7],
    ["an empty text", ""],
    ["two parts", "e30.e30"],
    ["four parts", "e30.e30.e30.e30"],
    ["a header that is no JSON", `${Buffer.from("x").toString("base64url")}.e30.e30`],
    ["a header that is a list", `${Buffer.from("[]").toString("base64url")}.e30.e30`],
    ["characters beside base64url", "e30=.e30.e30"],
    ["white space", " e30.e30.e30"],
  ];
  it.each(shapes)("%s", async (_, token) => {
    expect(outcome(await ask(token))).toBe("credential_malformed");
  });

  it("one too large", async () => {
    expect(outcome(await ask("a".repeat(MAX_TOKEN_LENGTH + 1)))).toBe("credential_too_large");
  });

  it("without a signature: `none` in any spelling", async () => {
    for (const alg of ["none", "None", "NONE", "", null, undefined, 7, ["RS256"]]) {
      expect(outcome(await ask(assemble({ alg, kid: "rsa" }, CLAIMS, ""))), String(alg)).toBe(
        "algorithm_refused",
      );
    }
    expect(outcome(await ask(assemble(HEADER, CLAIMS, "")))).not.toBe("ok");
  });

  it("signed with the public key as a shared secret", async () => {
    const secrets = [JSON.stringify(rsa.jwk), rsa.jwk.n!, Buffer.from(rsa.jwk.n!, "base64url")];
    for (const secret of secrets) {
      const [head, body] = assemble({ alg: "HS256", kid: "rsa" }, CLAIMS, "").split(".") as [string, string];
      const mac = createHmac("sha256", secret).update(`${head}.${body}`).digest();
      expect(outcome(await ask(assemble({ alg: "HS256", kid: "rsa" }, CLAIMS, mac)))).toBe(
        "algorithm_refused",
      );
      expect(outcome(await ask(assemble(HEADER, CLAIMS, mac)))).toBe("signature_bad");
    }
  });

  it("signed with an algorithm that is good but not allowed, or not the key's", async () => {
    const token = await issue(ec, CLAIMS);
    expect(outcome(await ask(token, oidc({ algorithms: ["RS256"] })))).toBe("algorithm_refused");
    const [, body, signature] = token.split(".") as [string, string, string];
    const swapped = `${Buffer.from(JSON.stringify({ alg: "ES256", kid: "rsa" })).toString("base64url")}.${body}.${signature}`;
    expect(outcome(await ask(swapped))).toBe("key_unknown");
  });

  it("by another key of the same name", async () => {
    expect(outcome(await ask(await issue(stranger, CLAIMS)))).toBe("signature_bad");
  });

  it("that brings its own key", async () => {
    const own = await issue(stranger, CLAIMS, { jwk: stranger.jwk, kid: undefined, jku: server.url });
    expect(outcome(await ask(own))).not.toBe("ok");
  });

  it("with a header that must be understood and is not", async () => {
    const token = await issue(rsa, CLAIMS);
    const [, body, signature] = token.split(".") as [string, string, string];
    const head = Buffer.from(JSON.stringify({ ...HEADER, crit: ["x"], x: 1 })).toString("base64url");
    expect(outcome(await ask(`${head}.${body}.${signature}`))).toBe("credential_malformed");
  });

  it("of another type", async () => {
    expect(outcome(await ask(await issue(rsa, CLAIMS, { typ: "dpop+jwt" })))).toBe("credential_malformed");
    expect(outcome(await ask(await issue(rsa, CLAIMS, { typ: "JWT" })))).toBe("ok");
    expect(outcome(await ask(await issue(rsa, CLAIMS, { typ: "application/at+jwt" })))).toBe("ok");
  });

  it("with any character changed", async () => {
    const token = await issue(ec, CLAIMS);
    const verifier = oidc();
    for (let at = 0; at < token.length; at++) {
      const other = token[at] === "A" ? "Q" : "A";
      const altered = token.slice(0, at) + other + token.slice(at + 1);
      expect(outcome(await ask(altered, verifier)), `character ${at}`).not.toBe("ok");
    }
  });
});

describe("the issuer's keys", () => {
  it("are fetched once for many tokens", async () => {
    const verifier = oidc();
    const token = await issue(rsa, CLAIMS);
    const results = await Promise.all(Array.from({ length: 20 }, () => ask(token, verifier)));
    expect(results.every(({ ok }) => ok)).toBe(true);
    expect(server.asked).toBe(1);
  });

  it("rotate: an unknown key is asked for again, but not more often than is allowed", async () => {
    const verifier = oidc();
    server.keys = [ec.jwk];
    const token = await issue(rsa, { ...CLAIMS, exp: SECONDS + 6000 });
    expect(outcome(await ask(token, verifier))).toBe("key_unknown");
    server.keys = [rsa.jwk];
    expect(outcome(await ask(token, verifier, NOW + 9_999))).toBe("key_unknown");
    expect(server.asked).toBe(1);
    expect(outcome(await ask(token, verifier, NOW + 10_000))).toBe("ok");
    expect(server.asked).toBe(2);
    const old = await issue(ec, { ...CLAIMS, exp: SECONDS + 6000 });
    expect(outcome(await ask(old, verifier, NOW + 30_000))).toBe("key_unknown");
  });

  it("go on for a while when their issuer is away, then no more", async () => {
    const verifier = oidc();
    const token = await issue(rsa, { ...CLAIMS, exp: SECONDS + 60_000 });
    expect(outcome(await ask(token, verifier))).toBe("ok");
    server.answer = { status: 503, body: "" };
    expect(outcome(await ask(token, verifier, NOW + 600_000))).toBe("ok");
    expect(outcome(await ask(token, verifier, NOW + 3_599_999))).toBe("ok");
    expect(outcome(await ask(token, verifier, NOW + 3_600_000))).toBe("keys_unavailable");
    server.answer = null;
    expect(outcome(await ask(token, verifier, NOW + 3_620_000))).toBe("ok");
  });

  const answers: [string, { status: number; body: string; headers?: Record<string, string> }][] = [
    ["an error", { status: 500, body: "{}" }],
    ["no JSON", { status: 200, body: "<html>" }],
    ["no key set", { status: 200, body: '{"keys":7}' }],
    ["an empty key set", { status: 200, body: '{"keys":[]}' }],
    [
      "a shared secret",
      { status: 200, body: '{"keys":[{"kty":"oct","k":"AAAA","kid":"rsa","alg":"HS256"}]}' },
    ],
    ["too much", { status: 200, body: `{"keys":[],"x":"${"x".repeat(300_000)}"}` }],
    [
      "too many keys",
      { status: 200, body: JSON.stringify({ keys: Array.from({ length: 129 }, () => ({ kty: "RSA" })) }) },
    ],
    ["a redirect", { status: 302, body: "", headers: { location: "/elsewhere" } }],
  ];
  it.each(answers)("are not had from %s", async (_, answer) => {
    server.answer = answer;
    expect(outcome(await ask(await issue(rsa, CLAIMS)))).toBe("keys_unavailable");
  });

  it("are not taken over http from elsewhere, nor from what is no address", async () => {
    for (const url of ["http://example.com/keys", "file:///etc/passwd", "x"]) {
      await expect(fetchDocument.get(url, 10)).rejects.toThrow();
    }
  });

  it("that are private are left out", async () => {
    server.keys = [{ ...rsa.jwk, d: "AAAA" }, ec.jwk];
    expect(outcome(await ask(await issue(rsa, CLAIMS)))).toBe("key_unknown");
  });
});

describe("a SPIFFE SVID", () => {
  const ID = "spiffe://prod.example/agents/clerk";
  const SVID: Payload = { sub: ID, aud: ["faramesh"], exp: SECONDS + 60 };
  const verify = async (token: string) => {
    const options = {
      trustDomain: "prod.example",
      bundleUrl: server.url,
      audience: ["faramesh"],
      agents: { subjects: { clerk: [ID] } },
    };
    const verifier = spiffeVerifier(options, fetchDocument);
    return verifier.verify({ scheme: "spiffe", token } as never, { agent: "clerk", nowMs: NOW });
  };
  beforeEach(() => {
    server.keys = [svid.jwk, ec.jwk, edwards.jwk];
  });

  it("becomes facts", async () => {
    const principal = { id: ID, method: "spiffe", verified: true };
    expect(await verify(await issue(svid, SVID))).toEqual({ ok: true, principal });
    expect(await verify(await issue(svid, SVID, { typ: "JOSE" }))).toEqual({ ok: true, principal });
  });

  const rows: [string, Payload, string][] = [
    ["of another trust domain", { sub: "spiffe://test.example/agents/clerk" }, "trust_domain_wrong"],
    [
      "of a trust domain that begins alike",
      { sub: "spiffe://prod.example.evil/agents/clerk" },
      "trust_domain_wrong",
    ],
    ["that is no SPIFFE ID", { sub: "clerk" }, "trust_domain_wrong"],
    ["of the trust domain itself", { sub: "spiffe://prod.example" }, "trust_domain_wrong"],
    ["of another agent", { sub: "spiffe://prod.example/agents/lead" }, "agent_wrong"],
    ["for others", { aud: ["elsewhere"] }, "audience_wrong"],
    ["without an audience", { aud: undefined }, "claim_missing"],
    ["without an end", { exp: undefined }, "claim_missing"],
    ["without a subject", { sub: undefined }, "claim_missing"],
    ["expired", { exp: SECONDS - 60 }, "credential_expired"],
  ];
  it.each(rows)("%s", async (_, change, expected) => {
    expect(outcome(await verify(await issue(svid, { ...SVID, ...change })))).toBe(expected);
  });

  it("is not signed by keys for other uses, nor with EdDSA", async () => {
    expect(outcome(await verify(await issue(ec, SVID)))).toBe("key_unknown");
    expect(outcome(await verify(await issue(edwards, SVID)))).toBe("algorithm_refused");
  });

  it("has an ID in one spelling", () => {
    const bad = [
      "",
      "SPIFFE://a/b",
      "spiffe://A/b",
      "spiffe://a/",
      "spiffe://a//b",
      "spiffe://a/b/",
      "spiffe://a/../b",
      "spiffe://a/.",
      "spiffe://a/b?c",
      "spiffe://a/b#c",
      "spiffe://u@a/b",
      "spiffe://a:1/b",
      "spiffe:///b",
      "spiffe://a/b%20",
      "https://a/b",
      `spiffe://a/${"b".repeat(2048)}`,
      null,
    ];
    for (const id of bad) expect(trustDomainOf(id), String(id)).toBe(null);
    expect(trustDomainOf("spiffe://a.b_c-1/x/Y.z_-/...")).toBe("a.b_c-1");
  });
});
