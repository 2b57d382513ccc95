/**
 * The last verdict as the WIT's record `verdict`, in the layout of the canonical ABI (u8, u32 and pointers little-endian, each at
 * its own alignment; an option or variant is a byte, then the payload):
 *
 *   0 effect   4 code   12 agent   24 rule { 32 file, 40 line, 48 column, 56 id }   64 reason   76 detail { 80 case, 84 payload }
 *   92 credentials   100 notify   108 redact
 */
import { EFFECT_DEFER, EFFECT_DENY, EFFECT_PERMIT } from "../../constants";
import { allocate } from "./arena";
import { describe, outputPointer } from "./core";
import {
  ahead,
  beginReading,
  countItems,
  endReading,
  take,
  takeInteger,
  takeName,
  takeRaw,
  takeString,
  takesNull,
} from "./reader";

export const VERDICT_BYTES: usize = 120;
const CODE: usize = 4;
const AGENT: usize = 12;
const RULE: usize = 24;
const REASON: usize = 64;
const DETAIL: usize = 76;
const CREDENTIALS: usize = 92;
const NOTIFY: usize = 100;
const REDACT: usize = 108;

const LIST_BYTES: usize = 8;
const STEP_BYTES: usize = 12;

/** What a list is of. */
const OF_OBJECTS: u32 = 0;
const OF_STRINGS: u32 = 1;
const OF_PATHS: u32 = 2;
const OF_STEPS: u32 = 3;

const QUOTE: u8 = 0x22;
const COMMA: u8 = 0x2c;
const OPEN: u8 = 0x5b;
const CLOSE: u8 = 0x5d;
const CLOSE_OBJECT: u8 = 0x7d;

/** Reads what `describe` writes for the call that gave `packed`. `into` has VERDICT_BYTES, 8-aligned. */
export function putVerdict(packed: u32, into: usize): void {
  store<u8>(into, effectOf((packed >> 8) & 3));
  beginReading(outputPointer(), describe());
  takeName(5);
  putText(into + AGENT);
  takeName(4);
  takeString(into + CODE);
  takeName(6);
  putDetail(into + DETAIL);
  takeName(6);
  // Said by `packed` already; the pointer is overwritten by what comes next.
  takeString(into + CREDENTIALS);
  takeName(11);
  putObligations(into);
  takeName(6);
  putText(into + REASON);
  takeName(4);
  putRule(into + RULE);
  endReading();
}

/** In the order of the WIT's enum. */
function effectOf(effect: u32): u8 {
  if (effect == EFFECT_PERMIT) return 0;
  if (effect == EFFECT_DENY) return 1;
  if (effect != EFFECT_DEFER) unreachable();
  return 2;
}

/** An `option<string>`. */
function putText(into: usize): void {
  const isThere = !takesNull();
  store<u8>(into, isThere ? 1 : 0);
  if (isThere) takeString(into + 4);
}

/** `{"column":1,"file":"…","id":"…","line":1}` or null. */
function putRule(into: usize): void {
  const isThere = !takesNull();
  store<u8>(into, isThere ? 1 : 0);
  if (!isThere) return;
  takeName(6);
  store<u64>(into, takeInteger(), 24);
  takeName(4);
  takeString(into + 8);
  takeName(2);
  takeString(into + 32);
  takeName(4);
  store<u64>(into, takeInteger(), 16);
  take(CLOSE_OBJECT);
}

/** The cases in the order of the WIT, told apart by the length of the name and one letter. */
function putDetail(into: usize): void {
  const isThere = !takesNull();
  store<u8>(into, isThere ? 1 : 0);
  if (!isThere) return;
  let name: usize = 1;
  while (ahead(1 + name) != QUOTE) name++;
  const first = ahead(2);
  takeName(name - 1);
  const which = caseOf(first, name - 1);
  store<u8>(into, which, 4);
  if (which == 0) store<u32>(into, <u32>takeInteger(), 8);
  else takeString(into + 8);
  take(CLOSE_OBJECT);
}

function caseOf(letter: u8, bytes: usize): u8 {
  if (letter == 0x6f && bytes == 6) return 0;
  if (letter == 0x61 && bytes == 8) return 1;
  if (letter == 0x73 && bytes == 8) return 2;
  if (letter == 0x66 && bytes == 5) return 3;
  if (letter == 0x6d && bytes == 5) return 4;
  if (letter != 0x61 || bytes != 5) unreachable();
  return 5;
}

/** `{"credentials":[…],"notify":[…],"redact":[…]}` */
function putObligations(into: usize): void {
  takeName(11);
  putList(into + CREDENTIALS, OF_OBJECTS);
  takeName(6);
  putList(into + NOTIFY, OF_STRINGS);
  takeName(6);
  putList(into + REDACT, OF_PATHS);
  take(CLOSE_OBJECT);
}

/** Pointer and length of a list to `into`, its items to the arena. */
function putList(into: usize, kind: u32): void {
  const count = countItems();
  const itemBytes = kind == OF_STEPS ? STEP_BYTES : LIST_BYTES;
  const items = allocate(itemBytes * count, 4);
  store<u32>(into, <u32>items);
  store<u32>(into, count, 4);
  take(OPEN);
  for (let i: u32 = 0; i < count; i++) {
    if (i > 0) take(COMMA);
    putItem(items + itemBytes * i, kind);
  }
  take(CLOSE);
}

function putItem(into: usize, kind: u32): void {
  if (kind == OF_OBJECTS) takeRaw(into);
  else if (kind == OF_STRINGS) takeString(into);
  else if (kind == OF_PATHS) putList(into, OF_STEPS);
  else putStep(into);
}

function putStep(into: usize): void {
  const isKey = ahead(0) == QUOTE;
  store<u8>(into, isKey ? 0 : 1);
  if (isKey) takeString(into + 4);
  else store<u32>(into, <u32>takeInteger(), 4);
}
