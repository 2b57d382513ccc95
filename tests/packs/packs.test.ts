import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { decode } from "../../bundles/format/decode.ts";
import { parseCases } from "../../cli/cases.ts";
import { CaseRun } from "../../cli/run-case.ts";
import { CODES } from "../../engine/binding/codes.ts";
import { compileSources, openBundle } from "../../examples/compiled.ts";
import { format } from "../../fpl-grammar/index.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const NAMES = CODES.map(({ name }) => name);
const LEAST_CASES = 15;

const packs = readdirSync(join(ROOT, "bundles", "packs"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => join("bundles", "packs", name));
const policies = [
  ...packs,
  join("examples", "first-run"),
  join("examples", "agentdojo", "banking"),
  join("examples", "agentdojo", "slack"),
];

it("the packs that the documentation names are there", () => {
  expect(packs.map((pack) => pack.split("/").at(-1))).toEqual([
    "coding-agent",
    "customer-support",
    "infrastructure",
    "mcp-filesystem",
    "mcp-github",
    "payments",
    "research",
  ]);
});

describe.each(policies)("%s", (folder) => {
  const text = readFileSync(join(ROOT, folder, "policy.fpl"), "utf8");
  const source = { name: "policy.fpl", text };
  const { bundle, diagnostics } = compileSources([source]);

  it("compiles without an error or a warning", () => {
    const found = diagnostics.filter(({ severity }) => severity !== "note");
    expect(found.map(({ code, message, span }) => `${span.line}: ${code} ${message}`)).toEqual([]);
    expect(bundle).not.toBeNull();
  });

  it("is in canonical form", () => {
    expect(format(source).text).toBe(text);
  });

  it("gives every case its verdict, and every rule decides at least one", async () => {
    const { cases, errors } = parseCases(readFileSync(join(ROOT, folder, "policy.cases")), NAMES);
    expect(errors).toEqual([]);
    expect(cases.length).toBeGreaterThanOrEqual(LEAST_CASES);
    const core = await openBundle(bundle!);
    const decided = new Set<number>();
    const wrong: string[] = [];
    const tried = { core, ir: decode(bundle!), display: (name: string) => name };
    for (const one of cases) {
      for (const { actual, line, problem } of new CaseRun(tried, one).run(one)) {
        if (actual.rule !== null) decided.add(actual.rule.line);
        if (problem !== "") wrong.push(`${line} ${one.title}: ${problem}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(ruleLines(text).filter((line) => !decided.has(line))).toEqual([]);
  });
});

/** Lines on which a rule begins. */
function ruleLines(text: string): number[] {
  return text
    .split("\n")
    .flatMap((line, index) => (/^\s*(permit|defer|deny!?) [^=]/.test(line) ? [index + 1] : []));
}
