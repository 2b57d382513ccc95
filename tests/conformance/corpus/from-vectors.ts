/** Lines of all vectors and scenarios (tests/vectors), of the kept fuzz cases, and of the packs' cases. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decode } from "../../../bundles/format/decode.ts";
import { parseCases } from "../../../cli/cases.ts";
import { CaseRun } from "../../../cli/run-case.ts";
import { CODES } from "../../../engine/binding/codes.ts";
import { corpus as fuzzCases } from "../../fuzz/case.ts";
import { scenarioCorpus } from "../../fuzz/scenario-case.ts";
import { readScenarios } from "../../vectors/scenarios.ts";
import { readVectors } from "../../vectors/vectors.ts";
import { compiled } from "../policy.ts";
import { HeardCore } from "./heard.ts";
import { keysOf } from "./keys.ts";
import { signedFile, TRUST_TEXT, VALID_MS } from "./signing.ts";
import { type CorpusWriter, unsignedFile } from "./writer.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** None as a line has it: the vectors know no facts of no bytes. */
const orNone = (facts: Uint8Array): Uint8Array | undefined => (facts.length === 0 ? undefined : facts);

/** Each decision recorded; the first of a vector, and those whose record says otherwise, without a record too. */
export function writeVectors(writer: CorpusWriter): void {
  for (const { title, place, policy, imports, decisions } of readVectors()) {
    writer.open({ title: `${place} ${title}`, file: unsignedFile(compiled(policy, imports).bundle) });
    for (const [index, { action, facts, expected }] of decisions.entries()) {
      const call = { text: action, facts: orNone(facts), state: null };
      if (index === 0 || expected.recorded !== undefined)
        writer.call({ kind: "plain", ...call }, expected.code);
      writer.call({ kind: "decide", ...call }, expected.recorded ?? expected.code);
    }
  }
}

export function writeScenarios(writer: CorpusWriter): void {
  for (const { title, place, policy, imports, steps } of readScenarios()) {
    writer.open({
      title: `${place} ${title}`,
      file: signedFile(compiled(policy, imports).bundle),
      trust: TRUST_TEXT,
      nowMs: VALID_MS,
    });
    for (const { kind, text, facts, withState, expected, reload } of steps) {
      if (reload !== undefined) {
        const file = signedFile(compiled(reload.policy, reload.imports).bundle);
        writer.open({ kind: "load", file, trust: TRUST_TEXT, nowMs: VALID_MS });
      }
      const state = withState ? keysOf(kind, text, facts) : null;
      const call = { text, facts: orNone(facts), state };
      writer.call({ kind: kind === "action" ? "decide" : "event", ...call }, expected.code);
    }
  }
}

export function writeFuzzCases(writer: CorpusWriter): void {
  for (const { name, policy, action, facts } of fuzzCases()) {
    writer.open({ title: `fuzz/${name}`, file: unsignedFile(compiled(policy).bundle) });
    writer.call({ kind: "decide", text: action, facts: orNone(facts), state: null });
  }
  for (const { name, policy, steps } of scenarioCorpus()) {
    writer.open({ title: `fuzz/${name}`, file: unsignedFile(compiled(policy).bundle) });
    for (const { kind, text, facts, withState, reload } of steps) {
      if (reload !== undefined) writer.open({ kind: "load", file: unsignedFile(compiled(reload).bundle) });
      const state = withState ? keysOf(kind, text, facts) : null;
      writer.call({ kind: kind === "action" ? "decide" : "event", text, facts: orNone(facts), state });
    }
  }
}

/** Every case of the packs, as `faramesh test` runs it, on a state of its own. */
export function writePacks(writer: CorpusWriter): void {
  const folders = readdirSync(join(ROOT, "bundles", "packs"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
  for (const pack of folders) writePack(writer, pack);
}

function writePack(writer: CorpusWriter, pack: string): void {
  const read = (name: string): Uint8Array => readFileSync(join(ROOT, "bundles", "packs", pack, name));
  const { bundle } = compiled(new TextDecoder().decode(read("policy.fpl")));
  const { cases, errors } = parseCases(
    read("policy.cases"),
    CODES.map(({ name }) => name),
  );
  if (errors.length > 0) throw new Error(`the cases of ${pack} are malformed: ${JSON.stringify(errors)}`);
  const file = signedFile(bundle);
  const heard = new HeardCore(bundle);
  const tried = { core: heard.core, ir: decode(bundle), display: (name: string) => name };
  for (const one of cases) {
    heard.calls.length = 0;
    const wrong = new CaseRun(tried, one).run(one).find(({ problem }) => problem !== "");
    if (wrong !== undefined) throw new Error(`${pack}, ${one.title}: ${wrong.problem}`);
    writer.open({ title: `${pack}: ${one.title}`, file, trust: TRUST_TEXT, nowMs: VALID_MS });
    for (const { kind, text, facts, isStateful, code } of heard.calls) {
      const about = kind === "decide" ? "action" : "event";
      const state = isStateful ? (keysOf(about, text, facts ?? new Uint8Array()) ?? [null, null]) : null;
      writer.call({ kind, text, facts, state }, code);
    }
  }
}
