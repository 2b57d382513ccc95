/** Writes the TextMate grammar from the rules of `fpl-grammar/highlight`: `node cli/run.mjs tests/grammar/write-highlight.ts`. */
import { writeFileSync } from "node:fs";
import { textMateGrammar } from "../../fpl-grammar/highlight/textmate.ts";

export const GRAMMAR = new URL("../../fpl-grammar/highlight/fpl.tmLanguage.json", import.meta.url);

if (process.argv[1]?.endsWith("write-highlight.ts")) writeFileSync(GRAMMAR, textMateGrammar());
