/** Patterns, globs and egress lists to automata; equal ones are kept once. */

import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { MAX_BUNDLE_BYTES } from "../../engine/constants.ts";
import type { GlobDialect, Span } from "../../fpl-grammar/program.ts";
import type { Automaton } from "../format/ir.ts";
import type { Build } from "./build.ts";
import { compilePattern, type PatternSource } from "./pattern/pattern.ts";

const CODES = { syntax: "F901", notRegular: "F902", tooLarge: "F903" } as const;

/** The id; null, and a diagnostic at the pattern, when it cannot be compiled. */
export function searchAutomaton(build: Build, pattern: string, span: Span): number | null {
  return automatonId(build, { kind: "search", pattern }, `pattern \`${pattern}\``, span);
}

export function globAutomaton(
  build: Build,
  globs: readonly string[],
  dialect: GlobDialect,
  span: Span,
): number | null {
  const style = dialect === "value" ? "name" : dialect;
  return automatonId(build, { kind: "glob", globs, style }, `list \`${globs.join("`, `")}\``, span);
}

export function egressAutomaton(
  build: Build,
  entries: readonly string[],
  list: "allow" | "deny",
  span: Span,
): number | null {
  return automatonId(
    build,
    { kind: "egress", entries, list },
    `egress list \`${entries.join("`, `")}\``,
    span,
  );
}

function automatonId(build: Build, source: PatternSource, title: string, span: Span): number | null {
  const key = JSON.stringify(source);
  const known = build.automatonIds.get(key);
  if (known !== undefined) return known;
  const result = compilePattern(source, build.patternSteps);
  build.patternSteps -= result.steps;
  if ("automaton" in result) {
    const id = build.automata.add(keyOf(result.automaton), result.automaton);
    build.automatonBytes += result.automaton.next.byteLength;
    if (build.automatonBytes > MAX_BUNDLE_BYTES) build.patternSteps = 0;
    build.automatonIds.set(key, id);
    return id;
  }
  build.error(CODES[result.reason], `the ${title} cannot be compiled: ${result.message}`, result.help, span);
  return null;
}

/** A digest: automata may take megabytes. */
function keyOf({ classOf, flags, next }: Automaton): string {
  const nextBytes = new Uint8Array(next.buffer, next.byteOffset, next.byteLength);
  return bytesToHex(sha256.create().update(classOf).update(flags).update(nextBytes).digest());
}
