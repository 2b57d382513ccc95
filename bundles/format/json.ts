/** Canonical JSON (RFC 8785) of plain data. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Strings must be well-formed Unicode and numbers finite. ECMAScript's number and string texts are those of RFC 8785. */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (value !== null && typeof value === "object") {
    // Default sort: UTF-16 code units, RFC 8785 section 3.2.3.
    const members = Object.keys(value)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key]!)}`);
    return `{${members.join(",")}}`;
  }
  return JSON.stringify(value);
}
