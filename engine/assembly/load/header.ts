/** Magic, versions, lengths, and the section table: fixed order, back to back, zero padding. */
import {
  ABI_VERSION,
  FORMAT_VERSION,
  LOAD_BAD_LENGTH,
  LOAD_BAD_MAGIC,
  LOAD_BAD_SECTION,
  LOAD_BAD_VERSION,
  LOAD_OK,
  SECTION_AGENTS,
  SECTION_CODE,
  SECTION_COUNT,
  SECTION_DEBUG,
  SECTION_DFAS,
  SECTION_EXACT,
  SECTION_GLOBS,
  SECTION_INDEX,
  SECTION_ITEMS,
  SECTION_LISTS,
  SECTION_NUMBERS,
  SECTION_PATHS,
  SECTION_PATTERNS,
  SECTION_RULES,
  SECTION_STATE,
  SECTION_STRINGS,
  SECTION_SYSTEM,
} from "../../constants";
import {
  AGENT_BYTES,
  CODE_BYTES,
  HEADER_BYTES,
  ITEMS_HEADER_BYTES,
  LIST_BYTES,
  NUMBER_BYTES,
  PATH_BYTES,
  PATTERN_BYTES,
  RULE_BYTES,
  SECTION_ENTRY_BYTES,
  STATE_HEAD_BYTES,
  sectionLength,
} from "../bundle";
import { BUNDLE } from "../memory";

/** "FPLC", little-endian. */
const MAGIC: u32 = 0x434c5046;
const TABLE_END: u32 = HEADER_BYTES + SECTION_COUNT * SECTION_ENTRY_BYTES;
const SYSTEM_BYTES: u32 = 32;

export function checkHeader(bytes: u32): u32 {
  if (bytes < TABLE_END) return LOAD_BAD_LENGTH;
  if (load<u32>(BUNDLE) != MAGIC) return LOAD_BAD_MAGIC;
  if (load<u16>(BUNDLE, 4) != FORMAT_VERSION || load<u16>(BUNDLE, 6) != ABI_VERSION) return LOAD_BAD_VERSION;
  if (load<u32>(BUNDLE, 8) != bytes) return LOAD_BAD_LENGTH;
  if (load<u32>(BUNDLE, 12) != SECTION_COUNT) return LOAD_BAD_SECTION;
  let expected = TABLE_END;
  for (let section: u32 = 0; section < SECTION_COUNT; section++) {
    const entry = BUNDLE + HEADER_BYTES + section * SECTION_ENTRY_BYTES;
    const length = load<u32>(entry, 4);
    if (load<u32>(entry) != expected || length > bytes - expected) return LOAD_BAD_SECTION;
    const end = expected + length;
    // `bytes` is at most MAX_BUNDLE_BYTES, so rounding up cannot wrap.
    const padded = (end + 7) & ~7;
    if (padded > bytes) return LOAD_BAD_SECTION;
    for (let at = end; at < padded; at++) {
      if (load<u8>(BUNDLE + at) != 0) return LOAD_BAD_SECTION;
    }
    expected = padded;
  }
  if (expected != bytes) return LOAD_BAD_LENGTH;
  return checkSizes();
}

/** Whole entries everywhere, and room for every fixed head. */
function checkSizes(): u32 {
  const whole =
    sectionLength(SECTION_NUMBERS) % NUMBER_BYTES == 0 &&
    sectionLength(SECTION_LISTS) % LIST_BYTES == 0 &&
    sectionLength(SECTION_PATHS) % PATH_BYTES == 0 &&
    sectionLength(SECTION_CODE) % CODE_BYTES == 0 &&
    sectionLength(SECTION_RULES) % RULE_BYTES == 0 &&
    sectionLength(SECTION_PATTERNS) % PATTERN_BYTES == 0 &&
    sectionLength(SECTION_INDEX) % 4 == 0 &&
    sectionLength(SECTION_AGENTS) % AGENT_BYTES == 0 &&
    sectionLength(SECTION_SYSTEM) == SYSTEM_BYTES;
  const heads =
    sectionLength(SECTION_STRINGS) >= 8 &&
    sectionLength(SECTION_DFAS) >= 4 &&
    sectionLength(SECTION_EXACT) >= 8 &&
    sectionLength(SECTION_GLOBS) >= 8 &&
    sectionLength(SECTION_ITEMS) >= ITEMS_HEADER_BYTES &&
    sectionLength(SECTION_STATE) >= STATE_HEAD_BYTES &&
    sectionLength(SECTION_DEBUG) >= 8;
  return whole && heads ? LOAD_OK : LOAD_BAD_SECTION;
}
