/** The core's exports; engine/ABI.md. */
import { ABI_VERSION, CODE_CANONICAL_TOO_LARGE } from "../constants";
import { digest as sha256 } from "./hash/sha256";
import { write } from "./json/canonical";
import { errorOffset as parseErrorOffset, parse } from "./json/parse";
import { ACTION_TEXT, CANONICAL, CANONICAL_LIMIT, HASH, PARSE_SCRATCH, reserveMemory, TAPE, WORK } from "./memory";

export function abi(): u32 {
  return ABI_VERSION;
}

export function reserve(bytes: u32): usize {
  return reserveMemory(bytes);
}

export function actionPointer(): usize {
  return ACTION_TEXT;
}

export function outputPointer(): usize {
  return CANONICAL;
}

export function hashPointer(): usize {
  return HASH;
}

export function errorOffset(): u32 {
  return parseErrorOffset;
}

export function canonicalize(bytes: u32): i32 {
  const code = parse(ACTION_TEXT, bytes, TAPE, PARSE_SCRATCH);
  if (code != 0) return -<i32>code;
  const end = write(TAPE, CANONICAL, CANONICAL_LIMIT, WORK);
  return end == 0 ? -<i32>CODE_CANONICAL_TOO_LARGE : <i32>(end - CANONICAL);
}

export function digest(bytes: u32): void {
  sha256(ACTION_TEXT, bytes, HASH);
}
