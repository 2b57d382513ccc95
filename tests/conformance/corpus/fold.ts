/** Long texts as pieces and how often they stand. */
import type { Folded } from "./lines.ts";

/** In UTF-16 units; a shorter text stays as it is. */
const FOLDED_FROM = 3_000;
const LONGEST_PIECE = 16;
/** What a run must take to be one, in UTF-16 units. */
const SHORTEST_RUN = 200;

export function foldText(text: string): Folded {
  if (text.length < FOLDED_FROM) return text;
  const pieces: [string, number][] = [];
  let plain = "";
  for (let at = 0; at < text.length; ) {
    const run = runAt(text, at);
    if (run === null) plain += text[at++];
    else {
      if (plain !== "") pieces.push([plain, 1]);
      plain = "";
      pieces.push([run.piece, run.times]);
      at += run.piece.length * run.times;
    }
  }
  if (plain !== "") pieces.push([plain, 1]);
  return pieces;
}

/** The run of the shortest piece that begins there. */
function runAt(text: string, at: number): { piece: string; times: number } | null {
  for (let length = 1; length <= LONGEST_PIECE; length++) {
    const piece = text.slice(at, at + length);
    // Half of a surrogate pair is no text.
    if (!isWhole(piece)) continue;
    let times = 1;
    while (text.startsWith(piece, at + times * length)) times++;
    if (times > 1 && times * length >= SHORTEST_RUN) return { piece, times };
  }
  return null;
}

const isWhole = (piece: string): boolean => !/\p{Surrogate}/u.test(piece);
