import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { printTrustFile, TRUST_REFUSALS } from "../../bundles/trust/index.ts";
import { HOST_REFUSALS } from "../../hosts/node/refusals.ts";
import { fileOf, keyOf, refundPolicy, trustIn } from "./policies.ts";
import { temporaryFolder } from "./records.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

function pageText(page: string): string {
  return readFileSync(join(root, "docs", page), "utf8");
}

function codesIn(page: string, heading: string): string[] {
  const text = pageText(page);
  const section = text.slice(text.indexOf(`\n## ${heading}\n`));
  const rows = section.split("\n").filter((line) => line.startsWith("| `"));
  return rows
    .flatMap((row) => [...row.split("|")[1]!.matchAll(/`([a-z_]+)`/g)].map(([, code]) => code!))
    .sort();
}

test("the pages name every refusal of trust and host, and no other", () => {
  expect(codesIn("operations/signing-and-keys.md", "Refusals")).toEqual(Object.keys(TRUST_REFUSALS).sort());
  expect(codesIn("core/node.md", "Refusals of this host")).toEqual(Object.keys(HOST_REFUSALS).sort());
});

/** What each snippet of the page prints, when it is run beside a signed policy; in the order of the page. */
const PRINTED = [
  "",
  "",
  "deny default_deny null undefined undefined\n",
  "permit 0 undefined\n1 null\n",
  "policy 7 signed by [ 'key-1' ]\n",
];
/** What a snippet needs around it to show what it does. */
const CALLED: Record<number, string> = {
  2: `mayRun('{"agent":"shop","tool":"orders/get","args":{}}', "u"); mayRun('{"agent":"shop","tool":"orders/put","args":{}}', "u");`,
  4: `process.kill(process.pid, "SIGHUP"); setTimeout(() => {}, 500);`,
};

test("the snippets for Node run", () => {
  const snippets = [...pageText("core/node.md").matchAll(/```ts\n([\s\S]*?)```/g)].map(([, text]) => text!);
  expect(snippets.length).toBe(PRINTED.length);
  const folder = temporaryFolder();
  const key = keyOf(1);
  const trust = trustIn(key);
  Object.assign(trust.keys[0]!, { notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 600_000 });
  writeFileSync(join(folder, "trust.json"), printTrustFile(trust));
  writeFileSync(join(folder, "policy.fplb"), fileOf(refundPolicy(100), 7, key));
  const built = mkdtempSync(join(root, "node_modules", ".snippets-"));
  onTestFinished(() => rmSync(built, { recursive: true, force: true }));
  for (const [index, text] of snippets.entries()) {
    const source = join(built, `${index}.ts`);
    const library = JSON.stringify(join(root, "hosts/node/index.ts"));
    writeFileSync(source, `${text.replace('"faramesh"', library)}\n${CALLED[index] ?? ""}`);
    const run = [join(root, "cli/run.mjs"), source];
    const { stdout, stderr, status } = spawnSync(process.execPath, run, { cwd: folder, encoding: "utf8" });
    expect(stdout + stderr, `snippet ${index}`).toBe(PRINTED[index]);
    expect(status).toBe(0);
  }
});
