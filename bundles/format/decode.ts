/**
 * Bundle bytes to IR. Only one encoding of an IR is accepted: what `encode` would write is what was read.
 * engine/constants.ts, FORMAT.md.
 */

import {
  ABI_VERSION,
  FORMAT_VERSION,
  MAX_BUNDLE_BYTES,
  SECTION_AGENTS,
  SECTION_CODE,
  SECTION_DEBUG,
  SECTION_DFAS,
  SECTION_EXACT,
  SECTION_GLOBS,
  SECTION_INDEX,
  SECTION_ITEMS,
  SECTION_LISTS,
  SECTION_MANIFEST,
  SECTION_NUMBERS,
  SECTION_PATHS,
  SECTION_PATTERNS,
  SECTION_RULES,
  SECTION_STATE,
  SECTION_STRINGS,
  SECTION_SYSTEM,
} from "../../engine/constants.ts";
import { checkCanonicalObject, readAgents, readItems, readSystem } from "./decode-agents.ts";
import { readAutomata } from "./decode-automata.ts";
import { readCode, readRules } from "./decode-code.ts";
import { checkOwners, PATTERN_BYTES, readExact, readGlobs, readPatterns } from "./decode-dispatch.ts";
import { readState } from "./decode-state.ts";
import { IndexPool, readLists, readNumbers, readPaths, readStrings } from "./decode-values.ts";
import { encode } from "./encode.ts";
import type { InstructionDebug, Ir, RuleDebug } from "./ir.ts";
import { FormatError, type Reader, readSections, SECTION_TITLES } from "./reader.ts";

export { FormatError } from "./reader.ts";

/** Throws FormatError, which names section, byte and what was expected. */
export function decode(bytes: Uint8Array): Ir {
  if (bytes.length > MAX_BUNDLE_BYTES) {
    throw new FormatError("header", 0, `at most ${MAX_BUNDLE_BYTES} bytes`);
  }
  const readers = readSections(bytes, "FPLC", [FORMAT_VERSION, ABI_VERSION]);
  const section = (id: number): Reader => readers[id]!;
  const index = new IndexPool(section(SECTION_INDEX));
  const values = {
    strings: whole(section(SECTION_STRINGS), readStrings),
    numbers: whole(section(SECTION_NUMBERS), readNumbers),
  };
  const tables = {
    ...values,
    lists: readLists(section(SECTION_LISTS), index, values),
    paths: readPaths(section(SECTION_PATHS), index, values.strings),
    automata: whole(section(SECTION_DFAS), readAutomata),
  };
  const items = readItems(section(SECTION_ITEMS), tables);
  // Sections that refer to each other: the length bounds the ids until the entries are read.
  const limits = {
    patterns: section(SECTION_PATTERNS).entries(PATTERN_BYTES),
    nodes: section(SECTION_GLOBS).left,
  };
  const bare = readAgents(section(SECTION_AGENTS), tables, items, limits);
  const state = readState(section(SECTION_STATE), tables, items, bare);
  const { agents } = state;
  const remembered = { ...tables, ...items, ...state };
  const owned = { ...remembered, code: readCode(section(SECTION_CODE), remembered) };
  const rules = readRules(section(SECTION_RULES), owned, agents);
  const patterns = readPatterns(section(SECTION_PATTERNS), index, { ...owned, rules });
  index.finish();
  const system = readSystem(section(SECTION_SYSTEM), agents, limits);
  const found = { ...owned, rules, patterns, system };
  const ir: Ir = {
    ...found,
    exact: readExact(section(SECTION_EXACT), found),
    globs: readGlobs(section(SECTION_GLOBS), found),
    manifest: readManifest(section(SECTION_MANIFEST)),
    debug: readDebug(section(SECTION_DEBUG), rules.length, owned.code.length),
  };
  checkOwners(section(SECTION_PATTERNS), ir);
  checkBytes(bytes, encode(ir));
  return ir;
}

function whole<T>(reader: Reader, read: (reader: Reader) => T): T {
  const value = read(reader);
  reader.finish();
  return value;
}

function readManifest(reader: Reader): string {
  const text = reader.text(reader.left);
  checkCanonicalObject(reader, text, reader.start);
  return text;
}

function readDebug(reader: Reader, rules: number, instructions: number): Ir["debug"] {
  const strings = readStrings(reader);
  reader.pad(4);
  const string = (): string => strings[reader.id(strings.length, "a debug string")]!;
  // Many rules may share a long one: each is read once.
  const identities = new Set<string>();
  const debug = {
    rules: Array.from({ length: rules }, (): RuleDebug => {
      const identity = string();
      if (!identities.has(identity)) {
        const object = checkCanonicalObject(reader, identity, reader.at - 4);
        if (Object.keys(object).join() !== "column,file,id,line")
          reader.fail("a rule's identity", reader.at - 4);
        identities.add(identity);
      }
      const reason = reader.idOrNull(strings.length, "a debug string");
      return { identity, reason: reason === null ? null : strings[reason]!, text: string() };
    }),
    instructions: Array.from(
      { length: instructions },
      (): InstructionDebug => ({ file: string(), line: reader.u32(), column: reader.u32(), text: string() }),
    ),
  };
  reader.finish();
  return debug;
}

/** What the checks by section leave open: hash slots, strings that nothing refers to in DEBUG. */
function checkBytes(bytes: Uint8Array, encoded: Uint8Array): void {
  const length = Math.max(bytes.length, encoded.length);
  for (let offset = 0; offset < length; offset++) {
    if (bytes[offset] === encoded[offset]) continue;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let section = "header";
    for (const [id, title] of SECTION_TITLES.entries()) {
      if (view.getUint32(16 + id * 8, true) <= offset) section = title;
    }
    throw new FormatError(section, offset, "the one encoding of what the bundle says");
  }
}
