/** The Go host: its files are current, its own tests pass, and it refuses what the library in TypeScript refuses. */
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { printTrustFile } from "../../bundles/trust/index.ts";
import { ROOT, snippets } from "../docs/pages.ts";
import { files } from "./go/files.ts";
import { mutations } from "./go/mutations.ts";
import { embedCore, GO_FOLDER, run, whyNot } from "./go/toolchain.ts";
import { fileOf, keyOf, trustIn } from "./policies.ts";

const TIME_LIMIT_MS = 900_000;
const PAGE = "docs/core/go.md";

describe("files made from the code in TypeScript", () => {
  test.each([...files()])("%s is current", (path, bytes) => {
    const found = readFileSync(join(ROOT, path));
    expect(found.equals(bytes), "write it: `node cli/run.mjs tests/hosts/go/write.ts`").toBe(true);
  });
});

const reason = whyNot();
const required = process.env.CI === "true";

function succeeds(command: string, ...args: string[]): void {
  const { status, text } = run(command, args);
  expect(status, `${command} ${args.join(" ")}\n${text}`).toBe(0);
}

describe.skipIf(reason !== null && !required)(
  `with Go${reason === null ? "" : ` (skipped: ${reason})`}`,
  { timeout: TIME_LIMIT_MS },
  () => {
    beforeAll(() => {
      if (reason !== null) throw new Error(reason);
      const { status, text } = embedCore();
      if (status !== 0) throw new Error(text);
    }, TIME_LIMIT_MS);

    test("the sources are formatted", () => {
      expect(run("gofmt", ["-l", "."]).text).toBe("");
    });

    test("go vet", () => succeeds("go", "vet", "./..."));

    test("go test", () => succeeds("go", "test", "./..."));

    test("go test with fuzzing", () =>
      succeeds("go", "test", "-run=^$", "-fuzz=FuzzDocuments", "-fuzztime=2000x", "./internal/trust"));

    test("refuses changed files as bundles/load.ts does", () => {
      const { corpus, codes } = mutations(20261128, 2_000);
      expect([...codes.keys()].length, JSON.stringify([...codes])).toBeGreaterThan(12);
      expectSame(corpus);
    });

    test("the page's program compiles and prints what the page shows", runPage);
  },
);

/** The header of a corpus without decisions names no core, so it is put in. */
function expectSame(corpus: string): void {
  const folder = temporaryFolder();
  const wasm = readFileSync(join(ROOT, "engine/dist/core.wasm"));
  const core = createHash("sha256").update(wasm).digest("hex");
  writeFileSync(join(folder, "corpus.jsonl"), corpus.replace('"core":""', `"core":"${core}"`));
  succeeds("go", "run", "./cmd/conformance", join(folder, "corpus.jsonl"));
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "faramesh-go-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** In a module of its own that takes the host from the checkout, with a policy that is signed now. */
function runPage(): void {
  const all = snippets(PAGE);
  const programs = all.filter(({ language }) => language === "go");
  const policy = all.find(({ language }) => language === "fpl")!;
  const shown = all.filter(({ language }) => language === "text");
  expect(programs.length).toBe(shown.length);
  const key = keyOf(1);
  const trust = trustIn(key);
  Object.assign(trust.keys[0]!, { notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 6_000_000 });
  const folder = temporaryFolder();
  writeFileSync(join(folder, "trust.json"), printTrustFile(trust));
  writeFileSync(join(folder, "policy.fplb"), fileOf(policy.text, 7, key));
  const requires = readFileSync(join(GO_FOLDER, "go.mod"), "utf8").replace(/^module .*$/m, "module example");
  const own = `\nrequire faramesh.dev/go v0.0.0\n\nreplace faramesh.dev/go => ${GO_FOLDER}\n`;
  writeFileSync(join(folder, "go.mod"), requires.replaceAll(/\)$/gm, ")\n") + own);
  copyFileSync(join(GO_FOLDER, "go.sum"), join(folder, "go.sum"));
  for (const [index, { text }] of programs.entries()) {
    const name = `program${index}`;
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, "main.go"), text);
    const { status, text: printed } = run("go", ["run", `./${name}`], folder);
    expect(printed, `${PAGE}, program ${index}`).toBe(shown[index]!.text);
    expect(status).toBe(0);
  }
}
