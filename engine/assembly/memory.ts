/**
 * The linear memory: fixed regions, then the bundle, then the arrays that decisions over it need. engine/ABI.md.
 *
 * Addresses are constants so that they fold into loads and stores; `reserve` checks that static data ends below them
 * and is the only place that grows the memory.
 */
import { MAX_BUNDLE_BYTES, MAX_CANONICAL_BYTES, MAX_INPUT_BYTES, MAX_OBLIGATION_BYTES, MAX_STATE_BYTES, RESERVE_MARGIN_BYTES } from "../constants";
import { SLACK_BYTES } from "./json/bytes";
import { FIXED_BYTES, SCRATCH_BYTES_PER_INPUT_BYTE, TAPE_BYTES_PER_INPUT_BYTE } from "./json/parse";
import { BLOB_BYTES, MAX_BLOBS } from "./state/layout";

const PAGE: usize = 65536;
/** Behind every text, for reads and writes in steps of 16 bytes. */
const MARGIN: usize = 4096;

/** Static data and the module's own tables end here. */
const REGIONS: usize = 0x10000;

export const ENGINE: usize = REGIONS;
export const BUNDLE_DIGEST: usize = ENGINE + 32;
export const STATE_BEFORE_DIGEST: usize = BUNDLE_DIGEST + 32;
export const STATE_AFTER_DIGEST: usize = STATE_BEFORE_DIGEST + 32;
export const ACTION_DIGEST: usize = STATE_AFTER_DIGEST + 32;
export const INPUTS_DIGEST: usize = ACTION_DIGEST + 32;
/** Index of the agent's policy block in the last decision, or NONE; one u32. */
export const STATUS: usize = INPUTS_DIGEST + 32;
/** Values that an instruction's operands do not find in the memory as they need them; 16 bytes each. */
export const LEFT: usize = STATUS + 64;
export const RIGHT: usize = LEFT + 16;
/** Truth values, MAX_STACK bytes. */
export const STACK: usize = RIGHT + 16;
/** Hexadecimal of BUNDLE_DIGEST, 64 bytes. */
export const BUNDLE_HEX: usize = STACK + 64;
/** Head of a redaction commitment; 64 bytes. */
export const COMMITMENT: usize = BUNDLE_HEX + 64;

export const ACTION_TEXT: usize = REGIONS + MARGIN;
export const FACTS_TEXT: usize = ACTION_TEXT + MAX_INPUT_BYTES + MARGIN;

/** Two texts are parsed one behind the other. */
export const TAPE: usize = FACTS_TEXT + MAX_INPUT_BYTES + MARGIN;
const TAPE_END: usize = TAPE + 2 * (MAX_INPUT_BYTES * TAPE_BYTES_PER_INPUT_BYTE + FIXED_BYTES);
export const PARSE_SCRATCH: usize = TAPE_END;
const PARSE_SCRATCH_END: usize =
  PARSE_SCRATCH + 2 * (MAX_INPUT_BYTES * SCRATCH_BYTES_PER_INPUT_BYTE + FIXED_BYTES);

/** Search tables, normalised paths, sorting of keys: never live across two steps of a decision. */
export const WORK: usize = PARSE_SCRATCH_END;
const WORK_BYTES: usize = 4 * MAX_INPUT_BYTES + MARGIN;

export const CANONICAL: usize = WORK + WORK_BYTES;
export const CANONICAL_LIMIT: usize = CANONICAL + MAX_CANONICAL_BYTES;

/** A verdict: the obligations, one name from the input, four texts of at most six bytes for each byte. */
export const OUTPUT: usize = CANONICAL_LIMIT + MARGIN;
const OUTPUT_LIMIT: usize = OUTPUT + 2 * MAX_OBLIGATION_BYTES;
/** A record: a verdict, the action with its redactions, the facts. */
export const RECORD: usize = OUTPUT_LIMIT + MARGIN;
/** The domain tag and the previous hash stand right before the record: what is hashed is one run of bytes. */
export const PREVIOUS: usize = RECORD - 32;
export const TAG: usize = PREVIOUS - 32;
export const HASH: usize = TAG - 32;
/** Texts to hash may be as long: from ACTION_TEXT on there is more room, all of it free then. */
export const MAX_RECORD_BYTES: u32 = 4 * MAX_OBLIGATION_BYTES;
export const RECORD_LIMIT: usize = RECORD + MAX_RECORD_BYTES;

export const TRACE: usize = RECORD_LIMIT + MARGIN;
export const MAX_TRACE_EVENTS: u32 = 65536;

/** The state before, as the host wrote it; never changed. */
export const STATE: usize = TRACE + MAX_TRACE_EVENTS * 8 + MARGIN;
export const STATE_AFTER: usize = STATE + MAX_STATE_BYTES + MARGIN;
/** Working copies of the blobs: state/layout.ts. */
export const BLOBS: usize = STATE_AFTER + MAX_STATE_BYTES + MARGIN;
/** Parties of the decision, and where their blobs stand in STATE; 8 bytes for each: state/party.ts, state/blob.ts. */
export const PARTIES: usize = BLOBS + MAX_BLOBS * BLOB_BYTES + MARGIN;
export const BEFORE: usize = PARTIES + 8 * MAX_BLOBS;

export const BUNDLE: usize = BEFORE + 8 * MAX_BLOBS + MARGIN;

let bundleRoom: u32 = 0;

/** Bytes that `reserve` has made room for. */
export function reservedBytes(): u32 {
  return bundleRoom;
}

/**
 * Makes room for the regions, a bundle of that many bytes and the arrays beside it. No array holds more than 20 bytes for
 * an entry of 12 in the bundle, so twice the bundle is enough. 0 when it cannot be had.
 */
export function reserveMemory(bytes: u32): usize {
  bundleRoom = 0;
  if (bytes > MAX_BUNDLE_BYTES || __heap_base > REGIONS) return 0;
  const end = BUNDLE + 3 * <usize>bytes + RESERVE_MARGIN_BYTES;
  const pages = <i32>((end + PAGE - 1) / PAGE);
  const missing = pages - memory.size();
  if (missing > 0 && memory.grow(missing) < 0) return 0;
  bundleRoom = bytes;
  return BUNDLE;
}

/** First address behind the bundle, 16-aligned, where the arrays of a load stand. */
export function behindBundle(bytes: u32): usize {
  return (BUNDLE + bytes + SLACK_BYTES + 15) & ~15;
}
