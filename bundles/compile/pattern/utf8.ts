/** A set of code points as an acyclic graph over the bytes of their UTF-8 forms. */

import type { CodePoints } from "./sets.ts";

/** An edge for the bytes `low` to `high`; `to` null ends the code point. Edges of a node are disjoint and ascending. */
export interface ByteEdge {
  low: number;
  high: number;
  to: ByteNode | null;
}

export interface ByteNode {
  edges: ByteEdge[];
}

/** Last code points of the lengths 1 to 4; surrogates have no UTF-8 form. */
const LENGTH_ENDS = [0x7f, 0x7ff, 0xffff, 0x10ffff];
const SURROGATE_FIRST = 0xd800;
const SURROGATE_LAST = 0xdfff;

type Sequence = [number, number][];

/** Equal nodes are one, so that large classes stay small. A set without members gives a node without edges. */
export function utf8Graph(set: CodePoints): ByteNode {
  const sequences: Sequence[] = [];
  for (let index = 0; index < set.length; index += 2) {
    const [first, last] = [set[index]!, set[index + 1]!];
    splitRange(first, Math.min(last, SURROGATE_FIRST - 1), sequences);
    splitRange(Math.max(first, SURROGATE_LAST + 1), last, sequences);
  }
  const shared = new Map<string, ByteNode>();
  const ids = new Map<ByteNode, number>();
  return buildNode(sequences, 0, 0, sequences.length, shared, ids);
}

/**
 * Splits until each byte position is a range of its own: equal lengths, and below a position that varies every
 * continuation byte is full. Hence ranges at one position with the same prefix are equal or disjoint.
 */
function splitRange(first: number, last: number, out: Sequence[]): void {
  if (first > last) return;
  for (const end of LENGTH_ENDS) {
    if (first <= end && last > end) {
      splitRange(first, end, out);
      splitRange(end + 1, last, out);
      return;
    }
  }
  if (last > 0x7f) {
    for (let bits = 6; bits <= 18; bits += 6) {
      const mask = (1 << bits) - 1;
      if ((first & ~mask) === (last & ~mask)) continue;
      if ((first & mask) !== 0) {
        splitRange(first, first | mask, out);
        splitRange((first | mask) + 1, last, out);
        return;
      }
      if ((last & mask) !== mask) {
        splitRange(first, (last & ~mask) - 1, out);
        splitRange(last & ~mask, last, out);
        return;
      }
    }
  }
  const low = utf8Bytes(first);
  const high = utf8Bytes(last);
  out.push(low.map((byte, position) => [byte, high[position]!]));
}

function utf8Bytes(point: number): number[] {
  if (point <= 0x7f) return [point];
  if (point <= 0x7ff) return [0xc0 | (point >> 6), 0x80 | (point & 0x3f)];
  if (point <= 0xffff) return [0xe0 | (point >> 12), 0x80 | ((point >> 6) & 0x3f), 0x80 | (point & 0x3f)];
  return [
    0xf0 | (point >> 18),
    0x80 | ((point >> 12) & 0x3f),
    0x80 | ((point >> 6) & 0x3f),
    0x80 | (point & 0x3f),
  ];
}

/** Of the sequences `from` to `to`, which share their first `depth` ranges. */
function buildNode(
  sequences: readonly Sequence[],
  depth: number,
  from: number,
  to: number,
  shared: Map<string, ByteNode>,
  ids: Map<ByteNode, number>,
): ByteNode {
  const edges: ByteEdge[] = [];
  for (let index = from; index < to; ) {
    const [low, high] = sequences[index]![depth]!;
    let end = index + 1;
    while (end < to && sequences[end]![depth]![0] === low) end++;
    const isLast = sequences[index]!.length === depth + 1;
    const child = isLast ? null : buildNode(sequences, depth + 1, index, end, shared, ids);
    const previous = edges.at(-1);
    if (previous !== undefined && previous.to === child && previous.high + 1 === low) previous.high = high;
    else edges.push({ low, high, to: child });
    index = end;
  }
  const key = edges.map(({ low, high, to }) => `${low}-${high}:${to === null ? "" : ids.get(to)}`).join(",");
  let node = shared.get(key);
  if (node === undefined) {
    node = { edges };
    shared.set(key, node);
    ids.set(node, ids.size);
  }
  return node;
}
