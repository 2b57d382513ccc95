/** `bun BUNDLE corpus.jsonl LIBRARY`: prints the report. LIBRARY is a `file:` address. */
import { type Library, reportOnLibrary } from "./library.ts";

interface Bun {
  argv: string[];
  version: string;
  file(path: string): { text(): Promise<string> };
}

const { Bun } = globalThis as unknown as { Bun: Bun };
const [corpus, library] = Bun.argv.slice(2) as [string, string];
const report = await reportOnLibrary({
  host: "bun",
  version: Bun.version,
  library: (await import(library)) as Library,
  corpus: await Bun.file(corpus).text(),
});
console.log(JSON.stringify(report));
process.exitCode = report.difference === null ? 0 : 1;
