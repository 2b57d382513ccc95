/** Caps on maxima: what rots is the tail. */
import { describe, expect, it } from "vitest";
import { readSources } from "./sources.ts";

const MAX_FILE_LINES = 500;
const MAX_FUNCTION_LINES = 70;
const MAX_SPINE_LINES = 100;
const SPINES = ["bundles/compile/compile.ts"];

describe("sizes", () => {
  it(`no source file over ${MAX_FILE_LINES} lines`, () => {
    const long = readSources(/\.(ts|mjs|ne|py)$/).filter((source) => source.lines.length > MAX_FILE_LINES);
    expect(long.map((source) => `${source.path}: ${source.lines.length}`)).toEqual([]);
  });

  it(`no function over ${MAX_FUNCTION_LINES} lines`, () => {
    expect(
      readSources(/^(engine|fpl-grammar|bundles|control|gateway|hosts|cli)\/.*\.(ts|mjs)$/).flatMap(
        longFunctions,
      ),
    ).toEqual([]);
  });

  it("the spines only call their stages", () => {
    const long = readSources(/\.ts$/).filter(
      (source) => SPINES.includes(source.path) && source.lines.length > MAX_SPINE_LINES,
    );
    expect(long.map((source) => source.path)).toEqual([]);
    expect(readSources(/\.ts$/).filter((source) => SPINES.includes(source.path)).length).toBe(SPINES.length);
  });
});

/** Functions and methods by indentation: from the line that opens one to the closing brace in the same column. */
function longFunctions(source: { path: string; lines: string[] }): string[] {
  const found: string[] = [];
  const opening =
    /^( *)(?:export )?(?:default )?(?:async )?(?:function\*? +(\w+)|(?:private |public |static |async |get |set |#)*(\w+)\(.*\)[^;]*\{$|(?:const|let) (\w+) = (?:async )?(?:\([^)]*\)|\w+)[^=]*=> \{$)/;
  for (const [index, line] of source.lines.entries()) {
    const match = opening.exec(line);
    if (match === null || /^ *(?:if|for|while|switch|catch|return)\b/.test(line)) continue;
    const end = source.lines.findIndex((other, at) => at > index && other.startsWith(`${match[1]}}`));
    const length = end - index + 1;
    if (end !== -1 && length > MAX_FUNCTION_LINES)
      found.push(`${source.path}:${index + 1} ${match[2] ?? match[3] ?? match[4]}: ${length} lines`);
  }
  return found;
}
