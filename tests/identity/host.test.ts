/** Identity on Node: the policy's blocks, key files, and what is measured of files. */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateKey, printPublicKey, sign } from "../../bundles/trust/index.ts";
import {
  measureFiles,
  type OpenIdentifyOptions,
  openIdentify,
  openPins,
} from "../../hosts/node/identity/index.ts";
import { fileOf, keyOf, NOW_MS, trustIn } from "../hosts/policies.ts";
import { type IssuerKey, issue, KeyServer, makeKey } from "./issuer.ts";

const folder = mkdtempSync(join(tmpdir(), "faramesh-identity-"));
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
let server: KeyServer;
let key: IssuerKey;

beforeAll(async () => {
  [server, key] = await Promise.all([KeyServer.open(), makeKey("one", "ES256", "jwt-svid")]);
  server.keys = [key.jwk];
}, 60_000);
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const policy = (blocks: string) => `${blocks}\nagent "clerk" { rules { permit orders/read } }\n`;
const spiffe = () => `identity "mesh" {
  kind = spiffe
  trust_domain = "prod.example"
  jwks_url = "${server.url}"
  audience = ["faramesh"]
}`;
const BINDING = { agents: { subjects: { clerk: ["spiffe://prod.example/clerk"] } } };

const open = (
  blocks: string,
  more: Partial<OpenIdentifyOptions> = {},
  file = fileOf(policy(blocks), 1, keyOf(1)),
) =>
  openIdentify({
    policy: file,
    load: { trust: trustIn(keyOf(1)), nowMs: NOW_MS, highest: null },
    bindings: {},
    ...more,
  });

describe("the policy's identity blocks", () => {
  it("become verifiers", async () => {
    const opened = await open(spiffe(), { bindings: { mesh: BINDING } });
    if (!opened.ok) throw new Error(opened.message);
    const now = NOW_MS / 1000;
    const token = await issue(key, { sub: "spiffe://prod.example/clerk", aud: "faramesh", exp: now + 60 });
    const credential = { scheme: "spiffe", token };
    expect(await opened.identify.identify(credential, { agent: "clerk", nowMs: NOW_MS })).toEqual({
      ok: true,
      principal: { id: "spiffe://prod.example/clerk", method: "spiffe", verified: true },
    });
    expect((await opened.identify.identify(credential, { agent: "lead", nowMs: NOW_MS })).ok).toBe(false);
  });

  it("count only when the bundle's signatures verify", async () => {
    const file = fileOf(policy(spiffe()), 1, keyOf(2));
    expect(await open(spiffe(), { bindings: { mesh: BINDING } }, file)).toMatchObject({
      code: "signature_unknown_key",
    });
  });

  const oidc = (lines: string) => `identity "corp" {\n  kind = oidc\n${lines}\n}`;
  const FULL = `  issuer = "https://i.example"\n  jwks_url = "https://i.example/keys"\n  audience = ["a"]\n`;
  const rows: [string, string, Partial<OpenIdentifyOptions>, string | null][] = [
    ["a block without a binding", oidc(`${FULL}  algorithms = ["RS256"]`), {}, "no binding"],
    ["a binding without a block", "", { bindings: { mesh: BINDING } }, "no identity block"],
    ["all there", oidc(`${FULL}  algorithms = ["RS256"]`), { bindings: { corp: BINDING } }, null],
    ["no algorithms", oidc(FULL), { bindings: { corp: BINDING } }, "`algorithms` is missing"],
    [
      "a shared secret",
      oidc(`${FULL}  algorithms = ["HS256"]`),
      { bindings: { corp: BINDING } },
      "`HS256` is not allowed",
    ],
    [
      "no signature at all",
      oidc(`${FULL}  algorithms = ["none"]`),
      { bindings: { corp: BINDING } },
      "`none` is not allowed",
    ],
    [
      "no audience",
      oidc(`  issuer = "i"\n  jwks_url = "u"\n  algorithms = ["RS256"]`),
      { bindings: { corp: BINDING } },
      "`audience` is missing",
    ],
    [
      "no issuer",
      oidc(`  jwks_url = "u"\n  audience = ["a"]\n  algorithms = ["RS256"]`),
      { bindings: { corp: BINDING } },
      "`issuer` is missing",
    ],
    [
      "no kind",
      `identity "corp" {\n  issuer = "i"\n}`,
      { bindings: { corp: BINDING } },
      "`kind` must be one of",
    ],
    ["signatures of nobody", "identity {\n  kind = ed25519\n}", {}, null],
    [
      "a key without a block",
      "",
      { keys: [{ agent: "clerk", path: join(folder, "clerk.pub") }] },
      "no identity block of kind",
    ],
  ];
  it.each(rows)("%s", async (_, blocks, more, expected) => {
    writeFileSync(
      join(folder, "clerk.pub"),
      printPublicKey(generateKey(new Uint8Array(32).fill(8), "clerk")),
    );
    const opened = await open(blocks, more);
    if (expected === null) expect(opened).toMatchObject({ ok: true });
    else
      expect(opened).toMatchObject({
        ok: false,
        code: "identity_unusable",
        message: expect.stringContaining(expected),
      });
  });

  it("keys come from files that are keys", async () => {
    const path = join(folder, "bad.pub");
    writeFileSync(path, "{}");
    const block = "identity {\n  kind = ed25519\n}";
    expect(await open(block, { keys: [{ agent: "clerk", path }] })).toMatchObject({ code: "key_malformed" });
    expect(await open(block, { keys: [{ agent: "clerk", path: `${path}.none` }] })).toMatchObject({
      code: "file_unreadable",
    });
  });
});

