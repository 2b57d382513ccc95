import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { fromBase64, utf8 } from "../../bundles/trust/bytes.ts";
import { keyIdOf, publicKeyOf, signBytes, verifyBytes } from "../../bundles/trust/ed25519.ts";
import { parseContentDigest, parseSignature, parseSignatureInput } from "../../control/identity/fields.ts";
import { MemoryReplayCache, type SignedRequest, signatureVerifier } from "../../control/identity/index.ts";
import { signatureBase } from "../../control/identity/signature-base.ts";
import type { Verification } from "../../control/identity/verifier.ts";

const NOW = 1_767_225_600_000;
const SECONDS = NOW / 1000;
const outcome = (result: Verification) => (result.ok ? "ok" : result.fault);
const base64url = (text: string) => new Uint8Array(Buffer.from(text, "base64url"));

/** RFC 9421 appendix B.1.4, B.2 and B.2.6. */
const RFC = {
  secret: base64url("n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU"),
  public: base64url("JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"),
  input:
    'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
  signature:
    "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:",
  digest:
    "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:",
  request: {
    method: "POST",
    url: "https://example.com/foo?param=Value&Pet=dog",
    headers: [
      ["Host", "example.com"],
      ["Date", "Tue, 20 Apr 2021 02:07:55 GMT"],
      ["Content-Type", "application/json"],
      ["Content-Length", "18"],
    ],
    body: utf8('{"hello": "world"}'),
  } as SignedRequest,
};

