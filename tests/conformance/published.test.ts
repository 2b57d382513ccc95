/** The published corpus: current, the same result from every way to run it here, and no change of it goes unnoticed. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { TRUST_REFUSALS } from "../../bundles/trust/index.ts";
import { CODES, type Core, instantiate } from "../../engine/binding/index.ts";
import { HOST_CODES } from "../vectors/vectors.ts";
import { CORE_FILE } from "./core.ts";
import { FORMS, lineOf } from "./corpus/line-form.ts";
import { bytesOf, type Line } from "./corpus/lines.ts";
import { makeCorpus } from "./corpus/make.ts";
import type { Opened, Opening } from "./corpus/player.ts";
import { runCorpus } from "./corpus/run.ts";
import { signedFile, TRUST_TEXT, VALID_MS } from "./corpus/signing.ts";
import { CorpusWriter } from "./corpus/writer.ts";
import { CORPUS_FILE, disagreement, headerOf } from "./host.ts";
import node from "./hosts/node.ts";
import nodePlain from "./hosts/node-plain.ts";
import { compiled } from "./policy.ts";

const CORPUS = readFileSync(CORPUS_FILE, "utf8");
const README = readFileSync(new URL("corpus/README.md", import.meta.url), "utf8");
const LINES = CORPUS.trimEnd().split("\n").map(lineOf);

const LEAST_DECISIONS = 2_000;
/** Of key files and of signing, which no opening meets. */
const NOT_OPENING = ["key_malformed", "key_unknown_field", "key_mismatch", "signature_already_present"];

const openCore = (): Promise<Core> => instantiate(new Uint8Array(readFileSync(CORE_FILE)));

describe("the corpus", () => {
  test("is what its writer writes", async () => {
    const made = (await makeCorpus()).split("\n");
    const lines = CORPUS.split("\n");
    const first = made.findIndex((line, index) => line !== lines[index]);
    expect(made[first]?.slice(0, 500), "write it anew: tests/conformance/corpus/README.md").toBe(
      lines[first]?.slice(0, 500),
    );
    expect(made.length).toBe(lines.length);
  });

  test.each([node, nodePlain])("gives its result on $name", async (host) => {
    const report = await host.run();
    if ("skipped" in report) throw new Error(report.skipped);
    expect(disagreement(report, headerOf(CORPUS))).toBeNull();
  });

  test("holds every refusal and every code that a core gives", () => {
    const found = new Set(
      LINES.flatMap((line) =>
        "code" in line ? [line.code] : "expect" in line ? [line.expect, line.coreCode] : [],
      ),
    );
    const core = CODES.map(({ name }) => name).filter((code) => !HOST_CODES.includes(code));
    const files = Object.keys(TRUST_REFUSALS).filter((code) => !NOT_OPENING.includes(code));
    const loads = ["magic", "version", "length", "section", "string", "reference", "code", "dfa"];
    const wanted = [...core, "no_policy", "bundle_refused", ...files, ...loads.map((name) => `bad_${name}`)];
    expect(wanted.filter((code) => !found.has(code))).toEqual([]);
    expect(headerOf(CORPUS).decisions).toBeGreaterThanOrEqual(LEAST_DECISIONS);
  });
});

/** A corpus of a few lines. */
async function small(): Promise<string> {
  const writer = new CorpusWriter(await openCore());
  const { bundle } = compiled('agent "a" { rules { permit pay when amount <= 500 } }');
  const opening = { title: "small", file: signedFile(bundle), trust: TRUST_TEXT, nowMs: VALID_MS };
  writer.open(opening);
  for (const amount of [1, 501, 2]) {
    const text = new TextEncoder().encode(`{"agent":"a","args":{"amount":${amount}},"tool":"pay"}`);
    writer.call({ kind: "decide", text, state: null });
  }
  writer.open({ ...opening, title: "late", nowMs: VALID_MS * 2, expect: "key_expired" });
  const refused = { expect: "bundle_refused", coreCode: "bad_length" };
  writer.open({ ...opening, title: "no bytes", file: signedFile(new Uint8Array()), ...refused });
  return writer.finish();
}

/** Lines from 1: header, bundle, trust, open, three decisions, open, bundle, open. */
const DECISION = 6;

async function changed(line: number, change: (line: Record<string, unknown>) => void): Promise<string> {
  const lines = (await small()).split("\n");
  const fields = JSON.parse(lines[line - 1]!);
  change(fields);
  lines[line - 1] = JSON.stringify(fields);
  return lines.join("\n");
}

