/**
 * The one page that compiler and core share: the bytes of a compiled bundle and every number in them.
 *
 * This file compiles under both `asc` and `tsc`: only `u32`-sized integer constants, no imports.
 * Prose, with a worked example: bundles/FORMAT.md (bundle) and engine/ABI.md (calls, input, output).
 *
 * ## Bundle, all integers little-endian, every section 8-aligned, padding bytes zero
 *
 *   header   0 u8[4] "FPLC" · 4 u16 FORMAT_VERSION · 6 u16 ABI_VERSION · 8 u32 total bytes · 12 u32 SECTION_COUNT
 *   table    SECTION_COUNT x { u32 offset, u32 length }       sections in the fixed order below, back to back,
 *                                                             each padded to 8; the length excludes the padding
 *
 *   STRINGS  u32 count · u32 start[count + 1] (into the bytes that follow) · UTF-8 bytes.
 *            Unique, sorted bytewise, so an id orders as its text does. Ids are used everywhere below; NONE = absent.
 *   NUMBERS  count = length / 16 of { u64 mantissa, i32 exponent, u32 negative }: value = (-1)^negative * mantissa * 10^exponent,
 *            mantissa not divisible by 10 (zero is {0, 0, 0}) and below 10^19. Unique, ascending by value.
 *   LISTS    count = length / 12 of { u32 kind (LIST_*), u32 first, u32 count }: `count` ids from INDEX[first], ascending, unique.
 *            LIST_STRINGS holds string ids, LIST_NUMBERS number ids, LIST_BOOLEANS 0 / 1.
 *            Unique, ascending by kind, then by ids.
 *   PATHS    count = length / 12 of { u32 root (ROOT_*), u32 first, u32 count }: `count` steps from INDEX[first];
 *            a step is a string id (object key), or STEP_INDEX | n (list element n). Unique, ascending by root, then by steps.
 *   DFAS     u32 count · u32 offset[count] (from the section's start, each 4-aligned) · per automaton
 *            { u32 states, u32 classes, u32 start, u8 classOf[256], u8 flags[states] (DFA_*), pad to 2,
 *              u16 next[states * classes], pad to 4 }. One step per byte of the text; see DFA_* for acceptance.
 *            Each minimal, no two equal: state 0 is the start, states are numbered breadth first by class, classes by their first byte.
 *   CODE     count = length / 12 of { u8 op (OP_*), u8 leftKind, u8 rightKind (OPERAND_*), u8 0, u32 left, u32 right }
 *   RULES    count = length / 24 of { u8 effect (EFFECT_*), u8 0, u16 phase (global phase index, or NO_PHASE), u32 codeFirst,
 *              u32 codeCount (0 = unconditional), u32 notify (string id or NONE), u32 agent (index, or NONE = system), u32 0 }.
 *            In evaluation order: system rules, then per agent its rules, then its phases' rules in order of declaration.
 *            EFFECT_DENY_ALWAYS rules stand in the same table at their place, but are only reached through `always`.
 *   PATTERNS count = length / 56 of { u64 selectors (bit i = the agent's i-th selector), u32 phases (bit i = the agent's i-th phase
 *              that names this pattern), then five { u32 first, u32 count } slices of INDEX, each ascending:
 *              always (deny! rule ids), rules (rule ids, all other effects), redacts, credentials, schemas (ids into those tables), u32 0 }
 *   INDEX    u32 pool that the slices above point into: those of LISTS, PATHS, PATTERNS in order, back to back, empty ones included
 *   EXACT    u32 capacity (power of two, >= 2 * entries, at least 4), u32 0, then capacity x
 *            { u32 hash, u32 scope, u32 string, u32 target }; empty slot: target = NONE and zeros. Linear probing from
 *            hash & (capacity - 1); inserted in ascending (scope, string) order. hash = hashName(scope, bytes), see HASH_*.
 *            scope SCOPE_SYSTEM: tool name -> pattern of the system; SCOPE_SYSTEM + 1 + a: tool name -> pattern of agent a;
 *            SCOPE_AGENTS: agent name -> agent index.
 *   GLOBS    trie for the patterns with wildcards: u32 nodeCount, u32 edgeCount, nodes { u32 edgeFirst, u32 edgeCount, u32 segmentStar,
 *              u32 anyStar, u32 pattern, u32 loop (LOOP_*) } (24 bytes), edges { u32 byte, u32 node } ascending by byte.
 *            Activating a node also activates its star children (NONE = absent) without consuming a byte. A LOOP_SEGMENT node stays
 *            active on every byte but `/`, a LOOP_ANY node on every byte. A node active after the last byte matches its pattern.
 *            A whole-segment `*` in the middle and `*` inside a segment are segmentStar; a last `*` is anyStar (terminal);
 *            `**` expands to its zero-segment form and its one-or-more form (anyStar), as separate patterns.
 *   AGENTS   count = length / 80 of { u32 name, u32 defaultEffect, u32 globRoot, u32 anyPattern (pattern `*`), u32 flags (AGENT_*),
 *              u32 methods (LIST id: identity methods), u32 modelAllow, u32 modelDeny, u32 egressAllow, u32 egressDeny (DFA ids),
 *              u32 phaseFirst, u32 phaseCount, u32 selectorFirst, u32 selectorCount,
 *              u32 alertPermit, u32 alertDeny, u32 alertDefer (LIST ids of notify targets), u32 0, u32 0, u32 0 }; NONE = absent.
 *            phaseCount <= 32 and selectorCount <= 64. Sorted by name id.
 *   ITEMS    u32 x 8: count of phases, selectors, redacts, credentials, schemas, schema arguments, 0, 0; then back to back:
 *              phases      { u32 name }
 *              selectors   { u32 name, u32 onUnavailable (EFFECT_*), u32 onTimeout (EFFECT_*) }
 *              redacts     { u32 path (PATHS id, root ROOT_ARGS) }
 *              credentials { u32 name, u32 json (string id: canonical JSON object for the obligation) }
 *              schemas     { u32 argumentFirst, u32 argumentCount }
 *              arguments   { u32 name, u32 type (TYPE_*), u32 required (0 / 1), u32 list (LIST id for TYPE_ENUM, else NONE) } by name id
 *   SYSTEM   { u32 globRoot, u32 anyPattern, i32 utcOffsetMinutes, u32 flags (SYSTEM_*), u32 defaultAgent (index or NONE), u32 0, u32 0, u32 0 }
 *   MANIFEST canonical JSON (RFC 8785): names, deployment settings, sources. Not read by the core.
 *   DEBUG    u32 stringCount · u32 start[stringCount + 1] · bytes, padded to 4; then per rule
 *              { u32 identity (canonical JSON object {"column","file","id","line"}), u32 reason (NONE = absent), u32 text (the rule's source line) };
 *              then per instruction { u32 file (debug string), u32 line, u32 column, u32 text (source of the condition) }; strings are debug ids.
 *              The core copies `identity` and `reason` into verdicts and records; the rest is for `inspect`, `explain` and coverage.
 */

