/** Exit statuses, the same for every command. */
export const EXIT_OK = 0;
/** The command ran and found something: a policy with errors, a refused bundle, a failed test, a malformed call. */
export const EXIT_FINDINGS = 1;
/** The command could not run: misuse, or a file that cannot be read or written. */
export const EXIT_MISUSE = 2;

/** An expected end of a command: printed as one message with its place and its help, never as a stack trace. */
export class CommandError extends Error {
  readonly exit: number;
  readonly place: string | null;
  readonly help: string | null;

  constructor(exit: number, message: string, details: { place?: string | null; help?: string | null } = {}) {
    super(message);
    this.exit = exit;
    this.place = details.place ?? null;
    this.help = details.help ?? null;
  }
}

/** The command line is wrong. */
export function misuse(message: string, help: string | null = null): CommandError {
  return new CommandError(EXIT_MISUSE, message, { help });
}

/** An input that was read and refused. */
export function refused(place: string, message: string, help: string | null = null): CommandError {
  return new CommandError(EXIT_FINDINGS, message, { place, help });
}

/** The nearest of `candidates` to a mistyped word, or null when none is near (Damerau-Levenshtein, optimal string alignment). */
export function nearest(word: string, candidates: readonly string[]): string | null {
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance =
      candidate.startsWith(word) && word.length > 1
        ? 1
        : editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function editDistance(from: string, to: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let cost = Math.min(
        previous[column]! + 1,
        current[column - 1]! + 1,
        previous[column - 1]! + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]) {
        cost = Math.min(cost, beforePrevious[column - 2]! + 1);
      }
      current.push(cost);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[to.length]!;
}
