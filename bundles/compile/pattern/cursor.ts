/** What the parts of the parser share. */

import { PatternError } from "./syntax.ts";

export interface Flags {
  ignoreCase: boolean;
  multiline: boolean;
  dotAll: boolean;
}

/** The text as code points with a position. */
export class Cursor {
  readonly chars: string[];
  at = 0;

  constructor(text: string) {
    this.chars = Array.from(text);
  }

  /** Undefined at the end. */
  peek(ahead = 0): string | undefined {
    return this.chars[this.at + ahead];
  }

  next(): string | undefined {
    return this.chars[this.at++];
  }

  startsWith(text: string): boolean {
    for (let index = 0; index < text.length; index++) {
      if (this.chars[this.at + index] !== text[index]) return false;
    }
    return true;
  }

  /** The text up to the terminator, which is consumed; null when it does not follow. */
  until(terminator: string): string | null {
    const end = this.chars.indexOf(terminator, this.at);
    if (end < 0) return null;
    const text = this.chars.slice(this.at, end).join("");
    this.at = end + 1;
    return text;
  }
}

export function backReference(text: string): PatternError {
  return new PatternError(
    "notRegular",
    `the back-reference \`${text}\` is not part of the pattern language`,
    "patterns are regular: they cannot compare one part of the text with another",
  );
}
