import { parse, errorOffset, tapeEnd, scratchEnd, FIXED_BYTES } from "./json/parse";
import { write } from "./json/canonical";
import * as decimal from "./number/decimal";
import { firstOf, nextOf } from "./json/tape";
import { MAX_INPUT_BYTES, MAX_CANONICAL_BYTES, CODE_CANONICAL_TOO_LARGE } from "../constants";
import * as sha from "./hash/sha256";
const TEXT: usize = 65536;
const OUT: usize = TEXT + 1048576 + 64 ;
const TAPE: usize = OUT + 1048576 + 64;
const SCRATCH: usize = TAPE + 1048576*8 + 4096;
const END: usize = SCRATCH + 1048576*8+4096;
export function setup(): i32 { return memory.grow(<i32>((END >> 16) + 1)); }
export function textAt(): usize { return TEXT; }
export function outAt(): usize { return OUT; }
export function offset(): u32 { return errorOffset; }
export function parseOnly(n: u32): u32 { return parse(TEXT, n, TAPE, SCRATCH); }
export function canonicalize(n: u32): i32 {
  const code = parse(TEXT, n, TAPE, SCRATCH);
  if (code) return -<i32>code;
  return writeOnly();
}
export function writeOnly(): i32 {
  const end = write(TAPE, OUT, OUT + MAX_CANONICAL_BYTES, (scratchEnd+7)&~7);
  return end ? <i32>(end - OUT) : -<i32>CODE_CANONICAL_TOO_LARGE;
}
export function compare(n: u32): i32 {
  const code = parse(TEXT, n, TAPE, SCRATCH);
  if (code) return -<i32>code;
  const a = firstOf(TAPE);
  return decimal.compareNodes(a, nextOf(a));
}
export function digest(n: u32): void { sha.digest(TEXT, n, OUT); }
