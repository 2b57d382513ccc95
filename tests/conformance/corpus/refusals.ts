import type { CorpusWriter } from "./writer.ts";
export function writeRefusals(_writer: CorpusWriter): void {}
