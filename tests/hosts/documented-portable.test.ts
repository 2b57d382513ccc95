/** The pages of Deno and the browser, run as they stand, on the package as it is published. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build, transformSync } from "esbuild";
import { describe, expect, onTestFinished, test } from "vitest";
import { printTrustFile } from "../../bundles/trust/index.ts";
import { CHROMIUM, openSite, pageOf } from "../conformance/chromium.ts";
import { programOf } from "../conformance/host.ts";
import { type Snippet, snippets } from "../docs/pages.ts";
import { projectOf } from "./packed.ts";
import { fileOf, keyOf, trustIn } from "./policies.ts";

const PROGRAMS: Record<string, string | null> = {
  deno: programOf("deno", ["deno", "deno.exe"]),
  bun: programOf("bun", ["bin/bun", "bin/bun.exe"]),
};

/** The page's files, with its policy built and signed by a key that is valid now. */
function filesOf(all: readonly Snippet[]): Record<string, Uint8Array | string> {
  const named = all.filter(({ tags }) => tags[0]?.includes("."));
  const policy = named.find(({ tags }) => tags[0] === "policy.fpl")!;
  const key = keyOf(1);
  const trust = trustIn(key);
  Object.assign(trust.keys[0]!, { notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 600_000 });
  return {
    ...Object.fromEntries(named.map(({ tags, text }) => [tags[0]!, text])),
    "policy.fplb": fileOf(policy.text, 7, key),
    "trust.json": printTrustFile(trust),
  };
}

describe("docs/core/deno.md", () => {
  const all = snippets("docs/core/deno.md");
  const commands = all
    .filter(({ language }) => language === "sh")
    .flatMap(({ text }) => text.trim().split("\n"));
  const PRINTED = ["permit rule_permit", "sequence 7\ndefault_deny", "permit 0"];

  test("shows as many commands as are run here", () => expect(commands.length).toBe(PRINTED.length));

  test.each(commands.map((command, index) => [command, PRINTED[index]!]))("%s", (command, printed) => {
    const [name, ...args] = command.split(" ");
    const program = PROGRAMS[name!];
    if (!program) throw new Error(`there is no ${name} here`);
    const folder = projectOf(filesOf(all), name === "bun");
    expect(execFileSync(program, args, { cwd: folder, encoding: "utf8" }).trim()).toBe(printed);
  });

  test("type-checks by Deno itself", () => {
    const folder = projectOf(filesOf(all), false);
    const checked = ["check", "main.ts", "follow.ts"];
    expect(execFileSync(PROGRAMS.deno!, checked, { cwd: folder, encoding: "utf8" })).toBe("");
  });
});

describe.skipIf(CHROMIUM === null)("docs/core/browser.md", () => {
  const all = snippets("docs/core/browser.md");

  test("its pages say what the text says, under its content security policy", async () => {
    const files = filesOf(all);
    const folder = projectOf(files, false);
    const dist = join(folder, "node_modules/faramesh/hosts/browser/dist");
    const [core, library] = ["core.wasm", "index.mjs"].map((name) => readFileSync(join(dist, name)));
    for (const name of ["main", "follow"]) {
      const bundle = { bundle: true, format: "esm", outfile: `site/${name}.mjs` } as const;
      await build({ ...bundle, entryPoints: [`${name}.ts`], absWorkingDir: folder, logLevel: "error" });
    }
    const site = await openSite(
      new Map<string, Uint8Array | string>([
        ...Object.entries(files),
        ["start.mjs", transformSync(files["start.mjs"] as string, { loader: "ts" }).code],
        ["faramesh/index.mjs", library!],
        ["faramesh/core.wasm", core!],
        ["core.wasm", core!],
        ["main.html", pageOf("main.mjs")],
        ["main.mjs", readFileSync(join(folder, "site/main.mjs"))],
        ["follow.html", pageOf("follow.mjs")],
        ["follow.mjs", readFileSync(join(folder, "site/follow.mjs"))],
      ]),
    );
    onTestFinished(() => site.close());
    expect(await site.hear("main.html")).toBe("permit rule_permit");
    expect(await site.hear("index.html")).toBe("default_deny");
    expect(await site.hear("follow.html")).toMatch(/^7 no rule applies/);
    const served = (await fetch(`${site.address}index.html`)).headers.get("content-security-policy");
    expect(all.find(({ language }) => language === "text")?.text).toBe(
      `content-security-policy: ${served}\n`,
    );
  });
});
