/** `bun BUNDLE corpus.jsonl core.wasm`: prints the report. */
import { reportOn } from "../corpus/report.ts";

interface Bun {
  argv: string[];
  version: string;
  file(path: string): { text(): Promise<string>; arrayBuffer(): Promise<ArrayBuffer> };
}

const { Bun } = globalThis as unknown as { Bun: Bun };
const [corpus, core] = Bun.argv.slice(2) as [string, string];
const report = await reportOn({
  host: "bun",
  version: Bun.version,
  corpus: await Bun.file(corpus).text(),
  wasm: new Uint8Array(await Bun.file(core).arrayBuffer()),
});
console.log(JSON.stringify(report));
process.exitCode = report.difference === null ? 0 : 1;
