/**
 * `node cli/run.mjs tests/conformance/entries/wasmtime.ts`: the corpus on the component in Wasmtime. Signatures are the host's business: this
 * process opens the files, and hands what is in them to Python, which plays the rest. PYTHON names the interpreter (`python3`).
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "../../../bundles/load.ts";
import { toBase64 } from "../../../bundles/trust/bytes.ts";
import { parseTrustFile } from "../../../bundles/trust/index.ts";
import {
  bytesOf,
  bytesOfBase64,
  type CallLine,
  type Header,
  type Line,
  type OpenLine,
} from "../corpus/lines.ts";

const ROOT = process.cwd();
const MAX_OUTPUT_BYTES = 1 << 20;

/** Lines for Python, in which no container, no trust file and no folded text is left. */
function* resolved(lines: readonly Line[]): Generator<object> {
  const files = new Map<string, Uint8Array>();
  const trust = new Map<string, string>();
  const sent = new Map<string, number>();
  for (const [index, line] of lines.entries()) {
    const place = { line: index + 1, kind: line.kind };
    if ("code" in line) yield { ...place, ...call(line) };
    else if (line.kind === "trust") trust.set(line.id, line.file);
    else if (line.kind === "bundle") files.set(line.id, bytesOfBase64(line.bytes));
    else if ("expect" in line) {
      const opened = open(line, files.get(line.bundle)!, trust);
      const expected = { expect: line.expect, coreCode: line.coreCode ?? null };
      const common = { ...place, ...expected, sequence: line.sequence ?? 0 };
      if (!opened.ok) {
        yield { ...common, refused: opened.code };
        continue;
      }
      const bytes = toBase64(opened.bundle);
      if (!sent.has(bytes)) yield { kind: "bundle", id: sent.set(bytes, sent.size).get(bytes), bytes };
      yield { ...common, refused: null, bundle: sent.get(bytes), signed: opened.signed };
    }
  }
}

function call(line: CallLine): object {
  const facts = bytesOf(line.facts, line.factsBytes);
  return {
    text: toBase64(bytesOf(line.text, line.bytes)!),
    facts: facts === undefined ? null : toBase64(facts),
    state: line.state ?? null,
    code: line.code,
    hash: line.hash ?? null,
  };
}

function open(line: OpenLine, file: Uint8Array, files: ReadonlyMap<string, string>) {
  if (line.trust === null) return load(file, { insecure: true });
  const parsed = parseTrustFile(new TextEncoder().encode(files.get(line.trust)));
  if (!parsed.ok) return parsed;
  return load(file, { trust: parsed.trust, nowMs: line.now, highest: line.highest });
}

const text = readFileSync(join(ROOT, "tests/conformance/corpus/corpus.jsonl"), "utf8");
const lines = text
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => JSON.parse(line) as Line);
const header = lines[0] as Header;
const script = join(ROOT, "tests/conformance/entries/wasmtime_corpus.py");
const { status, stdout, stderr, error } = spawnSync(
  process.env.PYTHON ?? "python3",
  [script, join(ROOT, "engine/dist/faramesh.component.wasm")],
  {
    input: [...resolved(lines)].map((line) => `${JSON.stringify(line)}\n`).join(""),
    encoding: "utf8",
    maxBuffer: MAX_OUTPUT_BYTES,
  },
);
if (status !== 0) {
  console.error(error?.message ?? stderr);
  process.exit(1);
}
const { difference, version, ...sums } = JSON.parse(stdout);
console.log(JSON.stringify({ host: "wasmtime", version, ...sums }));
const isSame = (["core", "result", "decisions", "refusals"] as const).every(
  (what) => sums[what] === header[what],
);
if (!isSame || difference !== null) {
  console.error(difference ?? header);
  process.exitCode = 1;
}