export const FORMAT_VERSION: u32 = 1;
export const ABI_VERSION: u32 = 1;
/** Absent id, slice or node. */
export const NONE: u32 = 0xffffffff;
export const NO_PHASE: u32 = 0xffff;

// Sections, in file order.
export const SECTION_STRINGS: u32 = 0;
export const SECTION_NUMBERS: u32 = 1;
export const SECTION_LISTS: u32 = 2;
export const SECTION_PATHS: u32 = 3;
export const SECTION_DFAS: u32 = 4;
export const SECTION_CODE: u32 = 5;
export const SECTION_RULES: u32 = 6;
export const SECTION_PATTERNS: u32 = 7;
export const SECTION_INDEX: u32 = 8;
export const SECTION_EXACT: u32 = 9;
export const SECTION_GLOBS: u32 = 10;
export const SECTION_AGENTS: u32 = 11;
export const SECTION_ITEMS: u32 = 12;
export const SECTION_SYSTEM: u32 = 13;
export const SECTION_MANIFEST: u32 = 14;
export const SECTION_DEBUG: u32 = 15;
export const SECTION_COUNT: u32 = 16;

// Effects. The order is the order of narrowing: a smaller number is never wider (LANGUAGE section 5.7).
export const EFFECT_DENY_ALWAYS: u32 = 0;
export const EFFECT_DENY: u32 = 1;
export const EFFECT_DEFER: u32 = 2;
export const EFFECT_PERMIT: u32 = 3;

