/** The component of engine/wit: what it is, and that it decides as the core does, under jco and in Wasmtime. */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { encodeContainer } from "../../bundles/container.ts";
import { type Core, instantiate } from "../../engine/binding/index.ts";
import { MAX_INPUT_BYTES } from "../../engine/constants.ts";
import { compileSources } from "../../examples/compiled.ts";
import type { ComponentCore } from "../../hosts/component/core.ts";
import { openComponent } from "../../hosts/component/node.ts";
import { CORE_FILE } from "../conformance/core.ts";
import { compiled } from "../conformance/policy.ts";
import { ROOT, snippets } from "../docs/pages.ts";

const FILE = join(ROOT, "engine/dist/faramesh.component.wasm");
const FOLDER = join(ROOT, "engine/dist/component");
const PYTHON = process.env.PYTHON ?? "python3";
const IS_CI = process.env.CI === "true";
/** Nested components, types and exports: design/mvp/Binary.md of the component model. */
const TYPED_SECTIONS = [4, 7, 11];
const CORPUS_TIMEOUT_MS = 600_000;

const hasTools = existsSync(join(ROOT, "engine/wit/node_modules/@bytecodealliance/jco-transpile"));
const hasWasmtime = spawnSync(PYTHON, ["-c", "import wasmtime.component"]).status === 0;

/** In CI both must be there: what is skipped is counted as failed. */
const withoutTools = !hasTools && !IS_CI;
const withoutWasmtime = withoutTools || (!hasWasmtime && !IS_CI);

const POLICY = `
agent shop {
  default deny
  rules {
    permit orders/refund when args.amount <= 100
    defer orders/refund when args.amount <= 500 reason: "ask \\"a\\" person"
  }
}
`;
const bundle = compiled(POLICY).bundle;
const refund = (amount: number): string =>
  `{"agent":"shop","tool":"orders/refund","args":{"amount":${amount}}}`;
const PLACE = { sequence: 7, previous: new Uint8Array(32).fill(3) };

const run = (command: string, words: string[], cwd = ROOT) =>
  spawnSync(command, words, { cwd, encoding: "utf8", maxBuffer: 1 << 24 });

function corpus(host: string): Record<string, unknown> {
  const { stdout, stderr } = run(process.execPath, ["cli/run.mjs", `tests/conformance/entries/${host}.ts`]);
  expect(stderr).toBe("");
  return JSON.parse(stdout) as Record<string, unknown>;
}

const header = (): Record<string, unknown> =>
  JSON.parse(readFileSync(join(ROOT, "tests/conformance/corpus/corpus.jsonl"), "utf8").split("\n", 1)[0]!);

const sums = ({ core, result, decisions, refusals }: Record<string, unknown>) => ({
  core,
  result,
  decisions,
  refusals,
});

