import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { snippets } from "../docs/pages.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

it("the first run goes from a policy's text to verified records", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, "examples", "first-run.mjs")], {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  expect(stderr).toBe("");
  expect(status).toBe(0);
  const shown = snippets("README.md").find(({ language }) => language === "text");
  expect(shown?.text).toContain("14 calls: 7 permit, 2 defer, 5 deny");
  expect(stdout).toContain(shown!.text);
  expect(stdout).toMatch(/\n1 +✓ permit +stripe\/refund .*\n\n1 call: 1 permit/);
  expect(stdout).toContain("$664.90 of $700");
  expect(stdout).toContain("17 records, the chain holds");
  expect(stdout).toContain("17 records, 15 decided again to the same bytes, 2 events among them");
  expect(stdout).toMatch(/signed by release, sequence 1/);
  const folder = join(ROOT, "examples", "dist", "plane", "records");
  const records = readFileSync(join(folder, "0000000000000000.jsonl"), "utf8").trimEnd().split("\n");
  expect(records.length).toBe(17);
  for (const record of records) expect(record).toContain('"signed":true');
  // Line 3 looks a customer up: the address is recorded as a commitment only.
  expect(records[3]).toContain('"args":{"email":{"redacted":"');
  expect(records[3]).not.toContain("ada@example.com");
});
