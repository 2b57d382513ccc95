/** Documents compared without places. */

import type { Document } from "../../fpl-grammar/index.ts";
import { format, parse } from "../../fpl-grammar/index.ts";

export function withoutPlaces(document: Document): unknown {
  return JSON.parse(JSON.stringify(document, (key, value) => (key === "span" ? undefined : value)));
}

/** What is wrong with formatting this text; null if nothing is, or if it does not parse. */
export function formattingFault(text: string): string | null {
  const file = { name: "t.fpl", text };
  const first = parse(file);
  if (first.document === null) return null;
  const printed = format(file).text!;
  const second = parse({ name: "t.fpl", text: printed });
  if (second.document === null) {
    return `the canonical text does not parse: ${second.diagnostics[0]!.message}\n${printed}`;
  }
  const [before, after] = [first.document, second.document].map((document) =>
    JSON.stringify(withoutPlaces(document)),
  );
  if (before !== after) return `the canonical text reads differently:\n${printed}\n${before}\n${after}`;
  if (format({ name: "t.fpl", text: printed }).text !== printed)
    return `formatting twice changes the text:\n${printed}`;
  return null;
}