describe("measuring files", () => {
  const base = join(folder, "agent");
  mkdirSync(join(base, "b"), { recursive: true });
  writeFileSync(join(base, "main.py"), "print(1)\n");
  writeFileSync(join(base, "b", "x.py"), "x = 1\n");
  const paths = { clerk: { code: base, configuration: join(base, "main.py") } };

  it("is SHA-256 of a file, and of the list of a folder's files", async () => {
    const list = `${sha256("x = 1\n")}  b/x.py\n${sha256("print(1)\n")}  main.py\n`;
    expect(await measureFiles(paths).measure("clerk")).toEqual({
      code: sha256(list),
      configuration: sha256("print(1)\n"),
    });
    expect(await measureFiles(paths).measure("lead")).toEqual({});
  });

  it("sees a change, also one that sets the old time again", async () => {
    const measure = measureFiles(paths);
    const before = await measure.measure("clerk");
    expect(await measure.measure("clerk")).toEqual(before);
    const past = new Date(1000);
    utimesSync(join(base, "main.py"), past, past);
    await measure.measure("clerk");
    writeFileSync(join(base, "main.py"), "print(2)\n");
    utimesSync(join(base, "main.py"), past, past);
    expect((await measure.measure("clerk")).configuration).toBe(sha256("print(2)\n"));
  });

  it("sees a file that came, went or was renamed", async () => {
    const measure = measureFiles(paths);
    const seen = new Set([(await measure.measure("clerk")).code]);
    writeFileSync(join(base, "new.py"), "");
    seen.add((await measure.measure("clerk")).code);
    rmSync(join(base, "new.py"));
    writeFileSync(join(base, "newer.py"), "");
    seen.add((await measure.measure("clerk")).code);
    rmSync(join(base, "newer.py"));
    expect(seen.size).toBe(3);
  });

  it("refuses links and what is not there", async () => {
    symlinkSync("main.py", join(base, "link.py"));
    await expect(measureFiles(paths).measure("clerk")).rejects.toThrow("link");
    const link = { clerk: { code: join(base, "link.py") } };
    await expect(measureFiles(link).measure("clerk")).rejects.toThrow();
    rmSync(join(base, "link.py"));
    await expect(measureFiles({ clerk: { code: join(base, "none") } }).measure("clerk")).rejects.toThrow();
  });
});

describe("pinned measurements in a file", () => {
  const path = join(folder, "agents.pins");
  const options = { trust: trustIn(keyOf(1)), nowMs: NOW_MS };
  const write = (text: string, signer = keyOf(1)) => {
    const bytes = new TextEncoder().encode(text);
    const compiler = { name: "faramesh", version: "0.1.0" };
    const signed = sign(bytes, { kind: "source", keys: [signer], sequence: 0, sources: [], compiler });
    if (!signed.ok) throw new Error(signed.message);
    writeFileSync(path, text);
    writeFileSync(`${path}.sig`, signed.envelope);
  };
  const PINS = { version: 1, agents: { clerk: { code: "a".repeat(64) } } };

  it("are those that a trusted key has signed", async () => {
    write(JSON.stringify(PINS, null, 2));
    expect(await openPins(path, options)).toEqual({ ok: true, pins: PINS.agents });
    write(JSON.stringify(PINS), keyOf(2));
    expect(await openPins(path, options)).toMatchObject({ code: "signature_unknown_key" });
    write(JSON.stringify(PINS));
    writeFileSync(path, JSON.stringify(PINS).replace("aa", "ab"));
    expect(await openPins(path, options)).toMatchObject({ code: "digest_mismatch" });
    rmSync(`${path}.sig`);
    expect(await openPins(path, options)).toMatchObject({ code: "file_unreadable" });
  });

  const bad = [
    "",
    "[]",
    "{}",
    '{"version":2,"agents":{}}',
    '{"version":1,"agents":[]}',
    '{"version":1,"agents":{"clerk":{}}}',
    '{"version":1,"agents":{"clerk":7}}',
    '{"version":1,"agents":{"clerk":{"code":"x"}}}',
    `{"version":1,"agents":{"clerk":{"other":"${"a".repeat(64)}"}}}`,
    '{"version":1,"agents":{},"more":1}',
    '{"version":1,"agents":{},"agents":{}}',
  ];
  it.each(bad)("malformed: %s", async (text) => {
    write(text);
    expect(await openPins(path, options)).toMatchObject({ code: "pins_malformed" });
  });
});