// Truth values. OR is the maximum; AND is false if either is false, else the lesser in the order WRONG_TYPE, MISSING, TRUE.
export const FALSE: u32 = 0;
export const MISSING: u32 = 1;
export const WRONG_TYPE: u32 = 2;
export const TRUE: u32 = 3;

// Path roots. ROOT_FACET means `http` when the action has that facet, else `args`.
export const ROOT_ARGS: u32 = 0;
export const ROOT_TOOL: u32 = 1;
export const ROOT_AGENT: u32 = 2;
export const ROOT_MODEL: u32 = 3;
export const ROOT_PRINCIPAL: u32 = 4;
/** Steps: one of `id` (the action's `session`), `purpose` (facts), `phase` (the effective phase's name). */
export const ROOT_SESSION: u32 = 5;
export const ROOT_SELECTORS: u32 = 6;
export const ROOT_HTTP: u32 = 7;
export const ROOT_FACET: u32 = 8;
/** Steps: one of `hour` 0-23, `weekday` 1 (Monday) - 7, `day` 1-31, `month` 1-12, `unix` (whole seconds). */
export const ROOT_TIME: u32 = 9;
export const ROOT_COUNT: u32 = 10;
export const STEP_INDEX: u32 = 0x80000000;

export const LIST_STRINGS: u32 = 0;
export const LIST_NUMBERS: u32 = 1;
export const LIST_BOOLEANS: u32 = 2;

// Operand kinds of an instruction.
/** Its operand is 0. */
export const OPERAND_NONE: u32 = 0;
export const OPERAND_PATH: u32 = 1;
export const OPERAND_STRING: u32 = 2;
export const OPERAND_NUMBER: u32 = 3;
export const OPERAND_BOOLEAN: u32 = 4;
export const OPERAND_LIST: u32 = 5;
export const OPERAND_DFA: u32 = 6;
/** length(path): the element count of a list, the code point count of a string. */
export const OPERAND_LENGTH: u32 = 7;
/** A forward jump target: the index, within the rule's code, of the next instruction to run. */
export const OPERAND_TARGET: u32 = 8;

// Instructions. Postfix over a stack of truth values (depth at most MAX_STACK); jumps go forward only.
export const OP_AND: u32 = 1; // pop b, a; push a AND b
export const OP_OR: u32 = 2; // pop b, a; push a OR b
export const OP_NOT: u32 = 3; // TRUE <-> FALSE; MISSING and WRONG_TYPE stay
export const OP_SKIP_IF_FALSE: u32 = 4; // if the top is FALSE go to left (OPERAND_TARGET), keeping it
export const OP_SKIP_IF_TRUE: u32 = 5; // if the top is TRUE go to left, keeping it
export const OP_CONSTANT: u32 = 6; // push left (OPERAND_BOOLEAN: FALSE or TRUE as 0 / 1)
export const OP_TRUTH: u32 = 7; // left must be a boolean
export const OP_PRESENT: u32 = 8; // left (PATH) exists and is not null; never unknown
export const OP_EQ: u32 = 9; // both strings, numbers or booleans of one type
export const OP_NE: u32 = 10;
export const OP_LT: u32 = 11; // numbers only; a list is a wrong type (its length: OPERAND_LENGTH)
export const OP_LE: u32 = 12;
export const OP_GT: u32 = 13;
export const OP_GE: u32 = 14;
export const OP_IN: u32 = 15; // left in right (OPERAND_LIST): the OR of ==
export const OP_CONTAINS: u32 = 16; // string contains substring; list contains scalar: the OR of element == right
export const OP_STARTS_WITH: u32 = 17; // strings
export const OP_ENDS_WITH: u32 = 18;
export const OP_MATCHES: u32 = 19; // left string, right OPERAND_DFA
export const OP_UNDER: u32 = 20; // left string, right OPERAND_STRING (absolute, normalised); a path that is not absolute or holds NUL is WRONG_TYPE
export const OP_ANY_MATCHES: u32 = 21; // left list, right OPERAND_DFA: the OR over the elements; a non-string element is WRONG_TYPE

