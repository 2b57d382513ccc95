/** In a page beside `faramesh/index.mjs` and `corpus.jsonl`: says its report to the console, as a line of JSON. */
import { type Library, reportOnLibrary } from "./library.ts";

const { navigator } = globalThis as unknown as { navigator: { userAgent: string } };
const address = new URL("faramesh/index.mjs", import.meta.url).href;
const report = await reportOnLibrary({
  host: "browser",
  version: navigator.userAgent.match(/Chrome\/([\d.]+)/)?.[1] ?? "",
  library: (await import(address)) as Library,
  corpus: await (await fetch("corpus.jsonl")).text(),
});
console.log(JSON.stringify(report));