describe("RFC 9421 B.2.6", () => {
  const input = parseSignatureInput(RFC.input)!;

  it("has this signature base", () => {
    expect(signatureBase(RFC.request, input)).toBe(
      [
        '"date": Tue, 20 Apr 2021 02:07:55 GMT',
        '"@method": POST',
        '"@path": /foo',
        '"@authority": example.com',
        '"content-type": application/json',
        '"content-length": 18',
        '"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
      ].join("\n"),
    );
  });

  it("verifies, and is made again from its key", () => {
    const base = utf8(signatureBase(RFC.request, input)!);
    const signature = parseSignature(RFC.signature, "sig-b26")!;
    expect(publicKeyOf(RFC.secret)).toEqual(RFC.public);
    expect(verifyBytes(signature, base, RFC.public)).toBe(true);
    expect(signBytes(base, RFC.secret)).toEqual(signature);
  });

  it("has derived components as section 2.2 says", () => {
    const all = ["@method", "@target-uri", "@authority", "@scheme", "@request-target", "@path", "@query"];
    const list = parseSignatureInput(`a=(${all.map((name) => `"${name}"`).join(" ")})`)!;
    const values = (url: string) =>
      signatureBase({ ...RFC.request, url }, list)
        ?.split("\n")
        .slice(0, -1)
        .map((line) => line.replace(/^"[^"]*": /, ""));
    expect(values(RFC.request.url)).toEqual([
      "POST",
      RFC.request.url,
      "example.com",
      "https",
      "/foo?param=Value&Pet=dog",
      "/foo",
      "?param=Value&Pet=dog",
    ]);
    expect(values("http://example.com:8080/")?.slice(2)).toEqual(["example.com:8080", "http", "/", "/", "?"]);
    for (const url of [
      "https://example.com",
      "https://EXAMPLE.com/",
      "https://example.com:443/",
      "https://example.com/a/../b",
      "https://u@example.com/",
      "https://example.com/#a",
      "ftp://example.com/",
      "/foo",
    ]) {
      expect(values(url), url).toBe(undefined);
    }
  });
});

describe("fields", () => {
  it("RFC 9530: the digests of the request's content", () => {
    const digests = parseContentDigest(RFC.digest)!;
    const expected = createHash("sha512").update(RFC.request.body).digest("base64");
    expect(digests.get("sha-512")).toEqual(fromBase64(expected));
    for (const bad of [
      "",
      "sha-256",
      "sha-256=abc",
      "sha-256=:abc:",
      "sha-256=:AAAA:, sha-256=:AAAA:",
      "SHA-256=:AAAA:",
      "sha-256=:AAAA:,",
    ]) {
      expect(parseContentDigest(bad), bad).toBe(null);
    }
  });

  const bad = [
    "",
    "sig",
    "sig=",
    "sig=(",
    "sig=()x",
    'sig=("a"  "b")',
    'sig=( "a")',
    'sig=("a" "a")',
    'sig=("a";sf)',
    'sig=("a");created=1;created=2',
    'sig=("a");created="1"',
    'sig=("a");created=-1',
    'sig=("a");created=1.5',
    'sig=("a");nonce=1',
    'sig=("a");other=1',
    'sig=("a");keyid="a\\"b"',
    'sig=("a");created=1 ',
    'sig=("a"), other=("a")',
    'Sig=("a")',
    'sig=("a");created=1234567890123456',
  ];
  it.each(bad)("refuses the signature input `%s`", (text) => {
    expect(parseSignatureInput(text)).toBe(null);
  });
});

const SEED = new Uint8Array(32).fill(5);
const PUBLIC = publicKeyOf(SEED);
const KEY_ID = keyIdOf(PUBLIC);
const BODY = utf8('{"tool":"orders/read"}');
const digestOf = (body: Uint8Array, name = "sha256") => createHash(name).update(body).digest("base64");

interface Signing {
  components?: readonly string[];
  parameters?: string;
  method?: string;
  url?: string;
  body?: Uint8Array;
  headers?: readonly [string, string][];
  seed?: Uint8Array;
  label?: string;
}

let counter = 0;
const parametersOf = ({
  created = SECONDS as number | null,
  keyId = KEY_ID as string | null,
  nonce = `nonce-${counter++}-0` as string | null,
  more = "",
} = {}) =>
  `${created === null ? "" : `;created=${created}`}${keyId === null ? "" : `;keyid="${keyId}"`}${nonce === null ? "" : `;nonce="${nonce}"`}${more}`;

/** A request as a well-meaning agent would sign it, but for what a test asks for. */
function signed(signing: Signing = {}): SignedRequest {
  const {
    components = ["@method", "@target-uri", "content-digest"],
    parameters = parametersOf(),
    body = BODY,
  } = signing;
  const { method = "POST", url = "https://gate.example/v1/decide", seed = SEED, label = "sig" } = signing;
  const headers = signing.headers ?? [["Content-Digest", `sha-256=:${digestOf(body)}:`]];
  const text = `(${components.map((name) => `"${name}"`).join(" ")})${parameters}`;
  const request = { method, url, headers, body };
  const base = signatureBase(request, { ...parseSignatureInput("a=()")!, text, components }) ?? "";
  const signature = Buffer.from(signBytes(utf8(base), seed)).toString("base64");
  return {
    ...request,
    headers: [...headers, ["Signature-Input", `${label}=${text}`], ["Signature", `${label}=:${signature}:`]],
  };
}

const verifierOf = (limit?: number) =>
  signatureVerifier({
    keys: [{ keyId: KEY_ID, agent: "clerk", publicKey: PUBLIC, facts: { role: "operator" } }],
    replay: new MemoryReplayCache(limit),
  });
const ask = (request: unknown, verifier = verifierOf(), nowMs = NOW, agent = "clerk") =>
  verifier.verify({ scheme: "ed25519", request } as never, { agent, nowMs });

describe("a signed request", () => {
  it("becomes facts", async () => {
    expect(await ask(signed())).toEqual({
      ok: true,
      principal: { id: "clerk", method: "ed25519", verified: true, role: "operator" },
    });
  });

  it("may have no content", async () => {
    const request = signed({
      method: "GET",
      body: new Uint8Array(),
      headers: [],
      components: ["@method", "@target-uri"],
    });
    expect(outcome(await ask(request))).toBe("ok");
  });

  it("may have both digests, but none of another kind", async () => {
    const both = `sha-256=:${digestOf(BODY)}:, sha-512=:${digestOf(BODY, "sha512")}:`;
    expect(outcome(await ask(signed({ headers: [["content-digest", both]] })))).toBe("ok");
    const wrong = `sha-256=:${digestOf(BODY)}:, sha-512=:${digestOf(utf8("x"), "sha512")}:`;
    expect(outcome(await ask(signed({ headers: [["content-digest", wrong]] })))).toBe("digest_wrong");
    const other = `md5=:${digestOf(BODY, "md5")}:`;
    expect(outcome(await ask(signed({ headers: [["content-digest", other]] })))).toBe("digest_wrong");
  });

  const uncovered: [string, Signing][] = [
    ["the content", { components: ["@method", "@target-uri"] }],
    ["the method", { components: ["@target-uri", "content-digest"] }],
    ["the target", { components: ["@method", "@path", "content-digest"] }],
    ["a time", { parameters: parametersOf({ created: null }) }],
    ["a key", { parameters: parametersOf({ keyId: null }) }],
    ["a nonce", { parameters: parametersOf({ nonce: null }) }],
    ["a nonce that is long enough", { parameters: parametersOf({ nonce: "short" }) }],
  ];
  it.each(uncovered)("does not cover %s", async (_, signing) => {
    expect(outcome(await ask(signed(signing)))).toBe("request_uncovered");
  });

  const times: [string, string, string][] = [
    ["just made, by a clock ahead", parametersOf({ created: SECONDS + 30 }), "ok"],
    ["made in the future", parametersOf({ created: SECONDS + 31 }), "credential_not_yet_valid"],
    ["five minutes old, within the skew", parametersOf({ created: SECONDS - 329 }), "ok"],
    ["too old", parametersOf({ created: SECONDS - 330 }), "credential_expired"],
    [
      "over by its own word",
      parametersOf({ created: SECONDS - 60, more: `;expires=${SECONDS - 30}` }),
      "credential_expired",
    ],
    [
      "not over by its own word",
      parametersOf({ created: SECONDS - 60, more: `;expires=${SECONDS - 29}` }),
      "ok",
    ],
    [
      "made to live for ever",
      parametersOf({ created: SECONDS - 330, more: ";expires=999999999999" }),
      "credential_expired",
    ],
    ["with its algorithm", parametersOf({ more: ';alg="ed25519"' }), "ok"],
    ["with another algorithm", parametersOf({ more: ';alg="hmac-sha256"' }), "algorithm_refused"],
    ["by an unknown key", parametersOf({ keyId: "0".repeat(64) }), "key_unknown"],
  ];
  it.each(times)("%s", async (_, parameters, expected) => {
    expect(outcome(await ask(signed({ parameters })))).toBe(expected);
  });

  it("by another key under this name", async () => {
    expect(outcome(await ask(signed({ seed: new Uint8Array(32).fill(6) })))).toBe("signature_bad");
  });

  it("for another agent", async () => {
    expect(outcome(await ask(signed(), verifierOf(), NOW, "lead"))).toBe("agent_wrong");
  });

  it("changed on its way", async () => {
    const request = signed();
    expect(outcome(await ask({ ...request, method: "PUT" }))).toBe("signature_bad");
    expect(outcome(await ask({ ...request, url: "https://gate.example/v1/other" }))).toBe("signature_bad");
    expect(outcome(await ask({ ...request, body: utf8('{"tool":"orders/drop"}') }))).toBe("digest_wrong");
    expect(outcome(await ask({ ...request, body: new Uint8Array() }))).toBe("digest_wrong");
  });

  const header = (request: SignedRequest, name: string): [string, string] =>
    [...request.headers].find(([one]) => one.toLowerCase() === name) as [string, string];
  it.each(["signature", "signature-input", "content-digest"])(
    "with the header %s twice or not at all",
    async (name) => {
      const request = signed();
      const twice = { ...request, headers: [...request.headers, header(request, name)] };
      expect(outcome(await ask(twice))).toBe("request_malformed");
      const upper: [string, string] = [name.toUpperCase(), header(request, name)[1]];
      expect(outcome(await ask({ ...request, headers: [upper, ...request.headers] }))).toBe(
        "request_malformed",
      );
      const without = request.headers.filter(([one]) => one.toLowerCase() !== name);
      expect(outcome(await ask({ ...request, headers: without }))).toBe("request_malformed");
    },
  );

  it("with two signatures, or a line break in a header", async () => {
    const request = signed();
    const [name, value] = header(request, "signature");
    const others = request.headers.filter(([one]) => one !== name);
    for (const text of [
      `${value}, other=:AAAA:`,
      `${value}\r\nx: y`,
      "sig=AAAA",
      "sig=:AAAA:",
      "other=:AAAA:",
      "",
    ]) {
      expect(outcome(await ask({ ...request, headers: [...others, [name, text]] })), text).not.toBe("ok");
    }
  });

  const shapes: unknown[] = [
    undefined,
    null,
    7,
    {},
    { ...signed(), body: "text" },
    { ...signed(), headers: {} },
    { ...signed(), headers: [[1, 2]] },
    { ...signed(), url: "x".repeat(5000) },
    { ...signed(), headers: Array.from({ length: 257 }, () => ["a", "b"]) },
  ];
  it.each(shapes.map((shape, index) => [index, shape]))("of another shape (%i)", async (_, shape) => {
    expect(outcome(await ask(shape))).toBe("request_malformed");
  });
});

describe("a nonce", () => {
  it("counts once, and only when the request is accepted", async () => {
    const verifier = verifierOf();
    const request = signed();
    expect(outcome(await ask({ ...request, body: utf8("x") }, verifier))).toBe("digest_wrong");
    expect(outcome(await ask(request, verifier))).toBe("ok");
    expect(outcome(await ask(request, verifier))).toBe("request_replayed");
    expect(outcome(await ask(request, verifier, NOW + 329_000))).toBe("request_replayed");
    expect(outcome(await ask(request, verifier, NOW + 330_000))).toBe("credential_expired");
  });

  it("counts once for many at a time", async () => {
    const verifier = verifierOf();
    const request = signed();
    const results = await Promise.all(Array.from({ length: 20 }, () => ask(request, verifier)));
    expect(results.filter(({ ok }) => ok)).toHaveLength(1);
  });

  it("is not forgotten while it could count: a full cache denies", async () => {
    const verifier = verifierOf(2);
    expect(outcome(await ask(signed(), verifier))).toBe("ok");
    expect(outcome(await ask(signed(), verifier))).toBe("ok");
    expect(outcome(await ask(signed(), verifier))).toBe("replay_cache_full");
    const later = signed({ parameters: parametersOf({ created: SECONDS + 331 }) });
    expect(outcome(await ask(later, verifier, NOW + 331_000))).toBe("ok");
  });

  it("that was forgotten counts as seen when the clock goes back", async () => {
    const verifier = verifierOf(1);
    const first = signed();
    expect(outcome(await ask(first, verifier))).toBe("ok");
    const later = signed({ parameters: parametersOf({ created: SECONDS + 331 }) });
    expect(outcome(await ask(later, verifier, NOW + 331_000))).toBe("ok");
    expect(outcome(await ask(first, verifier))).toBe("request_replayed");
  });
});

it("keys that cannot be registered are a fault of the program", () => {
  const replay = new MemoryReplayCache();
  const key = { keyId: "a", agent: "a", publicKey: PUBLIC };
  expect(() => signatureVerifier({ keys: [key, key], replay })).toThrow(RangeError);
  expect(() => signatureVerifier({ keys: [{ ...key, publicKey: new Uint8Array(32) }], replay })).toThrow(
    RangeError,
  );
  expect(() => signatureVerifier({ keys: [key], replay, maxAgeMs: 0 })).toThrow(RangeError);
});
