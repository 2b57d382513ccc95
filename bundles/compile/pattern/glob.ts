/** Globs to the tree of a pattern that is anchored at both ends. */

import { ALL, complement } from "./sets.ts";
import type { Node } from "./syntax.ts";

/** `host`: ASCII case ignored. `path`: `*` stops at `/`, `**` does not. `name`: `*` is any run. */
export type GlobStyle = "host" | "path" | "name";

const SLASH = 0x2f;
const ANY_RUN: Node = { kind: "repeat", term: { kind: "set", set: ALL }, min: 0, max: null };
const SEGMENT_RUN: Node = {
  kind: "repeat",
  term: { kind: "set", set: complement([SLASH, SLASH]) },
  min: 0,
  max: null,
};
const PORT_RUN: Node = { kind: "repeat", term: { kind: "set", set: [0x30, 0x39] }, min: 0, max: null };

/** Matches a text wholly matched by any of the globs. */
export function globNode(globs: readonly string[], style: GlobStyle): Node {
  return whole(globs.map((glob) => globTerm(glob, style)));
}

/**
 * Matches `HOST:PORT`. An entry is HOST-GLOB or HOST-GLOB:PORT, or `[IPV6]` with or without a port; without a port,
 * or with the port `*`, it matches every port, an empty one too. An entry of a deny list also matches where an empty
 * host or port leaves open whether it would.
 */
export function egressNode(entries: readonly string[], list: "allow" | "deny"): Node {
  const known = (term: Node): Node =>
    list === "allow" ? term : { kind: "alternate", terms: [term, { kind: "concat", terms: [] }] };
  return whole(
    entries.map((entry): Node => {
      const [host, port] = splitEntry(entry);
      const tail = port === "" || port === "*" ? PORT_RUN : globTerm(port, "name");
      return { kind: "concat", terms: [known(globTerm(host, "host")), ...literal(":", false), known(tail)] };
    }),
  );
}

function splitEntry(entry: string): [host: string, port: string] {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(entry);
  if (bracketed !== null) return [bracketed[1]!, bracketed[2] ?? ""];
  const parts = entry.split(":");
  // More than one colon: an IPv6 address.
  return parts.length === 2 ? [parts[0]!, parts[1]!] : [entry, ""];
}

function whole(terms: Node[]): Node {
  return {
    kind: "concat",
    terms: [
      { kind: "assert", assertion: "textStart" },
      { kind: "alternate", terms },
      { kind: "assert", assertion: "textEnd" },
    ],
  };
}

function globTerm(glob: string, style: GlobStyle): Node {
  const terms = glob.split(/(\*+)/).flatMap((part): Node[] => {
    if (!part.startsWith("*")) return literal(part, style === "host");
    return [style === "path" && part === "*" ? SEGMENT_RUN : ANY_RUN];
  });
  return { kind: "concat", terms };
}

function literal(text: string, ignoreAsciiCase: boolean): Node[] {
  return Array.from(text, (char): Node => {
    const point = char.codePointAt(0)!;
    if (!ignoreAsciiCase || !/[A-Za-z]/.test(char)) return { kind: "set", set: [point, point] };
    const upper = char.toUpperCase().charCodeAt(0);
    const lower = char.toLowerCase().charCodeAt(0);
    return { kind: "set", set: [upper, upper, lower, lower] };
  });
}
