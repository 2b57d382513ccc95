/**
 * The functions of engine/wit/faramesh.wit in the canonical ABI, over the core's own memory. Nothing is decided here: arguments
 * go where the core reads them, and results are pointed to where the core has written them.
 */
import {
  CODE_CANONICAL_TOO_LARGE,
  CODE_DELEGATION_INVALID,
  CODE_DELEGATION_REVOKED,
  CODE_DUPLICATE_KEY,
  CODE_ENGINE_TRAP,
  CODE_IDENTITY_INVALID,
  CODE_INPUT_TOO_LARGE,
  CODE_INTEGER_INEXACT,
  CODE_INVALID_JSON,
  CODE_INVALID_UTF8,
  CODE_LONE_SURROGATE,
  CODE_NUMBER_OUT_OF_RANGE,
  CODE_RECORD_UNWRITABLE,
  CODE_STATE_UNAVAILABLE,
  CODE_TOO_DEEP,
  LOAD_OK,
  LOAD_TOO_LARGE,
  NONE,
} from "../../constants";
import { allocate, begin, empty, reallocate, standBehind } from "./arena";
import * as core from "./core";
import { layAction, layFacts, layPlace, layState, NO_MISUSE } from "./inputs";
import { putVerdict, VERDICT_BYTES } from "./verdict";

export { reallocate };

const DIGEST_BYTES: u32 = 32;
const LIST_BYTES: usize = 8;
const FRAME_BYTES: usize = 8;
const SLOT_BYTES: u32 = 8;
/** On the code of a refusal: it is of an event. */
const OF_EVENT: u32 = 0x100;

/** `result<recorded, misuse>`: a byte, then at 8 a misuse, or verdict, record, hash and state. */
const RESULT_BYTES: usize = 160;
const PAYLOAD: usize = 8;
const RECORD: usize = PAYLOAD + VERDICT_BYTES;
const HASH: usize = RECORD + LIST_BYTES;
const STATE: usize = HASH + LIST_BYTES;

function putBytes(into: usize, bytes: usize, count: u32): void {
  store<u32>(into, <u32>bytes);
  store<u32>(into, count, 4);
}

export function engineDigest(): usize {
  begin();
  const result = allocate(LIST_BYTES, 4);
  putBytes(result, core.enginePointer(), DIGEST_BYTES);
  return result;
}

/** `result<list<u8>, load-refusal>`; the refusals stand in the order of LOAD_*, from 1. */
export function loadPolicy(bundle: usize, bytes: u32, signed: u32): usize {
  begin();
  const status = loadBundle(bundle, bytes, signed);
  const result = allocate(4 + LIST_BYTES, 4);
  store<u8>(result, status == LOAD_OK ? 0 : 1);
  if (status == LOAD_OK) putBytes(result + 4, core.bundleDigestPointer(), DIGEST_BYTES);
  else store<u8>(result, <u8>(status - 1), 4);
  return result;
}

function loadBundle(bundle: usize, bytes: u32, signed: u32): u32 {
  const room = core.reserve(bytes);
  if (room == 0) {
    // The regions are still wanted, with no policy.
    standBehind(core.reserve(0), 0);
    return LOAD_TOO_LARGE;
  }
  // The argument stands in what may be the core's own now: first it moves, then the arena does.
  memory.copy(room, bundle, bytes);
  standBehind(room, bytes);
  return core.load(bytes, signed);
}

export function decide(
  action: usize,
  actionBytes: u32,
  hasFacts: u32,
  facts: usize,
  factsBytes: u32,
  hasState: u32,
  state: usize,
  stateCount: u32,
): usize {
  begin();
  const textBytes = layAction(action, actionBytes);
  const knownBytes = layFacts(hasFacts, facts, factsBytes);
  const packed = core.decide(textBytes, knownBytes, layState(hasState, state, stateCount), 0);
  empty();
  const result = allocate(VERDICT_BYTES, 8);
  putVerdict(packed, result);
  return result;
}

export function decideRecorded(
  action: usize,
  actionBytes: u32,
  hasFacts: u32,
  facts: usize,
  factsBytes: u32,
  hasState: u32,
  state: usize,
  stateCount: u32,
  sequence: u64,
  previous: usize,
  previousBytes: u32,
): usize {
  begin();
  const misuse = layPlace(sequence, previous, previousBytes);
  if (misuse != NO_MISUSE) return misused(misuse);
  const textBytes = layAction(action, actionBytes);
  const knownBytes = layFacts(hasFacts, facts, factsBytes);
  const blobBytes = layState(hasState, state, stateCount);
  return recorded(core.decideRecorded(textBytes, knownBytes, blobBytes, low(sequence), high(sequence)));
}