// DFA state flags. A text matches if a state with DFA_ACCEPT is reached at any moment (start included),
// or the state after the last byte has DFA_ACCEPT_END. DFA_DEAD: no further byte can lead to a match.
export const DFA_ACCEPT: u32 = 1;
export const DFA_ACCEPT_END: u32 = 2;
export const DFA_DEAD: u32 = 4;

export const LOOP_NONE: u32 = 0;
export const LOOP_SEGMENT: u32 = 1;
export const LOOP_ANY: u32 = 2;

/** FNV-1a over the scope's four bytes, then the name's, then h ^= h >>> 15; h *= HASH_MIX; h ^= h >>> 13. All modulo 2^32. */
export const HASH_OFFSET: u32 = 0x811c9dc5;
export const HASH_PRIME: u32 = 0x01000193;
export const HASH_MIX: u32 = 0x2c1b3c6d;
export const SCOPE_SYSTEM: u32 = 0;
export const SCOPE_AGENTS: u32 = 0xfffffffe;

export const AGENT_REQUIRE_VERIFIED: u32 = 1;
export const AGENT_HAS_EGRESS: u32 = 2;
export const AGENT_HAS_MODEL_POLICY: u32 = 4;
/** `missing_fields applies`: a deny or defer whose condition is unknown because a field is missing applies. */
export const SYSTEM_MISSING_APPLIES: u32 = 1;

export const TYPE_STRING: u32 = 0;
export const TYPE_INTEGER: u32 = 1;
export const TYPE_NUMBER: u32 = 2;
/** A number of at most 6 decimals. */
export const TYPE_MONEY: u32 = 3;
export const TYPE_BOOLEAN: u32 = 4;
export const TYPE_LIST: u32 = 5;
export const TYPE_OBJECT: u32 = 6;
export const TYPE_ENUM: u32 = 7;

// Limits, in one place (LANGUAGE section 6 and the format).
export const MAX_INPUT_BYTES: u32 = 1048576;
/** Also of the canonical form, so that canonicalising twice changes nothing. */
export const MAX_CANONICAL_BYTES: u32 = 1048576;
export const MAX_NESTING: u32 = 64;
export const MAX_TOOL_NAME_BYTES: u32 = 256;
export const MAX_STACK: u32 = 64;
export const MAX_PHASES: u32 = 32;
export const MAX_SELECTORS: u32 = 64;
export const MAX_DFA_STATES: u32 = 4096;
export const MAX_BUNDLE_BYTES: u32 = 268435456;
/** A packed verdict has 21 bits for a rule id and one more. */
export const MAX_RULES: u32 = 2097150;
/** UTF-8 bytes of a rule's reason or identity, of a name, a notify target or a credential's JSON. Any other string: MAX_INPUT_BYTES. */
export const MAX_TEXT_BYTES: u32 = 65536;
/** Most bytes that all obligations of a bundle may take in a verdict; counted as engine/assembly/load/obligations.ts does. */
export const MAX_OBLIGATION_BYTES: u32 = 4194304;
/** The smallest accepted `time`, Unix milliseconds: a value below it is a time in seconds handed in by mistake. */
export const MIN_TIME_DIGITS: u32 = 12;

