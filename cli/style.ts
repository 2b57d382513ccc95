/** Colours as functions from text to text: the identity when colour is off. */
export interface Style {
  enabled: boolean;
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  blue(text: string): string;
  cyan(text: string): string;
}

function wrap(enabled: boolean, open: number, close: number): (text: string) => string {
  return enabled ? (text) => (text === "" ? "" : `\u001b[${open}m${text}\u001b[${close}m`) : (text) => text;
}

export function makeStyle(enabled: boolean): Style {
  return {
    enabled,
    bold: wrap(enabled, 1, 22),
    dim: wrap(enabled, 2, 22),
    red: wrap(enabled, 31, 39),
    green: wrap(enabled, 32, 39),
    yellow: wrap(enabled, 33, 39),
    blue: wrap(enabled, 34, 39),
    cyan: wrap(enabled, 36, 39),
  };
}

let when: "auto" | "always" | "never" = "auto";

/** Set once, from `--color`. */
export function setColor(value: string | null): void {
  if (value === "auto" || value === "always" || value === "never") when = value;
}

/** The style for a stream. `NO_COLOR` (any non-empty value) and `TERM=dumb` turn colour off in `auto`. */
export function styleFor(stream: NodeJS.WriteStream): Style {
  const terminal = stream.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== "dumb";
  return makeStyle(when === "always" || (when === "auto" && terminal));
}

/** The colour of an effect, everywhere the same. */
export function effectStyle(style: Style, effect: string): (text: string) => string {
  if (effect === "permit") return style.green;
  return effect === "defer" ? style.yellow : style.red;
}

/** Controls, line breaks and every format character (bidirectional, zero-width, tags) but the joiners that scripts and emoji need. */
const HIDDEN = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** The text for a terminal: what would command it or not be seen stands as an escape. */
export function printable(text: string): string {
  return text.replace(HIDDEN, (character) => {
    const hex = character.codePointAt(0)!.toString(16);
    return hex.length > 4 ? `\\u{${hex}}` : `\\u${hex.padStart(4, "0")}`;
  });
}

/** JSON with the same characters escaped, which to a reader of JSON changes nothing; its own line breaks stay. */
export function printableJson(json: string): string {
  return json.replace(HIDDEN, (character) => {
    if (character === "\n") return character;
    return Array.from({ length: character.length }, (_, index) => {
      return `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`;
    }).join("");
  });
}

/** `printable` line by line. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

/** Rows as aligned columns, two spaces apart; the last column is not padded. Cells are plain text; `paint` colours a padded cell. */
export function table(
  rows: string[][],
  paint: (text: string, row: number, column: number) => string,
): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, columns(cell));
    });
  }
  const lines = rows.map((row, rowIndex) =>
    row
      .map((cell, column) => {
        const padding = column === row.length - 1 ? "" : " ".repeat(widths[column]! - columns(cell));
        return paint(cell, rowIndex, column) + padding;
      })
      .join("  ")
      .trimEnd(),
  );
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}

/** Width in terminal columns: code points, wide East Asian and emoji ranges counted twice, combining marks not at all. */
export function columns(text: string): number {
  let width = 0;
  for (const character of text) {
    const point = character.codePointAt(0)!;
    if (/\p{Mark}/u.test(character) || point === 0x200d || (point >= 0xfe00 && point <= 0xfe0f)) continue;
    const wide =
      (point >= 0x1100 && point <= 0x115f) ||
      (point >= 0x2e80 && point <= 0xa4cf) ||
      (point >= 0xac00 && point <= 0xd7a3) ||
      (point >= 0xf900 && point <= 0xfaff) ||
      (point >= 0xfe30 && point <= 0xfe6f) ||
      (point >= 0xff00 && point <= 0xff60) ||
      (point >= 0x1f300 && point <= 0x1faff) ||
      (point >= 0x20000 && point <= 0x3fffd);
    width += wide ? 2 : 1;
  }
  return width;
}

/** Cuts a text to a width, with an ellipsis. */
export function cut(text: string, width: number): string {
  if (columns(text) <= width) return text;
  let kept = "";
  let used = 0;
  for (const character of text) {
    const next = columns(character);
    if (used + next > width - 1) break;
    kept += character;
    used += next;
  }
  return `${kept}…`;
}