export function applyEvent(
  event: usize,
  eventBytes: u32,
  hasFacts: u32,
  facts: usize,
  factsBytes: u32,
  hasState: u32,
  state: usize,
  stateCount: u32,
  sequence: u64,
  previous: usize,
  previousBytes: u32,
): usize {
  begin();
  const misuse = layPlace(sequence, previous, previousBytes);
  if (misuse != NO_MISUSE) return misused(misuse);
  const textBytes = layAction(event, eventBytes);
  const knownBytes = layFacts(hasFacts, facts, factsBytes);
  const blobBytes = layState(hasState, state, stateCount);
  return recorded(core.applyEvent(textBytes, knownBytes, blobBytes, low(sequence), high(sequence)));
}

export function refuse(
  reason: u32,
  ofEvent: u32,
  hasText: u32,
  text: usize,
  textBytes: u32,
  hasFacts: u32,
  facts: usize,
  factsBytes: u32,
  sequence: u64,
  previous: usize,
  previousBytes: u32,
): usize {
  begin();
  const misuse = layPlace(sequence, previous, previousBytes);
  if (misuse != NO_MISUSE) return misused(misuse);
  const actionBytes = hasText == 0 ? NONE : layAction(text, textBytes);
  const knownBytes = layFacts(hasFacts, facts, factsBytes);
  const code = hostRefusal(reason) | (ofEvent == 0 ? 0 : OF_EVENT);
  return recorded(core.refuse(code, actionBytes, knownBytes, low(sequence), high(sequence)));
}

/** In the order of the WIT's enum. */
function hostRefusal(reason: u32): u32 {
  switch (reason) {
    case 0:
      return CODE_ENGINE_TRAP;
    case 1:
      return CODE_LONE_SURROGATE;
    case 2:
      return CODE_RECORD_UNWRITABLE;
    case 3:
      return CODE_STATE_UNAVAILABLE;
    case 4:
      return CODE_IDENTITY_INVALID;
    case 5:
      return CODE_DELEGATION_INVALID;
    case 6:
      return CODE_DELEGATION_REVOKED;
    default:
      return unreachable();
  }
}

function low(sequence: u64): u32 {
  return <u32>sequence;
}

function high(sequence: u64): u32 {
  return <u32>(sequence >> 32);
}

function misused(misuse: i32): usize {
  const result = allocate(RESULT_BYTES, 8);
  store<u8>(result, 1);
  store<u8>(result, <u8>misuse, PAYLOAD);
  return result;
}

function recorded(packed: u32): usize {
  empty();
  const result = allocate(RESULT_BYTES, 8);
  store<u8>(result, 0);
  putBytes(result + RECORD, core.recordPointer(), core.recordBytes());
  putBytes(result + HASH, core.hashPointer(), DIGEST_BYTES);
  putState(result + STATE);
  putVerdict(packed, result + PAYLOAD);
  return result;
}

/** An `option<state>`: the blobs stay where the core has written them. */
function putState(into: usize): void {
  const isThere = core.stateAfterBytes() != 0;
  store<u8>(into, isThere ? 1 : 0);
  if (!isThere) return;
  const after = core.stateAfterPointer();
  const count = load<u32>(after);
  const blobs = allocate(LIST_BYTES * count, 4);
  putBytes(into + 4, blobs, count);
  let blob = after + FRAME_BYTES * (1 + count);
  for (let i: u32 = 0; i < count; i++) {
    const bytes = load<u32>(after + FRAME_BYTES * (1 + i)) * SLOT_BYTES;
    putBytes(blobs + LIST_BYTES * i, blob, bytes);
    blob += bytes;
  }
}

/** `result<list<u8>, text-refusal>` */
export function canonicalize(text: usize, bytes: u32): usize {
  begin();
  const length = core.canonicalize(layAction(text, bytes));
  empty();
  const result = allocate(16, 4);
  store<u8>(result, length >= 0 ? 0 : 1);
  if (length >= 0) {
    putBytes(result + 4, core.outputPointer(), <u32>length);
    return result;
  }
  const code = <u32>-length;
  const hasOffset = code != CODE_INPUT_TOO_LARGE && code != CODE_CANONICAL_TOO_LARGE;
  store<u8>(result, textCode(code), 4);
  store<u8>(result, hasOffset ? 1 : 0, 8);
  if (hasOffset) store<u32>(result, core.errorOffset(), 12);
  return result;
}

/** In the order of the WIT's enum. */
function textCode(code: u32): u8 {
  switch (code) {
    case CODE_INVALID_JSON:
      return 0;
    case CODE_INVALID_UTF8:
      return 1;
    case CODE_LONE_SURROGATE:
      return 2;
    case CODE_TOO_DEEP:
      return 3;
    case CODE_INTEGER_INEXACT:
      return 4;
    case CODE_NUMBER_OUT_OF_RANGE:
      return 5;
    case CODE_DUPLICATE_KEY:
      return 6;
    case CODE_INPUT_TOO_LARGE:
      return 7;
    case CODE_CANONICAL_TOO_LARGE:
      return 8;
    default:
      return unreachable();
  }
}

/** Of every call: nothing that it returned is looked at any more. */
export function returned(_result: usize): void {
  empty();
}
