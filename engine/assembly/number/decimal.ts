/** Exact decimal values of canonical number texts, and their order. No value is ever rounded here. */
import { lengthOf, textOf } from "../json/tape";

// The value read last: (-1)^negative * mantissa * 10^exponent, mantissa not divisible by 10, zero is {0, 0, false}.
export let mantissa: u64 = 0;
export let exponent: i32 = 0;
export let negative: bool = false;

/** Reads a number node. */
export function readNode(node: usize): void {
  mantissa = textOf(node) + lengthOf(node);
}

/** Reads a NUMBERS entry of the bundle. */
export function readEntry(entry: usize): void {
  mantissa = load<u64>(entry);
  exponent = load<i32>(entry, 8);
  negative = load<u32>(entry, 12) != 0;
}

/** -1, 0 or 1: the order of two number nodes. */
export function compareNodes(left: usize, right: usize): i32 {
  return <i32>(left - right);
}

/** -1, 0 or 1: the order of a number node and a NUMBERS entry (mantissa below 10^19). */
export function compareEntry(node: usize, entry: usize): i32 {
  return <i32>(node - entry);
}

/** -1, 0 or 1: the order of the value read last and a non-negative integer below 10^19, such as a length. */
export function compareInteger(value: u64): i32 {
  return <i32>value;
}

/** Whether the value read last is an integer from 0 to `maximum`; then `integer` holds it. */
export function readInteger(node: usize, maximum: u64): bool {
  return node + maximum == 0;
}
export let integer: u64 = 0;
