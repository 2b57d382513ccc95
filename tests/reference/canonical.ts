import { type Json, Refusal } from "./json.ts";

export const MAX_CANONICAL_BYTES = 1048576;

/** RFC 8785 text: no white space, keys in UTF-16 order, shortest escapes. Numbers are canonical already. */
export function canonicalText(value: Json): string {
  switch (value.kind) {
    case "null":
      return "null";
    case "boolean":
      return String(value.value);
    case "number":
      return value.text;
    case "string":
      return quote(value.value);
    case "list":
      return `[${value.items.map(canonicalText).join(",")}]`;
    case "object": {
      const keys = [...value.entries.keys()].sort((a, b) => (a < b ? -1 : 1));
      return `{${keys.map((key) => `${quote(key)}:${canonicalText(value.entries.get(key)!)}`).join(",")}}`;
    }
  }
}

export const canonicalBytes = (value: Json): Uint8Array => new TextEncoder().encode(canonicalText(value));

/** The canonical form of an input text, which has the limit that the text itself has. */
export function canonicalInput(value: Json): Uint8Array {
  const bytes = canonicalBytes(value);
  if (bytes.length > MAX_CANONICAL_BYTES) throw new Refusal("canonical_too_large", null);
  return bytes;
}

const SHORT: Record<string, string> = {
  '"': '\\"',
  "\\": "\\\\",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

function quote(text: string): string {
  const escaped = text.replace(
    /["\\\u0000-\u001f]/g,
    (character) => SHORT[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `"${escaped}"`;
}
