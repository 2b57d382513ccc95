/** The built libraries in the runtimes that they are for: the same verdicts and refusals from the same files. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { encodeContainer } from "../../bundles/container.ts";
import { printTrustFile } from "../../bundles/trust/index.ts";
import { CHROMIUM, openSite, pageOf } from "../conformance/chromium.ts";
import { bundleNeutral, CORE_FILE, programOf, ROOT } from "../conformance/host.ts";
import { fileOf, keyOf, NOW_MS, refundPolicy, trustIn } from "./policies.ts";
import { temporaryFolder } from "./records.ts";

const run = promisify(execFile);
const DENO = programOf("deno", ["deno", "deno.exe"]);
const BUN = programOf("bun", ["bin/bun", "bin/bun.exe"]);
const built = (host: string) => join(ROOT, `hosts/${host}/dist/index.mjs`);

const key = keyOf(1);
const small = fileOf(refundPolicy(100), 1, key);
const FILES: Record<string, Uint8Array | string> = {
  "small.fplb": small,
  "large.fplb": fileOf(refundPolicy(1_000), 2, key),
  "foreign.fplb": fileOf(refundPolicy(1_000), 2, keyOf(2)),
  "unsigned.fplb": fileOf(refundPolicy(1_000), 2),
  "damaged.fplb": small.map((byte, index) => (index === 200 ? byte ^ 1 : byte)),
  "empty.fplb": encodeContainer({ bundle: new Uint8Array(100), envelope: null }),
  "trust.json": printTrustFile(trustIn(key)),
  "malformed.json": "{}",
};

/** In every runtime, but for what is not there: a file cannot be read, an address does not give it. */
const expected = (missing: string) => ({
  "from its place": [true, 1, ["key-1"]],
  decisions: ["rule_permit", "rule_defer"],
  record: 0,
  "no JSON": "invalid_json",
  "from bytes": "sequence 1",
  "no such file": `PolicyRefused ${missing}`,
  "no such trust file": `PolicyRefused ${missing}`,
  "malformed trust file": "PolicyRefused trust_malformed",
  unsigned: "PolicyRefused unsigned",
  "unsigned, insecure": "sequence null",
  "by another key": "PolicyRefused signature_unknown_key",
  damaged: "PolicyRefused digest_mismatch",
  "no container": "PolicyRefused container_bad_magic",
  "no bundle": "PolicyRefused bundle_refused",
  expired: "PolicyRefused key_expired",
  "neither trust nor insecure": "TypeError",
  "no options": "TypeError",
  "followed without trust": "TypeError",
  "a newer bundle": true,
  "which decides": "rule_permit",
  "an older bundle": "sequence_older",
  "and it stays": "rule_permit",
  followed: ["rule_permit", null, false],
  "followed nowhere": [missing, "no_policy"],
});

const REMEMBERED = {
  "remembers the newest": "sequence 2",
  "and refuses an older one": "PolicyRefused sequence_older",
  "but takes it again": "sequence 2",
};

function folderOfFiles(): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(FILES)) writeFileSync(join(folder, name), content);
  return folder;
}

const bundled = (): Promise<string> => bundleNeutral("tests/hosts/portable-entry.ts", "portable-suite");

async function printed(program: string, args: readonly string[], cwd: string): Promise<unknown> {
  const { stdout } = await run(program, args, { cwd, encoding: "utf8" });
  return JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
}

/** The library's address and the present, as the entry takes them. */
const argumentsFor = (host: string): string[] => [pathToFileURL(built(host)).href, String(NOW_MS)];

const REMEMBERING = { ...expected("file_unreadable"), ...REMEMBERED };

test("Node", async () => {
  const args = [await bundled(), ...argumentsFor("node"), "policy.state"];
  expect(await printed(process.execPath, args, folderOfFiles())).toEqual(REMEMBERING);
});

test.skipIf(BUN === null)("Bun, which runs the library for Node", async () => {
  const args = [await bundled(), ...argumentsFor("node"), "policy.state"];
  expect(await printed(BUN!, args, folderOfFiles())).toEqual(REMEMBERING);
});

