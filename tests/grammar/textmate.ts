/** The part of TextMate that the grammar uses: of the patterns the one that matches first in the line, then the first in the list. */

interface Match {
  match: string;
  name?: string;
  captures?: Record<string, { name: string }>;
}
interface Range {
  begin: string;
  end: string;
  name: string;
  patterns: Match[];
}
export interface TextMateGrammar {
  patterns: (Match | Range)[];
}

export interface Scoped {
  offset: number;
  length: number;
  scope: string;
}

interface Found {
  pattern: Match | Range;
  match: RegExpExecArray;
}

const compiled = new Map<string, RegExp>();

function search(source: string, line: string, from: number): RegExpExecArray | null {
  let expression = compiled.get(source);
  if (expression === undefined) {
    // Oniguruma's end of a line is before its line feed, never before a carriage return.
    expression = new RegExp(source.replace(/(?<!\\)\$(?=\)|$)/g, "(?=\\n)"), "g");
    compiled.set(source, expression);
  }
  expression.lastIndex = from;
  return expression.exec(line);
}

function first(patterns: readonly (Match | Range)[], line: string, from: number): Found | null {
  let best: Found | null = null;
  for (const pattern of patterns) {
    const match = search("match" in pattern ? pattern.match : pattern.begin, line, from);
    if (match !== null && match[0] !== "" && (best === null || match.index < best.match.index)) {
      best = { pattern, match };
    }
  }
  return best;
}

/** The scopes of a text, by place. Stretches without one are left out. */
export function scopes(grammar: TextMateGrammar, text: string): Scoped[] {
  const found: Scoped[] = [];
  let start = 0;
  for (const line of text.split("\n")) {
    for (const one of ofLine(grammar, `${line}\n`)) found.push({ ...one, offset: one.offset + start });
    start += line.length + 1;
  }
  return found;
}

function ofLine(grammar: TextMateGrammar, line: string): Scoped[] {
  const found: Scoped[] = [];
  const add = (offset: number, length: number, scope: string) => found.push({ offset, length, scope });
  let at = 0;
  while (at < line.length) {
    const next = first(grammar.patterns, line, at);
    if (next === null) break;
    const { pattern, match } = next;
    at = match.index + match[0].length;
    if ("begin" in pattern) at = range(pattern, line, match, add);
    else if (pattern.name !== undefined) add(match.index, match[0].length, pattern.name);
    else {
      let offset = match.index;
      for (const [index, group] of match.slice(1).entries()) {
        const scope = pattern.captures?.[index + 1]?.name;
        if (scope !== undefined) add(offset, group!.length, scope);
        offset += group!.length;
      }
    }
  }
  return found;
}

/** From a range's beginning to the end of the line or of the range, which is tried before what stands inside. */
function range(
  { end, name, patterns }: Range,
  line: string,
  begin: RegExpExecArray,
  add: (offset: number, length: number, scope: string) => void,
): number {
  add(begin.index, begin[0].length, name);
  let at = begin.index + begin[0].length;
  for (;;) {
    const close = search(end, line, at)!;
    const inner = first(patterns, line, at);
    const stop = inner !== null && inner.match.index < close.index ? inner.match : close;
    if (stop.index > at) add(at, stop.index - at, name);
    at = stop.index + stop[0].length;
    if (stop === close) {
      if (close[0] !== "") add(close.index, close[0].length, name);
      return at;
    }
    add(stop.index, stop[0].length, (inner!.pattern as Match).name!);
  }
}
