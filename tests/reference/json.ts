/**
 * Strict JSON (RFC 8259) into plain values that keep each number's text, refusing what has no canonical form
 * (LANGUAGE section 6, engine/ABI.md "The text"). Written to be read, not to be fast.
 */

export type Json =
  | { kind: "null" }
  | { kind: "boolean"; value: boolean }
  /** `text` is the canonical text (RFC 8785): the number that comparisons use. */
  | { kind: "number"; text: string }
  | { kind: "string"; value: string }
  | { kind: "list"; items: Json[] }
  | { kind: "object"; entries: Map<string, Json> };

export type JsonObject = Extract<Json, { kind: "object" }>;

/** What stands in a verdict's `detail`. */
export type Detail =
  | null
  | { offset: number }
  | { argument: string }
  | { selector: string }
  | { field: string }
  | { meter: string }
  | { agent: string };

/** Why an input is refused: caught by `reference`, never seen by its callers. */
export class Refusal extends Error {
  readonly code: string;
  readonly detail: Detail;
  constructor(code: string, detail: Detail) {
    super(code);
    this.code = code;
    this.detail = detail;
  }
}

export const object = (fields: Record<string, Json>): JsonObject => ({
  kind: "object",
  entries: new Map(Object.entries(fields)),
});
export const list = (items: Json[]): Json => ({ kind: "list", items });
export const string = (value: string): Json => ({ kind: "string", value });
export const number = (value: number): Json => ({ kind: "number", text: String(value) });
export const boolean = (value: boolean): Json => ({ kind: "boolean", value });
export const NULL: Json = { kind: "null" };
export const stringOrNull = (value: string | null): Json => (value === null ? NULL : string(value));
