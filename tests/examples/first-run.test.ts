import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

it("the first run goes from a policy's text to verified records", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, "examples", "first-run.mjs")], {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  expect(stderr).toBe("");
  expect(status).toBe(0);
  expect(stdout).toContain("14 calls: 8 permit, 2 defer, 4 deny");
  expect(stdout).toContain("14 records, the chain holds");
  expect(stdout).toMatch(/signed by release, sequence 1/);
  const records = readFileSync(join(ROOT, "examples", "dist", "decisions.log"), "utf8")
    .trimEnd()
    .split("\n");
  expect(records.length).toBe(14);
  for (const record of records) expect(record).toContain('"signed":true');
  expect(records.join("\n")).not.toContain('ada@example.com"},"call_id"');
});