describe.skipIf(withoutTools)("the component (skipped without the tools: npm run component)", () => {
  let core: Core;
  let component: ComponentCore;

  beforeAll(async () => {
    const built = run(process.execPath, ["engine/wit/component.mjs"]);
    expect(built.stderr).toBe("");
    core = await instantiate(new Uint8Array(readFileSync(CORE_FILE)));
    component = await openComponent(FOLDER);
    core.load(bundle, { signed: true });
    component.load(bundle, { signed: true });
  }, CORPUS_TIMEOUT_MS);

  it("holds the core byte for byte, and an adapter that imports nothing else", async () => {
    const { modulesOf } = await import("../../engine/wit/compose.mjs");
    const [first, adapter, ...more] = modulesOf(new Uint8Array(readFileSync(FILE)));
    expect(Buffer.from(first!).equals(readFileSync(CORE_FILE))).toBe(true);
    expect(more).toEqual([]);
    const { imports: importsOf } = WebAssembly.Module as unknown as {
      imports(module: WebAssembly.Module): { module: string; name: string; kind: string }[];
    };
    const imports = importsOf(new WebAssembly.Module(new Uint8Array(adapter!)));
    expect(new Set(imports.map(({ module }) => module))).toEqual(new Set(["core", "env"]));
    expect(imports.filter(({ kind }) => kind !== "function").map(({ name }) => name)).toEqual(["memory"]);
    expect(Buffer.from(component.engineDigest)).toEqual(Buffer.from(core.engineDigest));
  });

  it("has the types and exports of the .wit", async () => {
    const script = `
      import { readFileSync } from "node:fs";
      import { componentEmbed, componentNew } from "@bytecodealliance/jco-transpile/wasm-tools";
      const witSource = readFileSync("faramesh.wit", "utf8");
      const empty = await componentEmbed({ dummy: true, witSource, worldName: "engine" });
      process.stdout.write(Buffer.from(await componentNew(empty, [])).toString("base64"));`;
    const { stdout } = run(process.execPath, ["--input-type=module", "-e", script], join(ROOT, "engine/wit"));
    const { sectionsOf } = await import("../../engine/wit/compose.mjs");
    const typesOf = (component: Uint8Array): string[] =>
      sectionsOf(component)
        .filter(({ id }) => TYPED_SECTIONS.includes(id))
        .map(({ id, contents }) => `${id} ${Buffer.from(contents).toString("latin1")}`);
    const expected = typesOf(new Uint8Array(Buffer.from(stdout, "base64")));
    expect(expected.join()).toContain("decide-recorded");
    expect(typesOf(new Uint8Array(readFileSync(FILE)))).toEqual(expected);
  });

  it("decides and records as the binding does", () => {
    for (const action of [refund(1), refund(200), refund(900), "{", '{"a":"\ud800"}', ""]) {
      expect(component.decide(action)).toEqual(core.decide(action));
      const facts = '{"time":1767225600000}';
      expect(component.decideRecorded(action, facts, PLACE)).toEqual(
        core.decideRecorded(action, facts, PLACE),
      );
      expect(component.applyEvent(action, facts, PLACE)).toEqual(core.applyEvent(action, facts, PLACE));
      expect(component.canonicalize(action)).toEqual(core.canonicalize(action));
    }
    expect(component.decide(refund(200)).reason).toBe('ask "a" person');
  });

  it("refuses what no host should hand over as the binding does", () => {
    const long = `${" ".repeat(MAX_INPUT_BYTES)}{}`;
    const bad: Parameters<Core["decide"]>[] = [
      [long],
      [refund(1), ""],
      [refund(1), long],
      [refund(1), "[]"],
      [refund(1), undefined, [new Uint8Array(7)]],
      [refund(1), undefined, []],
      [refund(1), undefined, [null, null]],
      [refund(1), '{"time":1767225600000}', [new Uint8Array(8), null]],
      [refund(1), '{"time":1767225600000}', [new Uint8Array(1 << 22), null]],
    ];
    for (const [action, facts, state] of bad) {
      expect(component.decide(action, facts, state)).toEqual(core.decide(action, facts, state));
      expect(component.decideRecorded(action, facts, PLACE, state)).toEqual(
        core.decideRecorded(action, facts, PLACE, state),
      );
    }
    const short = { sequence: 0, previous: new Uint8Array(31) };
    expect(() => component.decideRecorded(refund(1), undefined, short)).toThrow(RangeError);
    const late = { sequence: 2 ** 53, previous: new Uint8Array(32) };
    expect(() => component.decideRecorded(refund(1), undefined, late)).toThrow(RangeError);
  });

  it("holds nothing after a refused bundle, and takes larger and smaller ones in turn", async () => {
    const other = await openComponent(FOLDER);
    const rules = (count: number): string =>
      Array.from({ length: count }, (_, index) => `permit tool/t${index} when args.a == "v${index}"`).join(
        "\n",
      );
    for (const count of [1, 4_000, 2, 8_000, 1, 0]) {
      const large = compiled(`agent shop {\n default deny\n rules {\n${rules(count)}\n} }`).bundle;
      expect(other.load(large, { signed: false })).toEqual(core.load(large, { signed: false }));
      const last = `{"agent":"shop","tool":"tool/t${count - 1}","args":{"a":"v${count - 1}"}}`;
      expect(other.decide(last)).toEqual(core.decide(last));
      const cut = large.slice(0, -1);
      expect(other.load(cut, { signed: false })).toMatchObject({ ok: false, code: "bad_length" });
      expect(other.decide(last).code).toBe("no_policy");
    }
    core.load(bundle, { signed: true });
  });

  it("a trap is a deny on record, and the next call has the policy again", () => {
    // More than the memory may ever hold: the adapter's allocation traps.
    const state = [new Uint8Array(2 ** 30), null];
    expect(component.decide(refund(1), undefined, state)).toMatchObject({
      effect: "deny",
      code: "engine_trap",
    });
    expect(component.decide(refund(1)).effect).toBe("permit");
    for (const [call, event] of [
      ["decideRecorded", refund(1)],
      ["applyEvent", "{}"],
    ] as const) {
      const recorded = component[call](event, undefined, PLACE, state);
      expect(recorded).toEqual(core.refuse(call, "engine_trap", event, undefined, PLACE));
      expect(component.decide(refund(1)).effect).toBe("permit");
    }
  });

  it(
    "the corpus under jco",
    () => {
      expect(sums(corpus("component-jco"))).toEqual(sums(header()));
    },
    CORPUS_TIMEOUT_MS,
  );

  it("the start of the page, in JavaScript", () => {
    checkStart("js", process.execPath, "start.mjs");
  });

  describe.skipIf(withoutWasmtime)("in Wasmtime (skipped without the Python package wasmtime)", () => {
    it(
      "the corpus",
      () => {
        expect(sums(corpus("wasmtime"))).toEqual(sums(header()));
      },
      CORPUS_TIMEOUT_MS,
    );

    it("a trap is a deny, and the next call is decided", () => {
      const { stdout } = run(PYTHON, ["tests/conformance/entries/wasmtime_trap.py", FILE]);
      expect(stdout).toBe(
        "decide deny engine_trap deny no_policy\nrecorded deny engine_trap deny no_policy\n",
      );
    });

    it("the start of the page, in Python", () => {
      checkStart("python", PYTHON, "start.py");
    });
  });
});

/** Runs the page's snippet beside its policy; the page shows what comes out. */
function checkStart(language: string, command: string, name: string): void {
  const all = snippets("docs/core/component.md");
  const textOf = (of: string): string => all.find((snippet) => snippet.language === of)!.text;
  const folder = mkdtempSync(join(tmpdir(), "component-start-"));
  try {
    cpSync(FOLDER, join(folder, "component"), { recursive: true });
    cpSync(FILE, join(folder, "faramesh.component.wasm"));
    const built = compileSources([{ name: "policy.fpl", text: textOf("fpl") }]).bundle!;
    writeFileSync(join(folder, "policy.fplb"), encodeContainer({ bundle: built, envelope: null }));
    writeFileSync(join(folder, name), textOf(language));
    const { stdout, stderr } = run(command, [name], folder);
    expect(stderr).toBe("");
    expect(stdout).toBe(textOf("text"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
