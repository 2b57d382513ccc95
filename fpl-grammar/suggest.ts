/** The nearest of some known words, for "did you mean". */

/** Optimal string alignment distance, stopped above `limit`. */
export function distance(left: string, right: string, limit: number): number {
  if (Math.abs(left.length - right.length) > limit) return limit + 1;
  let before: number[] = [];
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= right.length; j++) {
      const same = left[i - 1] === right[j - 1];
      let cost = Math.min(previous[j]! + 1, row[j - 1]! + 1, previous[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1]) {
        cost = Math.min(cost, before[j - 2]! + 1);
      }
      row.push(cost);
      least = Math.min(least, cost);
    }
    if (least > limit) return limit + 1;
    before = previous;
    previous = row;
  }
  return previous[right.length]!;
}

/** The candidate nearest to `word`, none if all are further than a third of its length (at least 1, at most 3). */
export function suggest(word: string, candidates: Iterable<string>): string | null {
  if (word.length > 64) return null;
  const limit = Math.min(3, Math.max(1, Math.floor(word.length / 3)));
  const lower = word.toLowerCase();
  let best: string | null = null;
  let bestDistance = limit + 1;
  for (const candidate of candidates) {
    const found = lower === candidate.toLowerCase() ? 0 : distance(lower, candidate.toLowerCase(), limit);
    if (found < bestDistance || (found === bestDistance && best !== null && candidate < best)) {
      if (found <= limit) best = candidate;
      bestDistance = Math.min(bestDistance, found);
    }
  }
  return best;
}

/** Help text for an unknown word, or `otherwise`. */
export function didYouMean(
  word: string,
  candidates: Iterable<string>,
  otherwise: string | null,
): string | null {
  const nearest = suggest(word, candidates);
  return nearest === null ? otherwise : `did you mean \`${nearest}\`?`;
}
