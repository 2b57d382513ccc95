/** DEBUG: strings, and for each rule and instruction the ids of its texts. */
import {
  LOAD_BAD_REFERENCE,
  LOAD_BAD_SECTION,
  LOAD_BAD_STRING,
  LOAD_OK,
  LOAD_TOO_LARGE,
  MAX_TEXT_BYTES,
  NONE,
  SECTION_DEBUG,
} from "../../constants";
import {
  CODE_DEBUG_BYTES,
  codeCount,
  debug,
  debugBytes,
  debugLength,
  debugRules,
  debugStarts,
  debugText,
  locateDebugTables,
  RULE_DEBUG_BYTES,
  ruleCount,
  sectionLength,
} from "../bundle";
import { behindBundle, reservedBytes } from "../memory";
import { isIdentity } from "./identity";
import { checkStrings } from "./text";

/** A byte for each text: whether it is known to be an identity, so that none is read for each rule that shares it. */
let known: usize = 0;

export function checkDebug(): u32 {
  const room = sectionLength(SECTION_DEBUG);
  const status = checkStrings(debug, room);
  if (status != LOAD_OK) return status;
  locateDebugTables();
  const count = load<u32>(debug);
  const stringsEnd = debugBytes + load<u32>(debugStarts + 4 * <usize>count);
  const tables = <u64>ruleCount * RULE_DEBUG_BYTES + <u64>codeCount * CODE_DEBUG_BYTES;
  if (<u64>(debugRules - debug) + tables != <u64>room) return LOAD_BAD_SECTION;
  for (let at = stringsEnd; at < debugRules; at++) {
    if (load<u8>(at) != 0) return LOAD_BAD_SECTION;
  }
  known = behindBundle(reservedBytes());
  memory.fill(known, 0, count);
  for (let id: u32 = 0; id < ruleCount; id++) {
    const bad = checkRule(debugRules + <usize>id * RULE_DEBUG_BYTES, count);
    if (bad != LOAD_OK) return bad;
  }
  const instructions = debugRules + <usize>ruleCount * RULE_DEBUG_BYTES;
  for (let id: u32 = 0; id < codeCount; id++) {
    const at = instructions + <usize>id * CODE_DEBUG_BYTES;
    if (load<u32>(at) >= count || load<u32>(at, 12) >= count) return LOAD_BAD_REFERENCE;
  }
  return LOAD_OK;
}

function checkRule(entry: usize, count: u32): u32 {
  const identity = load<u32>(entry);
  const reason = load<u32>(entry, 4);
  if (identity >= count || load<u32>(entry, 8) >= count) return LOAD_BAD_REFERENCE;
  if (load<u8>(known + identity) == 0) {
    if (debugLength(identity) > MAX_TEXT_BYTES) return LOAD_TOO_LARGE;
    if (!isIdentity(debugText(identity), debugLength(identity))) return LOAD_BAD_STRING;
    store<u8>(known + identity, 1);
  }
  if (reason == NONE) return LOAD_OK;
  if (reason >= count) return LOAD_BAD_REFERENCE;
  return debugLength(reason) > MAX_TEXT_BYTES ? LOAD_TOO_LARGE : LOAD_OK;
}
