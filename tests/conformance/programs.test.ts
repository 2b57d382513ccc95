/** The runtimes that npm installs are found, whether or not their install scripts have moved the program. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { programOf, ROOT } from "./host.ts";

const { devDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

test.each([
  ["deno", ["deno", "deno.exe"]],
  ["bun", ["bin/bun", "bin/bun.exe"]],
])("%s", (name, places) => {
  const program = programOf(name, places);
  expect(program).not.toBeNull();
  const { stdout } = spawnSync(program!, ["--version"], { encoding: "utf8" });
  expect(stdout).toContain(devDependencies[name]);
});

test("what is not installed is not found", () => expect(programOf("no-such-package", ["bin"])).toBeNull());
