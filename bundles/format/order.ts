/** The orders in which a bundle's tables stand. */

import type { IrList, IrNumber, IrPath } from "./ir.ts";

/** Order of the UTF-8 bytes, which is the order of code points; not that of UTF-16 units. */
export function compareText(left: string, right: string): number {
  if (left === right) return 0;
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    let a = left.charCodeAt(index);
    let b = right.charCodeAt(index);
    if (a === b) continue;
    // A surrogate stands for a code point above U+FFFF, hence above U+E000 - U+FFFF.
    if (a >= 0xd800 && b >= 0xd800) {
      a = a >= 0xe000 ? a - 0x800 : a + 0x2000;
      b = b >= 0xe000 ? b - 0x800 : b + 0x2000;
    }
    return a - b;
  }
  return left.length - right.length;
}

export function compareNumbers(left: IrNumber, right: IrNumber): number {
  const leftSign = left.digits === "0" ? 0 : left.negative ? -1 : 1;
  const rightSign = right.digits === "0" ? 0 : right.negative ? -1 : 1;
  if (leftSign !== rightSign) return leftSign - rightSign;
  return leftSign * compareMagnitudes(left, right);
}

function compareMagnitudes(left: IrNumber, right: IrNumber): number {
  if (left.digits === "0" || right.digits === "0") return 0;
  const magnitude = left.digits.length + left.exponent - (right.digits.length + right.exponent);
  if (magnitude !== 0) return magnitude;
  // Same power of ten in front, no trailing zeros: the texts order as the fractions 0.digits.
  return left.digits < right.digits ? -1 : left.digits > right.digits ? 1 : 0;
}

export function compareIds(left: readonly number[], right: readonly number[]): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const difference = left[index]! - right[index]!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

export function compareLists(left: IrList, right: IrList): number {
  return left.kind - right.kind || compareIds(left.ids, right.ids);
}

export function comparePaths(left: IrPath, right: IrPath): number {
  return left.root - right.root || compareIds(left.steps, right.steps);
}