// Status of a decision: what decided. Closed; texts in engine/binding/codes.ts; gaps leave room within a group.
export const CODE_RULE_PERMIT: u32 = 1;
export const CODE_DEFAULT_PERMIT: u32 = 2;
export const CODE_RULE_DEFER: u32 = 20;
export const CODE_RULE_DEFER_WRONG_TYPE: u32 = 21;
export const CODE_RULE_DEFER_MISSING: u32 = 22;
export const CODE_DEFAULT_DEFER: u32 = 23;
export const CODE_SELECTOR_UNAVAILABLE_DEFER: u32 = 24;
export const CODE_SELECTOR_TIMEOUT_DEFER: u32 = 25;
export const CODE_RULE_DENY: u32 = 40;
export const CODE_RULE_DENY_WRONG_TYPE: u32 = 41;
export const CODE_RULE_DENY_MISSING: u32 = 42;
export const CODE_DEFAULT_DENY: u32 = 43;
export const CODE_DENY_ALWAYS: u32 = 44;
export const CODE_DENY_ALWAYS_WRONG_TYPE: u32 = 45;
export const CODE_DENY_ALWAYS_MISSING: u32 = 46;
export const CODE_SELECTOR_UNAVAILABLE: u32 = 47;
export const CODE_SELECTOR_TIMEOUT: u32 = 48;
export const CODE_AGENT_UNKNOWN: u32 = 60;
export const CODE_AGENT_MISMATCH: u32 = 61;
export const CODE_IDENTITY_UNVERIFIED: u32 = 62;
export const CODE_IDENTITY_METHOD: u32 = 63;
export const CODE_PHASE_UNKNOWN: u32 = 64;
export const CODE_TOOL_NOT_VISIBLE: u32 = 65;
export const CODE_SCHEMA_MISSING_ARGUMENT: u32 = 66;
export const CODE_SCHEMA_WRONG_TYPE: u32 = 67;
export const CODE_SCHEMA_NOT_IN_ENUM: u32 = 68;
export const CODE_SCHEMA_UNDECLARED_ARGUMENT: u32 = 69;
export const CODE_MODEL_MISSING: u32 = 70;
export const CODE_MODEL_NOT_ALLOWED: u32 = 71;
export const CODE_EGRESS_NOT_ALLOWED: u32 = 72;
export const CODE_EGRESS_DENIED: u32 = 73;
// Refused input: no canonical form, or not an action. The detail is a byte offset where there is one.
export const CODE_INPUT_TOO_LARGE: u32 = 100;
export const CODE_INVALID_UTF8: u32 = 101;
export const CODE_INVALID_JSON: u32 = 102;
export const CODE_DUPLICATE_KEY: u32 = 103;
export const CODE_LONE_SURROGATE: u32 = 104;
export const CODE_TOO_DEEP: u32 = 105;
export const CODE_INTEGER_INEXACT: u32 = 106;
export const CODE_NUMBER_OUT_OF_RANGE: u32 = 107;
export const CODE_CANONICAL_TOO_LARGE: u32 = 108;
export const CODE_ACTION_NOT_OBJECT: u32 = 110;
export const CODE_ACTION_FIELD_UNKNOWN: u32 = 111;
export const CODE_ACTION_FIELD_MISSING: u32 = 112;
export const CODE_ACTION_FIELD_TYPE: u32 = 113;
export const CODE_TOOL_NAME_INVALID: u32 = 114;
export const CODE_HTTP_FACET_INVALID: u32 = 115;
export const CODE_FACTS_INVALID: u32 = 120;
export const CODE_FACT_UNKNOWN: u32 = 121;
export const CODE_FACT_TYPE: u32 = 122;
export const CODE_TIME_INVALID: u32 = 123;
export const CODE_SALT_MISSING: u32 = 124;
export const CODE_DELEGATION_UNSUPPORTED: u32 = 125;
// Given by the host, never by the core.
export const CODE_ENGINE_TRAP: u32 = 140;
export const CODE_NO_POLICY: u32 = 141;
export const CODE_RECORD_UNWRITABLE: u32 = 142;

// Status of load(): why a bundle is refused.
export const LOAD_OK: u32 = 0;
export const LOAD_BAD_MAGIC: u32 = 1;
export const LOAD_BAD_VERSION: u32 = 2;
export const LOAD_BAD_LENGTH: u32 = 3;
export const LOAD_BAD_SECTION: u32 = 4;
export const LOAD_BAD_STRING: u32 = 5;
export const LOAD_BAD_REFERENCE: u32 = 6;
export const LOAD_BAD_CODE: u32 = 7;
export const LOAD_BAD_DFA: u32 = 8;
export const LOAD_TOO_LARGE: u32 = 9;

// Trace events: u32 pairs { kind << 24 | low, payload }.
export const TRACE_STEP: u32 = 1; // low: step of LANGUAGE section 5 (1-6); payload: code that it decided, or 0
export const TRACE_RULE: u32 = 2; // low: truth value of its condition; payload: rule id; after its instructions
export const TRACE_TEST: u32 = 3; // low: truth value; payload: instruction index in CODE