describe("a difference is found, with its place", () => {
  test("none of what was not changed", async () => {
    expect((await runCorpus({ openCore }, await small())).difference).toBeNull();
  });

  test.each<[string, number, Record<string, unknown>, string]>([
    ["a code", DECISION, { code: "rule_permit" }, "code"],
    ["a hash", DECISION, { hash: "0".repeat(16) }, "hash"],
    ["an action", DECISION, { text: '{"agent":"a","args":{"amount":502},"tool":"pay"}' }, "hash"],
    ["a refusal", 8, { expect: "unsigned" }, "expect"],
    ["a refusal by the core", 10, { coreCode: "bad_magic" }, "coreCode"],
    ["a refusal by the core, without its code", 10, { coreCode: undefined }, "coreCode"],
    ["a code of the core where it was not asked", 8, { coreCode: "bad_magic" }, "coreCode"],
    ["a time", 8, { now: VALID_MS }, "expect"],
    ["an unknown kind", DECISION, { kind: "decision" }, "failure"],
    ["an unknown field", DECISION, { also: 1 }, "failure"],
    ["the count of decisions", 1, { decisions: 4 }, "decisions"],
    ["the core", 1, { core: "0".repeat(64) }, "core"],
    ["the result", 1, { result: "0".repeat(64) }, "result"],
  ])("%s", async (_, line, fields, what) => {
    const text = await changed(line, (one) => Object.assign(one, fields));
    expect((await runCorpus({ openCore }, text)).difference).toMatchObject({ line, what });
  });

  test.each(["record", "verdict"] as const)(
    "one byte of a %s, under the hash that is expected",
    async (part) => {
      const openOther = async (): Promise<Core> => {
        const core = await openCore();
        const decide = core.decideRecorded.bind(core);
        core.decideRecorded = (...given) => {
          const made = decide(...given);
          if (part === "verdict") return { ...made, verdict: { ...made.verdict, reason: "x" } };
          const record = made.record.slice();
          record[10] = record[10]! ^ 1;
          return { ...made, record };
        };
        return core;
      };
      const { difference } = await runCorpus({ openCore: openOther }, await small());
      expect(difference).toMatchObject({ line: 1, what: "result" });
    },
  );

  test.each<[string, Opened, string]>([
    ["of its own", { code: "bad_length", coreCode: null }, "expect"],
    ["and another of the core", { code: "bundle_refused", coreCode: "bad_magic" }, "coreCode"],
    ["and none of the core", { code: "bundle_refused", coreCode: null }, "coreCode"],
    ["of acceptance", { code: "ok", coreCode: null }, "expect"],
  ])("a host with a code %s", async (_, opened, what) => {
    const core = { code: "bundle_refused", coreCode: "bad_length" };
    const open = async ({ nowMs }: Opening): Promise<Opened | null> => (nowMs === VALID_MS ? opened : null);
    const { difference } = await runCorpus({ openCore, open }, await small());
    expect(difference).toMatchObject({
      line: 10,
      what,
      expected: what === "expect" ? core.code : core.coreCode,
    });
  });

  test("a corpus without its first line", async () => {
    const text = (await small()).split("\n").slice(1).join("\n");
    expect((await runCorpus({ openCore }, text)).difference).toMatchObject({ what: "failure" });
  });
});

describe("the page that publishes it", () => {
  const sample = /```jsonl\n([\s\S]*?)```/.exec(README)![1]!;

  test("has a sample of lines, each as it says, with their result", async () => {
    const outcome = await runCorpus({ openCore }, sample);
    // Its one fault is that it has no header.
    expect(outcome.difference).toMatchObject({ expected: "a header" });
    expect(README).toContain(`\`${outcome.result}\``);
    const folded = sample.split("\n").map((json) => (json === "" ? null : lineOf(json)));
    const texts = folded.flatMap((line: Line | null) =>
      line !== null && "text" in line ? [bytesOf(line.text, undefined)?.length] : [],
    );
    expect(texts).toContain(70_000);
  });

  test("names every kind and every field", () => {
    const rows = README.split("\n").filter((row) => row.startsWith("| "));
    const kinds = rows.flatMap((row) => /^\| `(\w+)`/.exec(row)?.[1] ?? []);
    expect(kinds).toEqual(Object.keys(FORMS));
    const fields = new Set(
      Object.values(FORMS).flatMap((form) => Object.keys({ ...form.needed, ...form.optional })),
    );
    const named = new Set(rows.flatMap((row) => [...row.matchAll(/`(\w+)`/g)].map(([, name]) => name)));
    expect([...fields].filter((name) => !named.has(name))).toEqual([]);
  });
});
