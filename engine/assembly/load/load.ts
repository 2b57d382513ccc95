/** A bundle in the memory: checked wholly, so that a decision can trust every id, slice, jump and transition. */
import { LOAD_BAD_LENGTH, LOAD_BAD_SECTION, LOAD_OK, SECTION_STRINGS } from "../../constants";
import { layArrays } from "../arrays";
import { locate, sectionLength, sectionStart, stringBytes, stringCount, stringStarts } from "../bundle";
import { writeHex } from "../hash/hex";
import { DIGEST_BYTES, digest } from "../hash/sha256";
import { BUNDLE, BUNDLE_DIGEST, BUNDLE_HEX, reservedBytes } from "../memory";
import { checkAutomata } from "./automata";
import { checkCode, checkRules } from "./code";
import { checkDebug } from "./debug";
import { checkExact, checkGlobs } from "./dispatch";
import { checkHeader } from "./header";
import { checkItems } from "./items";
import { checkObligations } from "./obligations";
import { checkAgents, checkPatterns, checkSystem } from "./owners";
import { beginSlices } from "./slices";
import { checkState } from "./state";
import { checkStrings } from "./text";
import { checkLists, checkNumbers, checkPaths } from "./values";

/** LOAD_*. After LOAD_OK the bundle's digest and the arrays of its decisions are there. */
export function loadBundle(bytes: u32): u32 {
  if (bytes > reservedBytes()) return LOAD_BAD_LENGTH;
  let status = checkHeader(bytes);
  if (status != LOAD_OK) return status;
  locate();
  status = checkTables(bytes);
  if (status != LOAD_OK) return status;
  digest(BUNDLE, bytes, BUNDLE_DIGEST);
  writeHex(BUNDLE_DIGEST, DIGEST_BYTES, BUNDLE_HEX);
  layArrays(bytes);
  return LOAD_OK;
}

/** In an order in which each check relies only on those before it. */
function checkTables(bytes: u32): u32 {
  let status = checkStringSection();
  if (status == LOAD_OK) status = checkNumbers();
  if (status == LOAD_OK) {
    beginSlices();
    status = checkLists();
  }
  if (status == LOAD_OK) status = checkPaths();
  if (status == LOAD_OK) status = checkAutomata();
  if (status == LOAD_OK) status = checkItems();
  if (status == LOAD_OK) status = checkState();
  if (status == LOAD_OK) status = checkCode();
  if (status == LOAD_OK) status = checkRules();
  if (status == LOAD_OK) status = checkPatterns();
  if (status == LOAD_OK) status = checkExact(bytes);
  if (status == LOAD_OK) status = checkGlobs();
  if (status == LOAD_OK) status = checkAgents();
  if (status == LOAD_OK) status = checkSystem();
  if (status == LOAD_OK) status = checkDebug();
  if (status == LOAD_OK) status = checkObligations();
  return status;
}

function checkStringSection(): u32 {
  const section = sectionStart(SECTION_STRINGS);
  const length = sectionLength(SECTION_STRINGS);
  const status = checkStrings(section, length);
  if (status != LOAD_OK) return status;
  const end = stringBytes + load<u32>(stringStarts + 4 * <usize>stringCount);
  return end - section == length ? LOAD_OK : LOAD_BAD_SECTION;
}
