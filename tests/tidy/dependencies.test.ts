/** Dependencies: exact versions, and one reason each in the README. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { root } from "./sources.ts";

const tools = JSON.parse(readFileSync(new URL("engine/wit/package.json", root), "utf8")) as {
  devDependencies: Record<string, string>;
};
const manifest = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
};

describe("dependencies", () => {
  it("are pinned to exact versions", () => {
    const all = { ...manifest.dependencies, ...manifest.devDependencies, ...tools.devDependencies };
    expect(Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  it("of the runtime have a reason in the README, of development in docs/HACKING.md", () => {
    const readme = readFileSync(new URL("README.md", root), "utf8");
    const hacking = readFileSync(new URL("docs/HACKING.md", root), "utf8");
    expect(Object.keys(manifest.dependencies).filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
    expect(
      Object.keys({ ...manifest.devDependencies, ...tools.devDependencies }).filter(
        (name) => !hacking.includes(`\`${name}\``),
      ),
    ).toEqual([]);
  });
});
