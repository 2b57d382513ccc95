/** The line after the block that begins in that line, or the next line. A statement is a line; a block begins in a line that ends in `{`. */
export function blockEnd(lines: readonly string[], start: number): number {
  let depth = 0;
  for (let line = start; line < lines.length; line++) {
    if (lines[line]!.endsWith("{")) depth++;
    if (lines[line]!.trim() === "}") depth--;
    if (depth <= 0) return line + 1;
  }
  return lines.length;
}
