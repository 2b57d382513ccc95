/** Tool names and tool patterns (LANGUAGE section 3), and globs (program.ts, GlobDialect). */
import type { GlobDialect } from "../../fpl-grammar/program.ts";

export const MAX_TOOL_NAME_BYTES = 256;

export const isToolName = (name: string): boolean =>
  name.length <= MAX_TOOL_NAME_BYTES &&
  name.split("/").every((segment) => /^[A-Za-z0-9._:@+-]+$/.test(segment));

/** Whether the tool of that name is among those that the pattern names. */
export function toolMatches(pattern: string, tool: string): boolean {
  return segmentsMatch(pattern.split("/"), tool.split("/"));
}

function segmentsMatch(patterns: string[], segments: string[]): boolean {
  const [first, ...rest] = patterns;
  if (first === undefined) return segments.length === 0;
  if (first === "**") {
    for (let taken = 0; taken <= segments.length; taken++) {
      if (segmentsMatch(rest, segments.slice(taken))) return true;
    }
    return false;
  }
  if (segments.length === 0) return false;
  if (first === "*" && rest.length === 0) return true;
  return runsMatch(first, segments[0]!) && segmentsMatch(rest, segments.slice(1));
}

/** `*` is any run of characters, everything else itself. */
function runsMatch(pattern: string, text: string): boolean {
  return starsMatch(pattern.split("*"), text, () => true);
}

/** `parts` with a run between each two; `allowed` says whether a text may be such a run. */
function starsMatch(parts: string[], text: string, allowed: (run: string) => boolean): boolean {
  const [first, ...rest] = parts;
  if (rest.length === 0) return text === first;
  if (!text.startsWith(first!)) return false;
  const after = text.slice(first!.length);
  for (let length = 0; length <= after.length && allowed(after.slice(0, length)); length++) {
    if (starsMatch(rest, after.slice(length), allowed)) return true;
  }
  return false;
}

const lowerAscii = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** Whether the whole text is one that the glob describes. */
export function globMatches(glob: string, text: string, dialect: GlobDialect): boolean {
  if (dialect === "host") return runsMatch(lowerAscii(glob), lowerAscii(text));
  if (dialect !== "path") return runsMatch(glob, text);
  return pathMatches(glob, text);
}

/** `*` stops at `/`, `**` does not. */
function pathMatches(glob: string, text: string): boolean {
  if (glob === "") return text === "";
  if (glob.startsWith("**")) {
    for (let taken = 0; taken <= text.length; taken++) {
      if (pathMatches(glob.slice(2), text.slice(taken))) return true;
    }
    return false;
  }
  if (glob.startsWith("*")) {
    for (let taken = 0; taken <= text.length && !text.slice(0, taken).includes("/"); taken++) {
      if (pathMatches(glob.slice(1), text.slice(taken))) return true;
    }
    return false;
  }
  return text !== "" && glob[0] === text[0] && pathMatches(glob.slice(1), text.slice(1));
}
