/** NUMBERS, LISTS and PATHS. */
import {
  LIST_BOOLEANS,
  LIST_NUMBERS,
  LIST_STRINGS,
  LOAD_BAD_REFERENCE,
  LOAD_BAD_SECTION,
  LOAD_OK,
  MAX_NESTING,
  ROOT_AGENT,
  ROOT_COUNT,
  ROOT_DELEGATION,
  ROOT_MODEL,
  ROOT_SESSION,
  ROOT_TIME,
  ROOT_TOOL,
  STEP_INDEX,
} from "../../constants";
import {
  LIST_BYTES,
  listCount,
  lists,
  NUMBER_BYTES,
  numberCount,
  numbers,
  PATH_BYTES,
  pathCount,
  paths,
  sliceCount,
  sliceFirst,
  stringCount,
  stringLength,
  stringText,
} from "../bundle";
import { SESSION_FIELD_NONE, sessionField, TIME_FIELD_NONE, timeField } from "../evaluate/fields";
import { is } from "../literal";
import { compareRead, readEntry } from "../number/decimal";
import { takeIds, takeSlice } from "./slices";

const MANTISSA_LIMIT: u64 = 10000000000000000000;
/** Far beyond every double; keeps sums of exponents from wrapping. */
const MAX_EXPONENT: i32 = 1048576;

export function checkNumbers(): u32 {
  for (let id: u32 = 0; id < numberCount; id++) {
    const entry = numbers + <usize>id * NUMBER_BYTES;
    const mantissa = load<u64>(entry);
    const exponent = load<i32>(entry, 8);
    const negative = load<u32>(entry, 12);
    if (mantissa >= MANTISSA_LIMIT || negative > 1) return LOAD_BAD_SECTION;
    if (exponent > MAX_EXPONENT || exponent < -MAX_EXPONENT) return LOAD_BAD_SECTION;
    if (mantissa == 0 ? exponent != 0 || negative != 0 : mantissa % 10 == 0) return LOAD_BAD_SECTION;
    if (id > 0 && compareRead(mantissa, exponent, negative != 0) >= 0) return LOAD_BAD_SECTION;
    readEntry(entry);
  }
  return LOAD_OK;
}

export function checkLists(): u32 {
  for (let id: u32 = 0; id < listCount; id++) {
    const list = lists + <usize>id * LIST_BYTES;
    const kind = load<u32>(list);
    const limit: u32 = kind == LIST_STRINGS ? stringCount : kind == LIST_NUMBERS ? numberCount : 2;
    if (kind > LIST_BOOLEANS || !takeIds(list + 4, limit)) return LOAD_BAD_REFERENCE;
  }
  return LOAD_OK;
}

export function checkPaths(): u32 {
  for (let id: u32 = 0; id < pathCount; id++) {
    const path = paths + <usize>id * PATH_BYTES;
    const root = load<u32>(path);
    if (root >= ROOT_COUNT || !takeSlice(path + 4)) return LOAD_BAD_REFERENCE;
    const count = sliceCount(path + 4);
    const first = sliceFirst(path + 4);
    if (count > MAX_NESTING) return LOAD_BAD_REFERENCE;
    for (let i: u32 = 0; i < count; i++) {
      const step = load<u32>(first + 4 * <usize>i);
      if ((step & STEP_INDEX) == 0 && step >= stringCount) return LOAD_BAD_REFERENCE;
    }
    if (!isRootWellFormed(root, first, count)) return LOAD_BAD_REFERENCE;
  }
  return LOAD_OK;
}

/** Roots that are no JSON values take no step, or one from a closed list. */
function isRootWellFormed(root: u32, first: usize, count: u32): bool {
  if (root == ROOT_TOOL || root == ROOT_AGENT || root == ROOT_MODEL) return count == 0;
  if (root == ROOT_DELEGATION) return isChainPath(first, count);
  if (root != ROOT_SESSION && root != ROOT_TIME) return true;
  if (count != 1) return false;
  const step = load<u32>(first);
  if ((step & STEP_INDEX) != 0) return false;
  return root == ROOT_SESSION ? sessionField(step) != SESSION_FIELD_NONE : timeField(step) != TIME_FIELD_NONE;
}

/** `chain`, and perhaps an index in it. */
function isChainPath(first: usize, count: u32): bool {
  if (count - 1 > 1) return false;
  const step = load<u32>(first);
  if ((step & STEP_INDEX) != 0 || !is(stringText(step), stringLength(step), "chain")) return false;
  return count == 1 || (load<u32>(first, 4) & STEP_INDEX) != 0;
}
