/** Patterns after `matches` that probably do not mean what they say (LANGUAGE section 4). They stay valid. */

import { report } from "../diagnostics.ts";
import type { Condition, Effect, Span } from "../program.ts";
import type { Findings } from "./scope.ts";

/** In a permit an unanchored pattern lets longer texts through; under a `not` it only denies more. */
export function lintPatterns(condition: Condition, effect: Effect, findings: Findings): void {
  visit(condition, effect === "permit", findings);
}

function visit(condition: Condition, permits: boolean, findings: Findings): void {
  switch (condition.kind) {
    case "and":
    case "or":
      for (const term of condition.terms) visit(term, permits, findings);
      return;
    case "not":
      visit(condition.term, !permits, findings);
      return;
    case "matches":
    case "any":
      lint(condition.pattern, condition.patternSpan, permits, findings);
      return;
    default:
      return;
  }
}

function lint(pattern: string, span: Span, permits: boolean, findings: Findings): void {
  if (looksLikeGlob(pattern)) findings.diagnostics.push(report("F502", span, { pattern }));
  else if (permits && !isAnchored(pattern)) findings.diagnostics.push(report("F501", span, { pattern }));
}

/** `/tmp/*`, `*.com`, `src/**`: no sign of a regular expression but a star after a slash or at the beginning. */
function looksLikeGlob(pattern: string): boolean {
  return /^\^?\*|\/\*/.test(pattern) && !/[\\()[\]{}+|]|\.\*/.test(pattern);
}

/** Every alternative begins with `^` or `\A` and ends with `$` or `\z`; where the flag `m` is set, `^` and `$` are those of lines. */
export function isAnchored(pattern: string): boolean {
  return isEnclosed(pattern.replace(/^\(\?[imsU-]+\)/, ""), /(?<!\\)\(\?[isU]*m/.test(pattern));
}

function isEnclosed(body: string, isByLine: boolean): boolean {
  const first = isByLine ? /^\\A/ : /^(?:\^|\\A)/;
  const last = isByLine ? /(?:^|[^\\])(?:\\\\)*\\z$/ : /(?:^|[^\\])(?:\\\\)*(?:\$|\\z)$/;
  return alternatives(body).every((alternative) => {
    const inner = wholeGroup(alternative);
    if (inner !== null) return isEnclosed(inner, isByLine);
    return first.test(alternative) && last.test(alternative);
  });
}

/** Splits at `|` outside of groups and classes. */
function alternatives(pattern: string): string[] {
  const output: string[] = [];
  let start = 0;
  scan(pattern, (character, index, depth) => {
    if (character !== "|" || depth !== 0) return;
    output.push(pattern.slice(start, index));
    start = index + 1;
  });
  output.push(pattern.slice(start));
  return output;
}

/** The inside of a pattern that is one group and nothing else. */
function wholeGroup(pattern: string): string | null {
  const match = /^\((?:\?:|\?P?<[A-Za-z_]\w*>)?/.exec(pattern);
  if (match === null || !pattern.endsWith(")")) return null;
  let closesAt = -1;
  scan(pattern, (character, index, depth) => {
    if (character === ")" && depth === 0 && closesAt < 0) closesAt = index;
  });
  return closesAt === pattern.length - 1 ? pattern.slice(match[0].length, -1) : null;
}

/** Calls back for each character outside of escapes and classes, with the depth of groups after it. */
function scan(pattern: string, visitor: (character: string, index: number, depth: number) => void): void {
  let depth = 0;
  let inClass = false;
  for (let index = 0; index < pattern.length; index++) {
    const character = pattern[index]!;
    if (character === "\\") {
      index++;
      continue;
    }
    if (inClass) {
      inClass = character !== "]";
      continue;
    }
    if (character === "[") {
      inClass = true;
      if (pattern[index + 1] === "^") index++;
      if (pattern[index + 1] === "]") index++;
      continue;
    }
    if (character === "(") depth++;
    if (character === ")") depth--;
    visitor(character, index, depth);
  }
}
