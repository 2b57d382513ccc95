/** The package as its users have it: what is in it, and each of its entries, by its name. */
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { describe, expect, onTestFinished, test } from "vitest";
import { CHROMIUM, openSite, pageOf } from "../conformance/chromium.ts";
import { programOf, ROOT } from "../conformance/host.ts";
import { projectOf } from "./packed.ts";
import { fileOf, refundPolicy } from "./policies.ts";

const DENO = programOf("deno", ["deno", "deno.exe"]);
const BUN = programOf("bun", ["bin/bun", "bin/bun.exe"]);

const FILES = { "policy.fplb": fileOf(refundPolicy(100), 1) };
const mainOf = (entry: string): string => `
import { openPolicy, PolicyRefused } from "${entry}";
const policy = await openPolicy("policy.fplb", { insecure: true });
const outcome = await openPolicy(new TextEncoder().encode("no bundle"), { insecure: true }).catch((error) => error);
console.log(policy.decide({ agent: "shop", tool: "orders/get", args: {} }).code, outcome instanceof PolicyRefused, outcome.code);
`;
const PRINTED = "rule_permit true container_bad_magic";

/** Without colours: Deno takes FORCE_COLOR for a wish whatever its value. */
const PLAIN = { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined };
const ran = (program: string, args: string[], cwd: string): string =>
  execFileSync(program, args, { cwd, encoding: "utf8", env: PLAIN }).trim();

const MODULES = [
  "LICENSE",
  "README.md",
  "cli/dist/faramesh.mjs",
  "cli/faramesh.mjs",
  "engine/dist/codes.mjs",
  "engine/dist/core.wasm",
  "hosts/browser/dist/core.wasm",
  "hosts/browser/dist/index.mjs",
  "hosts/deno/dist/index.mjs",
  "hosts/node/dist/checkpoints.mjs",
  "hosts/node/dist/index.mjs",
  "hosts/workers/dist/core.wasm",
  "hosts/workers/dist/index.mjs",
  "package.json",
];
const TYPES = "hosts/dist/types/";

test("holds its modules, the declarations of what there is, the packs, and nothing else", () => {
  const output = ran("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], ROOT);
  const [pack] = JSON.parse(output) as [{ files: { path: string }[] }];
  const paths = pack.files.map(({ path }) => path);
  const packs = readdirSync(join(ROOT, "bundles/packs"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(ROOT.length));
  const declarations = paths.filter((path) => path.startsWith(TYPES));
  expect(paths.filter((path) => !declarations.includes(path)).sort()).toEqual([...MODULES, ...packs].sort());
  expect(declarations.length).toBeGreaterThan(50);
  // One that is left from a source which is gone: remove hosts/dist and build.
  const left = declarations.filter(
    (path) => !existsSync(join(ROOT, path.slice(TYPES.length).replace(/\.d\.ts$/, ".ts"))),
  );
  expect(left).toEqual([]);
  for (const path of paths.filter((one) => one.endsWith(".mjs"))) {
    expect(readFileSync(join(ROOT, path), "utf8").includes("sourceMappingURL"), path).toBe(false);
  }
});

test("weighs no more than its limits", () => {
  const sizes = ran(process.execPath, [join(ROOT, "hosts/sizes.mjs")], ROOT);
  expect(sizes.split("\n").map((line) => line.split(" ")[0])).toEqual([
    "entry",
    "core",
    "faramesh/browser",
    "faramesh/deno",
    "faramesh",
    "faramesh/codes",
  ]);
});

test("faramesh, in Node and Bun", () => {
  const folder = projectOf({ ...FILES, "main.mjs": mainOf("faramesh") }, true);
  expect(ran(process.execPath, ["main.mjs"], folder)).toBe(PRINTED);
  if (BUN !== null) expect(ran(BUN, ["main.mjs"], folder)).toBe(PRINTED);
});

test("faramesh/codes, without any other package", () => {
  const text = `import { CODES, codeNamed } from "faramesh/codes"; console.log(CODES.length > 90, codeNamed("no_policy").effect);`;
  const folder = projectOf({ "main.mjs": text }, false);
  expect(ran(process.execPath, ["main.mjs"], folder)).toBe("true deny");
});

test.skipIf(DENO === null)("faramesh/deno, without any other package", () => {
  const folder = projectOf({ ...FILES, "main.ts": mainOf("faramesh/deno") }, false);
  const read = "--allow-read=policy.fplb,node_modules/faramesh/engine/dist/core.wasm";
  expect(ran(DENO!, ["run", "--no-prompt", read, "main.ts"], folder)).toBe(PRINTED);
});

describe.skipIf(CHROMIUM === null)("faramesh/browser, without any other package", () => {
  const project = (): string =>
    projectOf({ "main.mjs": mainOf("faramesh/browser"), "index.html": pageOf("./main.mjs") }, false);

  async function said(built: string): Promise<string> {
    const names = readdirSync(built, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name));
    const site = await openSite(
      new Map<string, Uint8Array | string>([
        ...Object.entries(FILES),
        ...names.map((name) => [name.slice(built.length + 1), readFileSync(name)] as const),
      ]),
    );
    onTestFinished(() => site.close());
    return site.hear("index.html");
  }

  test("bundled by esbuild, with the core copied", async () => {
    const folder = project();
    const bundle = { bundle: true, format: "esm", outfile: "site/main.mjs" } as const;
    await build({ ...bundle, entryPoints: ["main.mjs"], absWorkingDir: folder, logLevel: "error" });
    copyFileSync(join(folder, "index.html"), join(folder, "site/index.html"));
    const core = join(folder, "node_modules/faramesh/hosts/browser/dist/core.wasm");
    copyFileSync(core, join(folder, "site/core.wasm"));
    expect(await said(join(folder, "site"))).toBe(PRINTED);
  });

  test("bundled by Vite, which brings the core along", async () => {
    const folder = project();
    // The one that the test runner is built on.
    const vite = createRequire(createRequire(import.meta.url).resolve("vitest/package.json")).resolve("vite");
    const bundler = (await import(pathToFileURL(vite).href)) as {
      build(options: object): Promise<unknown>;
    };
    await bundler.build({
      root: folder,
      configFile: false,
      logLevel: "error",
      build: { outDir: "site", target: "es2022" },
    });
    expect(await said(join(folder, "site"))).toBe(PRINTED);
  });
});

test("has types for each entry", () => {
  const folder = projectOf({}, false);
  const uses = ["faramesh", "faramesh/deno", "faramesh/browser"].map(
    (entry, index) => `
import { openPolicy as open${index}, type Verdict as Verdict${index} } from "${entry}";
export const code${index}: Promise<Verdict${index}["code"]> =
  open${index}(new Uint8Array(), { insecure: true }).then((policy) => policy.decide("{}").code);
// @ts-expect-error: neither a trust file nor \`insecure\`
open${index}("policy.fplb", {});
`,
  );
  writeFileSync(
    join(folder, "main.ts"),
    `${uses.join("")}import { CODES } from "faramesh/codes";\nexport const text: string = CODES[0]!.text;\n`,
  );
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: "es2022",
    lib: ["es2023", "dom"],
    module: "nodenext",
    types: [],
    skipLibCheck: true,
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["main.ts"] }));
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  expect(ran(process.execPath, [tsc, "-p", folder], folder)).toBe("");
});
