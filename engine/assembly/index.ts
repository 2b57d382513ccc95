/** The core's exports: engine/ABI.md. A pure function of the bundle and two input texts; it imports nothing. */
import {
  ABI_VERSION,
  CODE_CANONICAL_TOO_LARGE,
  CODE_INPUT_TOO_LARGE,
  LOAD_OK,
  MAX_CANONICAL_BYTES,
  MAX_INPUT_BYTES,
} from "../constants";
import { decideInputs, refuseUnread } from "./decide/decide";
import { stateAfter } from "./decide/state";
import { pack } from "./decide/verdict";
import { applyInputs } from "./event/apply";
import { digest as sha256 } from "./hash/sha256";
import { write } from "./json/canonical";
import { parse, errorOffset as parseErrorOffset } from "./json/parse";
import { loadBundle } from "./load/load";
import {
  ACTION_TEXT,
  BUNDLE_DIGEST,
  ENGINE,
  FACTS_TEXT,
  HASH,
  MAX_RECORD_BYTES,
  OUTPUT,
  PARSE_SCRATCH,
  PREVIOUS,
  RECORD,
  reserveMemory,
  STATE,
  STATE_AFTER,
  STATUS,
  TAPE,
  TRACE,
  WORK,
} from "./memory";
import { describeVerdict } from "./record/describe";
import { hasObligations } from "./record/obligations";
import { chainHash, hashOutside, layTag, recordLength, writeRecord } from "./record/record";
import { beginTrace, traceCount } from "./record/trace";

/** On the code of a refusal: it is of an event. */
const OF_EVENT: u32 = 0x100;

let hasPolicy: bool = false;
let isSigned: bool = false;

export function abi(): u32 {
  return ABI_VERSION;
}

export function reserve(bytes: u32): usize {
  hasPolicy = false;
  const room = reserveMemory(bytes);
  if (room != 0) layTag();
  return room;
}

export function load(bytes: u32, signed: u32): u32 {
  hasPolicy = false;
  const status = loadBundle(bytes);
  hasPolicy = status == LOAD_OK;
  isSigned = hasPolicy && signed == 1;
  return status;
}

export function decide(actionBytes: u32, factsBytes: u32, stateBytes: u32, trace: u32): u32 {
  beginTrace(trace == 1);
  decideInputs(actionBytes, factsBytes, stateBytes, hasPolicy);
  return pack(hasObligations());
}

export function decideRecorded(
  actionBytes: u32,
  factsBytes: u32,
  stateBytes: u32,
  sequenceLow: u32,
  sequenceHigh: u32,
): u32 {
  beginTrace(false);
  decideInputs(actionBytes, factsBytes, stateBytes, hasPolicy);
  writeRecord(<u64>sequenceLow | ((<u64>sequenceHigh) << 32), hasPolicy, isSigned);
  return pack(hasObligations());
}

/** The same of an event in the place of an action. */
export function applyEvent(
  eventBytes: u32,
  factsBytes: u32,
  stateBytes: u32,
  sequenceLow: u32,
  sequenceHigh: u32,
): u32 {
  beginTrace(false);
  applyInputs(eventBytes, factsBytes, stateBytes, hasPolicy);
  writeRecord(<u64>sequenceLow | ((<u64>sequenceHigh) << 32), hasPolicy, isSigned);
  return pack(hasObligations());
}

/** The verdict and the record of a refusal that the host came to. The texts are not read, only digested. */
export function refuse(
  code: u32,
  actionBytes: u32,
  factsBytes: u32,
  sequenceLow: u32,
  sequenceHigh: u32,
): u32 {
  beginTrace(false);
  refuseUnread(code & 0xff, actionBytes, factsBytes, (code & OF_EVENT) != 0);
  writeRecord(<u64>sequenceLow | ((<u64>sequenceHigh) << 32), hasPolicy, isSigned);
  return pack(hasObligations());
}

export function hashRecords(inside: u32): void {
  hashOutside(inside == 0);
}

export function describe(): u32 {
  return describeVerdict();
}

export function canonicalize(bytes: u32): i32 {
  if (bytes > MAX_INPUT_BYTES) return -(<i32>CODE_INPUT_TOO_LARGE);
  const fault = parse(ACTION_TEXT, bytes, TAPE, PARSE_SCRATCH);
  if (fault != 0) return -(<i32>fault);
  const end = write(TAPE, OUTPUT, OUTPUT + MAX_CANONICAL_BYTES, WORK);
  return end == 0 ? -(<i32>CODE_CANONICAL_TOO_LARGE) : <i32>(end - OUTPUT);
}

export function digest(bytes: u32): void {
  if (bytes > MAX_RECORD_BYTES) unreachable();
  sha256(ACTION_TEXT, bytes, HASH);
}

export function chain(bytes: u32): void {
  if (bytes > MAX_RECORD_BYTES) unreachable();
  chainHash(ACTION_TEXT, bytes);
}

export function errorOffset(): u32 {
  return parseErrorOffset;
}

export function actionPointer(): usize {
  return ACTION_TEXT;
}

export function factsPointer(): usize {
  return FACTS_TEXT;
}

export function previousPointer(): usize {
  return PREVIOUS;
}

export function enginePointer(): usize {
  return ENGINE;
}

export function statePointer(): usize {
  return STATE;
}

export function stateAfterPointer(): usize {
  return STATE_AFTER;
}

export function stateAfterBytes(): u32 {
  return stateAfter;
}

export function statusPointer(): usize {
  return STATUS;
}

export function outputPointer(): usize {
  return OUTPUT;
}

export function recordPointer(): usize {
  return RECORD;
}

export function recordBytes(): u32 {
  return recordLength;
}

export function bundleDigestPointer(): usize {
  return BUNDLE_DIGEST;
}

export function hashPointer(): usize {
  return HASH;
}

export function tracePointer(): usize {
  return TRACE;
}

export function traceEvents(): u32 {
  return traceCount;
}
