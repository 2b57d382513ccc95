/** What all obligations of a bundle may take in a verdict: outputs have fixed room (memory.ts). */
import { LOAD_OK, LOAD_TOO_LARGE, MAX_OBLIGATION_BYTES, NONE, STEP_INDEX } from "../../constants";
import {
  AGENT_ALERT_DEFER,
  AGENT_ALERT_PERMIT,
  agentAt,
  agentCount,
  credentials,
  LIST_BYTES,
  lists,
  MEMORY_BUDGET_WARNING,
  MEMORY_RATE_EXCEEDED,
  memoryAt,
  PATH_BYTES,
  paths,
  redacts,
  schemas,
  sliceCount,
  sliceFirst,
  stringLength,
} from "../bundle";

/** A byte of text as `\u00xx`. */
const ESCAPED: u64 = 6;
/** Quotes and comma, or an index and its comma. */
const AROUND: u64 = 12;
/** Brackets, and a commitment in the record: `{"redacted":"` and 64 digits. */
const REDACTION: u64 = 96;

let total: u64 = 0;

export function checkObligations(): u32 {
  total = 0;
  for (let at = redacts; at < credentials; at += 4) {
    total += REDACTION;
    if (!addPath(paths + <usize>load<u32>(at) * PATH_BYTES)) return LOAD_TOO_LARGE;
  }
  for (let at = credentials; at < schemas; at += 8) {
    total += <u64>stringLength(load<u32>(at, 4)) + AROUND;
    if (total > MAX_OBLIGATION_BYTES) return LOAD_TOO_LARGE;
  }
  for (let id: u32 = 0; id < agentCount; id++) {
    const agent = agentAt(id);
    for (let field = AGENT_ALERT_PERMIT; field <= AGENT_ALERT_DEFER; field += 4) {
      const list = load<u32>(agent + field);
      if (list != NONE && !addStrings(lists + <usize>list * LIST_BYTES + 4)) return LOAD_TOO_LARGE;
    }
    for (let field = MEMORY_BUDGET_WARNING; field <= MEMORY_RATE_EXCEEDED; field += 4) {
      const list = load<u32>(memoryAt(id) + field);
      if (list != NONE && !addStrings(lists + <usize>list * LIST_BYTES + 4)) return LOAD_TOO_LARGE;
    }
  }
  return LOAD_OK;
}

function addPath(path: usize): bool {
  const first = sliceFirst(path + 4);
  const count = sliceCount(path + 4);
  for (let i: u32 = 0; i < count; i++) {
    const step = load<u32>(first + 4 * <usize>i);
    total += AROUND;
    if ((step & STEP_INDEX) == 0) total += ESCAPED * <u64>stringLength(step);
  }
  return total <= MAX_OBLIGATION_BYTES;
}

function addStrings(slice: usize): bool {
  const first = sliceFirst(slice);
  const count = sliceCount(slice);
  for (let i: u32 = 0; i < count; i++) {
    total += ESCAPED * <u64>stringLength(load<u32>(first + 4 * <usize>i)) + AROUND;
    if (total > MAX_OBLIGATION_BYTES) return false;
  }
  return true;
}