describe.skipIf(DENO === null)("Deno", () => {
  const start = ["run", "--no-config", "--no-prompt"];
  const entry = async (): Promise<string[]> => [await bundled(), ...argumentsFor("deno")];

  test("needs to read its files, and nothing else", async () => {
    const folder = folderOfFiles();
    const places = [...Object.keys(FILES), "none.fplb", "none.json", CORE_FILE, built("deno")];
    const args = [...start, `--allow-read=${places.join(",")}`, ...(await entry())];
    expect(await printed(DENO!, args, folder)).toEqual(expected("file_unreadable"));
    expect(readdirSync(folder).sort()).toEqual(Object.keys(FILES).sort());
  });

  test("remembers in a folder that it may write", async () => {
    const folder = folderOfFiles();
    const allowed = [`--allow-read=.,${CORE_FILE},${built("deno")}`, "--allow-write=."];
    const args = [...start, ...allowed, ...(await entry()), "policy.state"];
    expect(await printed(DENO!, args, folder)).toEqual(REMEMBERING);
    expect(readFileSync(join(folder, "policy.state"), "utf8")).toMatch(/"sequence":2/);
    expect(readdirSync(folder).length).toBe(Object.keys(FILES).length + 1);
  });

  test("without leave: a refusal, of the core and of files", async () => {
    const folder = folderOfFiles();
    const script = `
      import { openPolicy } from ${JSON.stringify(argumentsFor("deno")[0])};
      const tried = (source, options) => openPolicy(source, options).catch(({ code }) => code);
      console.log(JSON.stringify([
        await tried("small.fplb", { insecure: true }),
        await tried(Uint8Array.from(${JSON.stringify([...small])}), { insecure: true }),
      ]));
    `;
    writeFileSync(join(folder, "main.mjs"), script);
    expect(await printed(DENO!, [...start, "main.mjs"], folder)).toEqual([
      "file_unreadable",
      "core_unusable",
    ]);
  });

  test("follows an address, on the network of that host alone, and does not keep the process alive", async () => {
    const folder = folderOfFiles();
    const server = createServer((_, response) => void response.end(small)).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await new Promise((listening) => server.once("listening", listening));
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const script = `
      import { followPolicy } from ${JSON.stringify(argumentsFor("deno")[0])};
      const options = { origin: "http://${host}/policy.fplb", trust: "trust.json", nowMs: () => ${NOW_MS} };
      const { policy } = await followPolicy(options);
      console.log(JSON.stringify([policy.identity?.sequence ?? null, policy.status.refusal?.code ?? null]));
    `;
    writeFileSync(join(folder, "main.mjs"), script);
    const read = `--allow-read=trust.json,${CORE_FILE}`;
    const allowed = [...start, read, `--allow-net=${host}`, "main.mjs"];
    expect(await printed(DENO!, allowed, folder)).toEqual([1, null]);
    const refused = [...start, read, "main.mjs"];
    expect(await printed(DENO!, refused, folder)).toEqual([null, "origin_unreachable"]);
  });
});

test.skipIf(CHROMIUM === null)("a browser, under a strict content security policy", async () => {
  const site = await openSite(
    new Map<string, Uint8Array | string>([
      ...Object.entries(FILES),
      ["index.html", pageOf("entry.mjs")],
      ["entry.mjs", readFileSync(await bundled())],
      ["faramesh/index.mjs", readFileSync(built("browser"))],
      ["faramesh/core.wasm", readFileSync(CORE_FILE)],
    ]),
  );
  onTestFinished(() => site.close());
  const said = await site.hear(`index.html?./faramesh/index.mjs ${NOW_MS} policy`);
  expect(JSON.parse(said)).toEqual({ ...expected("origin_refused"), ...REMEMBERED });
  // Another page of the same site, later.
  site.files.set("large.fplb", small);
  const script = `
    import { openPolicy } from "./faramesh/index.mjs";
    const options = { trust: "trust.json", state: "policy", nowMs: () => ${NOW_MS} };
    console.log(await openPolicy("large.fplb", options).catch(({ code }) => code));
  `;
  site.files.set("later.html", pageOf("later.mjs"));
  site.files.set("later.mjs", script);
  expect(await site.hear("later.html")).toBe("sequence_older");
});
