/** The package as its users import it: built, by its name, in a process of its own. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

it("is imported by name, and refuses what is no bundle with a code", () => {
  const script = `
    import { openPolicy, PolicyRefused } from "faramesh";
    const source = new TextEncoder().encode("no bundle");
    const outcome = await openPolicy(source, { insecure: true }).catch((error) => error);
    console.log(outcome instanceof PolicyRefused, typeof outcome.code, outcome.message.length > 0);
  `;
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
    cwd: root,
    encoding: "utf8",
  });
  expect(output.trim()).toBe("true string true");
});

it("ships what it needs to run and no sources of the compiler's tests", () => {
  const output = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    cwd: root,
    encoding: "utf8",
  });
  const [pack] = JSON.parse(output) as [{ files: { path: string }[] }];
  const paths = pack.files.map((file) => file.path);
  for (const needed of [
    "package.json",
    "README.md",
    "LICENSE",
    "engine/dist/core.wasm",
    "hosts/node/dist/index.mjs",
    "hosts/node/dist/types/hosts/node/index.d.ts",
    "hosts/workers/dist/index.mjs",
    "hosts/workers/dist/core.wasm",
    "hosts/workers/dist/types/hosts/workers/index.d.ts",
    "cli/faramesh.mjs",
    "cli/dist/faramesh.mjs",
    "bundles/packs/coding-agent/policy.fpl",
  ]) {
    expect(paths).toContain(needed);
  }
  expect(paths.filter((path) => path.startsWith("tests/") || path.startsWith("bench/"))).toEqual([]);
});
