/** EXACT and GLOBS: every name can be found, every search ends. */
import {
  LOAD_BAD_REFERENCE,
  LOAD_BAD_SECTION,
  LOAD_OK,
  LOAD_TOO_LARGE,
  LOOP_ANY,
  MAX_TEXT_BYTES,
  MAX_TOOL_NAME_BYTES,
  NONE,
  SCOPE_AGENTS,
  SCOPE_SYSTEM,
  SECTION_EXACT,
  SECTION_GLOBS,
} from "../../constants";
import {
  agentCount,
  capacity,
  EDGE_BYTES,
  edgeCount,
  edges,
  NODE_ANY_STAR,
  NODE_BYTES,
  NODE_EDGE_COUNT,
  NODE_LOOP,
  NODE_PATTERN,
  NODE_SEGMENT_STAR,
  nodeCount,
  nodes,
  patternCount,
  SLOT_BYTES,
  sectionLength,
  slots,
  stringCount,
  stringLength,
  stringText,
} from "../bundle";
import { behindBundle } from "../memory";
import { hashName, SLOT_SCOPE, SLOT_STRING, SLOT_TARGET, setSystemNames } from "../names";

const LEAST_CAPACITY: u32 = 4;

function isEmpty(slot: usize): bool {
  return load<u32>(slot, SLOT_TARGET) == NONE;
}

/**
 * Every slot is hashed once, over a bounded name, and compared with one other: no table takes more than one pass.
 * Scratch: a u32 per slot behind the bundle, where the arrays are not laid out yet.
 */
export function checkExact(bundleBytes: u32): u32 {
  const room = <u64>sectionLength(SECTION_EXACT);
  if (capacity < LEAST_CAPACITY || (capacity & (capacity - 1)) != 0) return LOAD_BAD_SECTION;
  if (room != 8 + <u64>capacity * SLOT_BYTES || load<u32>(slots - 4) != 0) return LOAD_BAD_SECTION;
  let entries: u32 = 0;
  let lastEmpty: u32 = NONE;
  for (let slot: u32 = 0; slot < capacity; slot++) {
    if (isEmpty(slotAt(slot))) lastEmpty = slot;
    else entries++;
  }
  if (2 * <u64>entries > <u64>capacity) return LOAD_BAD_SECTION;
  const lastOfHome = behindBundle(bundleBytes);
  memory.fill(lastOfHome, 0xff, 4 * <usize>capacity);
  let systemEntries: u32 = 0;
  const mask = capacity - 1;
  // From behind an empty slot, going round, each run of names is met from its start.
  const first = lastEmpty + 1;
  for (let step: u32 = 0; step < capacity; step++) {
    const slot = (first + step) & mask;
    const at = slotAt(slot);
    if (isEmpty(at)) {
      lastEmpty = slot;
      if (load<u64>(at) != 0 || load<u32>(at, SLOT_STRING) != 0) return LOAD_BAD_SECTION;
      continue;
    }
    const status = checkSlot(at);
    if (status != LOAD_OK) return status;
    if (load<u32>(at, SLOT_SCOPE) == SCOPE_SYSTEM) systemEntries++;
    // A search starts at the name's home and stops at an empty slot: none may lie between.
    const home = load<u32>(at) & mask;
    if (((slot - home) & mask) >= ((slot - lastEmpty) & mask)) return LOAD_BAD_REFERENCE;
    // Names of one home stand in ascending order, as they were inserted: so none stands twice.
    const last = lastOfHome + 4 * <usize>home;
    if (load<u32>(last) != NONE && keyOf(slotAt(load<u32>(last))) >= keyOf(at)) return LOAD_BAD_REFERENCE;
    store<u32>(last, slot);
  }
  setSystemNames(systemEntries);
  return LOAD_OK;
}

function slotAt(slot: u32): usize {
  return slots + <usize>slot * SLOT_BYTES;
}

/** Orders by scope, then by string. */
function keyOf(slot: usize): u64 {
  return (<u64>load<u32>(slot, SLOT_SCOPE) << 32) | <u64>load<u32>(slot, SLOT_STRING);
}

function checkSlot(slot: usize): u32 {
  const scope = load<u32>(slot, SLOT_SCOPE);
  const string = load<u32>(slot, SLOT_STRING);
  const isAgent = scope == SCOPE_AGENTS;
  if (scope > agentCount && !isAgent) return LOAD_BAD_REFERENCE;
  const targets = isAgent ? agentCount : patternCount;
  if (string >= stringCount || load<u32>(slot, SLOT_TARGET) >= targets) return LOAD_BAD_REFERENCE;
  if (stringLength(string) > (isAgent ? MAX_TEXT_BYTES : MAX_TOOL_NAME_BYTES)) return LOAD_TOO_LARGE;
  const hash = hashName(scope, stringText(string), stringLength(string));
  return load<u32>(slot) == hash ? LOAD_OK : LOAD_BAD_REFERENCE;
}

function isIdOrNone(id: u32, count: u32): bool {
  return id < count || id == NONE;
}

export function checkGlobs(): u32 {
  const expected = 8 + <u64>nodeCount * NODE_BYTES + <u64>edgeCount * EDGE_BYTES;
  if (<u64>sectionLength(SECTION_GLOBS) != expected) return LOAD_BAD_SECTION;
  let taken: u32 = 0;
  for (let id: u32 = 0; id < nodeCount; id++) {
    const node = nodes + <usize>id * NODE_BYTES;
    const count = load<u32>(node, NODE_EDGE_COUNT);
    if (load<u32>(node) != taken || count > edgeCount - taken) return LOAD_BAD_REFERENCE;
    if (!areEdges(edges + <usize>taken * EDGE_BYTES, count)) return LOAD_BAD_REFERENCE;
    taken += count;
    const known =
      isIdOrNone(load<u32>(node, NODE_SEGMENT_STAR), nodeCount) &&
      isIdOrNone(load<u32>(node, NODE_ANY_STAR), nodeCount) &&
      isIdOrNone(load<u32>(node, NODE_PATTERN), patternCount) &&
      load<u32>(node, NODE_LOOP) <= LOOP_ANY;
    if (!known) return LOAD_BAD_REFERENCE;
  }
  return taken == edgeCount ? LOAD_OK : LOAD_BAD_REFERENCE;
}

/** Ascending bytes, to nodes that are there. */
function areEdges(at: usize, count: u32): bool {
  let least: u32 = 0;
  for (let i: u32 = 0; i < count; i++, at += EDGE_BYTES) {
    const byte = load<u32>(at);
    if (byte < least || byte > 0xff || load<u32>(at, 4) >= nodeCount) return false;
    least = byte + 1;
  }
  return true;
}
