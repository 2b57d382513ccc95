/** Writing JSON behind a cursor. Regions have room for the largest output of a loaded bundle (memory.ts), so nothing is cut. */

import { writeHex } from "../hash/hex";
import { copy } from "../json/bytes";
import { write, writeInteger, writeString } from "../json/canonical";
import { writeLiteral } from "../literal";
import { RECORD_LIMIT, WORK } from "../memory";

const QUOTE: u8 = 0x22;
const CLOSE_LIST: u8 = 0x5d;
const CLOSE_OBJECT: u8 = 0x7d;

let cursor: usize = 0;

export function beginWriting(out: usize): void {
  cursor = out;
}

/** Address behind what was written. */
export function written(): usize {
  return cursor;
}

/** JSON syntax and names as they are. */
export function put(literal: string): void {
  cursor = writeLiteral(literal, cursor);
}

export function putString(text: usize, length: u32): void {
  cursor = writeString(text, length, cursor, RECORD_LIMIT);
}

/** An ASCII literal that needs no escapes, in quotes. */
export function putName(literal: string): void {
  store<u8>(cursor++, QUOTE);
  put(literal);
  store<u8>(cursor++, QUOTE);
}

export function putInteger(value: u64): void {
  cursor = writeInteger(value, cursor);
}

/** Bytes that are JSON already. */
export function putJson(text: usize, length: u32): void {
  copy(cursor, text, length);
  cursor += length;
}

/** The canonical form of a node. */
export function putNode(node: usize): void {
  cursor = write(node, cursor, RECORD_LIMIT, WORK);
}

/** Bytes as hexadecimal in quotes. */
export function putHex(bytes: usize, length: u32): void {
  store<u8>(cursor++, QUOTE);
  cursor = writeHex(bytes, length, cursor);
  store<u8>(cursor++, QUOTE);
}

/** An integer as hexadecimal without leading zeros, in quotes. */
export function putHexInteger(value: u64): void {
  store<u8>(cursor++, QUOTE);
  let shift = 60 - (<i32>clz(value | 1) & ~3);
  for (; shift >= 0; shift -= 4) {
    const digit = <u32>(value >> shift) & 15;
    store<u8>(cursor++, digit < 10 ? 0x30 + digit : 0x57 + digit);
  }
  store<u8>(cursor++, QUOTE);
}

/** Digits that are hexadecimal already, in quotes. */
export function putDigits(digits: usize, length: u32): void {
  store<u8>(cursor++, QUOTE);
  putJson(digits, length);
  store<u8>(cursor++, QUOTE);
}

/** Replaces the comma behind the last element, if there is one, and closes the list whose elements begin at `from`. */
export function closeList(from: usize): void {
  close(from, CLOSE_LIST);
}

/** As closeList, of an object. */
export function closeObject(from: usize): void {
  close(from, CLOSE_OBJECT);
}

function close(from: usize, bracket: u8): void {
  if (cursor > from) cursor--;
  store<u8>(cursor++, bracket);
}
