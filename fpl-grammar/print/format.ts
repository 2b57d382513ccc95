/** Text to canonical text, comments kept. */

import { parse } from "../parse.ts";
import type { Diagnostic, SourceFile } from "../program.ts";
import { printDocument } from "./print.ts";

/** The text is null if the file has an error. Formatting twice changes nothing. */
export function format(file: SourceFile): { text: string | null; diagnostics: Diagnostic[] } {
  const { document, diagnostics } = parse(file);
  return { text: document === null ? null : printDocument(document), diagnostics };
}
