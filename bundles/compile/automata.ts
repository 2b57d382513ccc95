/** Patterns and globs to shared automata. */

import type { GlobDialect, Span } from "../../fpl-grammar/program.ts";
import type { Build } from "./build.ts";

function unsupported(build: Build, what: string, span: Span): null {
  build.error("F903", `${what} cannot be compiled yet`, null, span);
  return null;
}

export function searchAutomaton(build: Build, pattern: string, span: Span): number | null {
  return unsupported(build, `\`${pattern}\``, span);
}

export function globAutomaton(
  build: Build,
  globs: readonly string[],
  dialect: GlobDialect,
  span: Span,
): number | null {
  return unsupported(build, `${dialect} glob \`${globs.join(", ")}\``, span);
}

export function egressAutomaton(build: Build, entries: readonly string[], span: Span): number | null {
  return unsupported(build, `\`${entries.join(", ")}\``, span);
}
