/** ITEMS: phases, selectors, redactions, credentials, schemas and their arguments. */
import {
  EFFECT_DEFER,
  EFFECT_DENY,
  LIST_STRINGS,
  LOAD_BAD_REFERENCE,
  LOAD_BAD_SECTION,
  LOAD_BAD_STRING,
  LOAD_OK,
  LOAD_TOO_LARGE,
  MAX_TEXT_BYTES,
  NONE,
  ROOT_ARGS,
  SECTION_ITEMS,
  TYPE_ENUM,
} from "../../constants";
import {
  credentials,
  ITEM_ARGUMENTS,
  ITEM_CREDENTIALS,
  ITEM_KINDS,
  ITEM_PHASES,
  ITEM_REDACTS,
  ITEM_SCHEMAS,
  ITEM_SELECTORS,
  ITEMS_HEADER_BYTES,
  itemCount,
  items,
  LIST_BYTES,
  listCount,
  lists,
  PATH_BYTES,
  pathCount,
  paths,
  phases,
  redacts,
  schemaArguments,
  schemas,
  sectionLength,
  selectors,
  stringCount,
  stringLength,
  stringText,
} from "../bundle";
import { equal } from "../json/bytes";
import { write } from "../json/canonical";
import { parse } from "../json/parse";
import { KIND_OBJECT, kindOf } from "../json/tape";
import {
  ACTION_TEXT,
  behindBundle,
  CANONICAL,
  CANONICAL_LIMIT,
  PARSE_SCRATCH,
  reservedBytes,
  TAPE,
  WORK,
} from "../memory";

export function checkItems(): u32 {
  const sizes =
    <u64>ITEMS_HEADER_BYTES +
    4 * <u64>itemCount(ITEM_PHASES) +
    12 * <u64>itemCount(ITEM_SELECTORS) +
    4 * <u64>itemCount(ITEM_REDACTS) +
    8 * <u64>itemCount(ITEM_CREDENTIALS) +
    8 * <u64>itemCount(ITEM_SCHEMAS) +
    16 * <u64>itemCount(ITEM_ARGUMENTS);
  if (sizes != <u64>sectionLength(SECTION_ITEMS) || load<u64>(items + 4 * ITEM_KINDS) != 0)
    return LOAD_BAD_SECTION;
  for (let at = phases; at < selectors; at += 4) {
    if (load<u32>(at) >= stringCount) return LOAD_BAD_REFERENCE;
  }
  for (let at = selectors; at < redacts; at += 12) {
    if (load<u32>(at) >= stringCount) return LOAD_BAD_REFERENCE;
    if (stringLength(load<u32>(at)) > MAX_TEXT_BYTES) return LOAD_TOO_LARGE;
    if (!isNarrowing(load<u32>(at, 4)) || !isNarrowing(load<u32>(at, 8))) return LOAD_BAD_REFERENCE;
  }
  for (let at = redacts; at < credentials; at += 4) {
    const path = load<u32>(at);
    if (path >= pathCount || load<u32>(paths + <usize>path * PATH_BYTES) != ROOT_ARGS)
      return LOAD_BAD_REFERENCE;
  }
  // A byte for each text: whether it is known to be a credential's, so that none is read for each credential that shares it.
  const known = behindBundle(reservedBytes());
  memory.fill(known, 0, stringCount);
  for (let at = credentials; at < schemas; at += 8) {
    const json = load<u32>(at, 4);
    if (load<u32>(at) >= stringCount || json >= stringCount) return LOAD_BAD_REFERENCE;
    if (load<u8>(known + json) != 0) continue;
    const status = checkCredential(json);
    if (status != LOAD_OK) return status;
    store<u8>(known + json, 1);
  }
  return checkSchemas();
}

function isNarrowing(effect: u32): bool {
  return effect == EFFECT_DENY || effect == EFFECT_DEFER;
}

/** Its text goes into verdicts and records as it is, so it must be the canonical text of an object. */
function checkCredential(id: u32): u32 {
  const length = stringLength(id);
  if (length > MAX_TEXT_BYTES) return LOAD_TOO_LARGE;
  // The parser writes behind its text, which the bundle must not suffer.
  memory.copy(ACTION_TEXT, stringText(id), length);
  if (parse(ACTION_TEXT, length, TAPE, PARSE_SCRATCH) != 0 || kindOf(TAPE) != KIND_OBJECT)
    return LOAD_BAD_STRING;
  const end = write(TAPE, CANONICAL, CANONICAL_LIMIT, WORK);
  return end == CANONICAL + length && equal(CANONICAL, stringText(id), length) ? LOAD_OK : LOAD_BAD_STRING;
}

/** The arguments of schema after schema stand back to back, those of one by name. */
function checkSchemas(): u32 {
  let taken: u32 = 0;
  for (let at = schemas; at < schemaArguments; at += 8) {
    const count = load<u32>(at, 4);
    if (load<u32>(at) != taken || count > itemCount(ITEM_ARGUMENTS) - taken) return LOAD_BAD_REFERENCE;
    let least: u32 = 0;
    for (let i: u32 = 0; i < count; i++) {
      const argument = schemaArguments + 16 * <usize>(taken + i);
      const name = load<u32>(argument);
      if (name < least || name >= stringCount || !isTyped(argument)) return LOAD_BAD_REFERENCE;
      if (stringLength(name) > MAX_TEXT_BYTES) return LOAD_TOO_LARGE;
      least = name + 1;
    }
    taken += count;
  }
  return taken == itemCount(ITEM_ARGUMENTS) ? LOAD_OK : LOAD_BAD_SECTION;
}

function isTyped(argument: usize): bool {
  const type = load<u32>(argument, 4);
  const list = load<u32>(argument, 12);
  if (type > TYPE_ENUM || load<u32>(argument, 8) > 1) return false;
  if (type != TYPE_ENUM) return list == NONE;
  return list < listCount && load<u32>(lists + <usize>list * LIST_BYTES) == LIST_STRINGS;
}
