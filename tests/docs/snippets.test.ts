/** Every snippet of the documentation compiles, decides or prints as its page says. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { decode } from "../../bundles/format/decode.ts";
import { parseCases } from "../../cli/cases.ts";
import { CaseRun } from "../../cli/run-case.ts";
import { CODES } from "../../engine/binding/codes.ts";
import { compileSources, openBundle } from "../../examples/compiled.ts";
import { pages, ROOT, type Snippet, snippets } from "./pages.ts";
import { matchesShown, sessions, Workplace } from "./run.ts";

/** Python, Go and JavaScript are run by tests of their hosts. */
const LANGUAGES = [
  "fpl",
  "cases",
  "json",
  "jsonl",
  "console",
  "sh",
  "ts",
  "js",
  "html",
  "python",
  "go",
  "text",
];
const NAMES = CODES.map(({ name }) => name);

const found = pages().map((page) => ({ page, all: snippets(page) }));

describe("the snippets' languages", () => {
  it.each(found)("$page", ({ all }) => {
    const unknown = all.filter(({ language }) => !LANGUAGES.includes(language));
    expect(unknown.map(({ page, line, language }) => `${page}:${line}: \`${language}\``)).toEqual([]);
  });

  it("there are snippets of each checked kind", () => {
    for (const language of LANGUAGES) {
      expect(
        found.flatMap(({ all }) => all).some((snippet) => snippet.language === language),
        language,
      ).toBe(true);
    }
  });
});

describe("policies", () => {
  for (const { page, all } of found) {
    for (const [index, snippet] of all.entries()) {
      if (snippet.language === "fpl") it(`${page}:${snippet.line}`, () => checkPolicy(snippet));
      if (snippet.language === "cases")
        it(`${page}:${snippet.line} cases`, () => checkCases(snippet, all.slice(0, index)));
      if (snippet.language === "json")
        it(`${page}:${snippet.line} json`, () => void JSON.parse(snippet.text));
      if (snippet.language === "jsonl") {
        it(`${page}:${snippet.line} jsonl`, () => {
          for (const line of snippet.text.trimEnd().split("\n")) JSON.parse(line);
        });
      }
    }
  }
});

/** A snippet compiles without a finding, or gives just the one that its tags name. Notes do not count. */
function checkPolicy(snippet: Snippet): void {
  const { diagnostics } = compileSources([{ name: "policy.fpl", text: snippet.text }]);
  const given = diagnostics
    .filter(({ severity }) => severity !== "note")
    .map(({ severity, code }) => [severity, code]);
  const [kind, code] = snippet.tags;
  if (kind === "error") expect(given).toEqual([["error", code]]);
  else if (kind === "warns") expect(given).toEqual([["warning", code]]);
  else expect(given).toEqual([]);
}

/** The cases belong to the policy snippet that stands last before them and compiles. */
async function checkCases(snippet: Snippet, before: Snippet[]): Promise<void> {
  const policy = before.findLast(({ language, tags }) => language === "fpl" && tags[0] !== "error");
  if (policy === undefined) throw new Error("cases without a policy before them");
  const { bundle } = compileSources([{ name: "policy.fpl", text: policy.text }]);
  const core = await openBundle(bundle!);
  const { cases, errors } = parseCases(new TextEncoder().encode(snippet.text), NAMES);
  expect(errors).toEqual([]);
  expect(cases.length).toBeGreaterThan(0);
  const tried = { core, ir: decode(bundle!), display: (name: string) => name };
  for (const one of cases) {
    const problems = new CaseRun(tried, one).run(one).filter(({ problem }) => problem !== "");
    expect(
      problems.map(({ line, problem }) => `${line}: ${problem}`),
      one.title,
    ).toEqual([]);
  }
}

describe("commands", () => {
  for (const { page, all } of found) {
    if (all.some(({ language }) => language === "console" || language === "sh")) it(page, () => runPage(all));
  }

  it("compares output with its wildcards", () => {
    expect(matchesShown(["a", "b", "c"], ["a", "…"])).toBe(true);
    expect(matchesShown(["a 12 c"], ["a … c"])).toBe(true);
    expect(matchesShown(["a", "b"], ["a"])).toBe(false);
    expect(matchesShown(["a"], ["a", "b"])).toBe(false);
    expect(matchesShown(["a.b"], ["axb"])).toBe(false);
  });

  it("refuses a command that it cannot run", () => {
    const place = new Workplace();
    expect(() => place.run("rm x")).toThrow(/may not show/);
    expect(() => place.run("npm run no-such-script")).toThrow(/no script/);
    place.remove();
  });
});

/** Files and commands in the order of the page. `console exit N` says the status of the last command. */
function runPage(all: Snippet[]): void {
  const place = new Workplace();
  try {
    for (const snippet of all) {
      const file = snippet.tags.find((tag) => /\.(fpl|cases|jsonl?|txt)$/.test(tag));
      if (file !== undefined) place.write(file, snippet.text);
      if (snippet.language === "sh") {
        for (const command of snippet.text.trimEnd().split("\n")) {
          const result = place.run(command);
          if (result !== null)
            expect(result.status, `${where(snippet)} \`${command}\`: ${result.lines.join("\n")}`).toBe(0);
        }
      }
      if (snippet.language === "console") runConsole(place, snippet);
    }
  } finally {
    place.remove();
  }
}

function runConsole(place: Workplace, snippet: Snippet): void {
  const all = sessions(snippet.text);
  const last = snippet.tags[0] === "exit" ? Number(snippet.tags[1]) : 0;
  for (const [index, { command, shown }] of all.entries()) {
    const result = place.run(command);
    if (result === null) continue;
    const actual = result.lines.map((line) => line.trimEnd());
    if (!matchesShown(actual, shown)) {
      expect(actual.join("\n"), `${where(snippet)} \`${command}\``).toBe(shown.join("\n"));
    }
    expect(result.status, `${where(snippet)} \`${command}\``).toBe(index === all.length - 1 ? last : 0);
  }
}

function where(snippet: Snippet): string {
  return `${snippet.page}:${snippet.line}`;
}

describe("TypeScript", () => {
  const folder = mkdtempSync(join(ROOT, "node_modules", ".docs-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("type-checks against the library", () => {
    const all = found.flatMap(({ all: one }) => one).filter(({ language }) => language === "ts");
    for (const [index, { page, line, text }] of all.entries()) {
      writeFileSync(join(folder, `snippet${index}.ts`), `// ${page}:${line}\n${text}\nexport {};\n`);
    }
    const settings = {
      extends: join(ROOT, "tsconfig.json"),
      compilerOptions: {
        types: ["node"],
        typeRoots: [join(ROOT, "node_modules", "@types")],
        paths: {
          faramesh: [join(ROOT, "hosts", "node", "index.ts")],
          "faramesh/browser": [join(ROOT, "hosts", "browser", "index.ts")],
          "faramesh/codes": [join(ROOT, "engine", "binding", "codes.ts")],
          "faramesh/deno": [join(ROOT, "hosts", "deno", "index.ts")],
        },
      },
      include: [
        ...all.map((_, index) => `snippet${index}.ts`),
        join(ROOT, "engine", "portable.d.ts"),
        join(ROOT, "engine", "binding", "webassembly.d.ts"),
      ],
      exclude: [],
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(settings));
    const tsc = join(ROOT, "node_modules", ".bin", "tsc");
    const result = spawnSync(tsc, ["-p", folder], { encoding: "utf8" });
    expect(result.stdout).toBe("");
    expect(result.status).toBe(0);
  });
});
