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
 *            In evaluation order: system rules, then per agent those of its manifest, its rules, then its phases' rules in order of
 *            declaration. EFFECT_DENY_ALWAYS rules stand in the same table at their place, but are only reached through `always`.
 *   PATTERNS count = length / 72 of { u64 selectors (bit i = the agent's i-th selector), u32 phases (bit i = the agent's i-th phase
 *              that names this pattern), then these { u32 first, u32 count } slices of INDEX, each ascending:
 *              always (ids of deny! rules, and of defer rules that take the place of any permit), rules (rule ids, all but deny!), redacts, credentials, schemas (ids into those tables), u32 0,
 *              and two more slices: meters (ids, of what a call of this pattern moves), costs (ids); 72 bytes in all }
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
 *   STATE    what decisions remember: engine/ABI.md "State". u32 x 4: systemMeters, meters, costs, 0; then back to back, all 8-aligned:
 *              agents  one per row of AGENTS: { u64 agentLayout, u64 sessionLayout (never 0), u32 agentSlots, u32 sessionSlots
 *                      (slots that the meters of a blob take, those of the system included), u32 meterFirst, u32 meterCount (the agent's own),
 *                      u64 maxDurationMs, u64 idleTimeoutMs, u64 maxCalls (all bits set = none), u64 delegateTtlMs (0 = none),
 *                      u32 spawnAllow, u32 spawnDeny (DFA ids or NONE), u32 maxChildren, u32 maxDepth (NONE = none), u32 spawnEffect (EFFECT_*),
 *                      u32 gateFacts (LIST id or NONE), u32 gateEffect, u32 budgetWarning, u32 budgetExceeded, u32 rateExceeded
 *                      (LIST ids of notify targets or NONE), u32 flags (REMEMBERS_*), u32 0 }; 112 bytes
 *              phases  one per phase: { u64 durationMs (0 = none), u32 next (global phase index or NONE), u32 0 }
 *              meters  { u64 key (low 15 bits: slots, the key's own included, never 0; then KEY_SETTLED), u64 windowMs (0 = none), u64 limit (all bits set = none),
 *                      u64 warnAt (all bits set = none), u32 kind (METER_*), u32 scope (SCOPED_*), u32 slot (of the key, counted from the first slot
 *                      behind the header), u32 family (FAMILY_*), u32 unit (UNIT_*), u32 path (PATHS id for UNIT_ARGUMENT and METER_DISTINCT, else NONE),
 *                      u32 step (METER_SEQUENCE: from 1, else 0), u32 onExceed (EFFECT_DENY, EFFECT_DEFER, EFFECT_PERMIT = audit), u32 name (string id),
 *                      u32 agent (index, or NONE = system) }; 72 bytes. Those of the system first, then by agent. Within an owner limits come
 *                      before the rest: rates, ambient, budgets, history. Rows of one METER_SEQUENCE share key and slot and stand by descending step.
 *                      History has no limit (METER_SEQUENCE: the number of its steps), and EFFECT_PERMIT as onExceed; a rate EFFECT_DENY. warnAt is at most
 *                      limit: the product with warn_at rounded down, but 1 for 0 when the limit is not 0. Slots: those of the system's meters first, in order.
 *                      An effect of a spawn block or a gate that is not there is EFFECT_DENY. Durations are below 2^53. Limits and micros are below 10^18.
 *              costs   { u64 micros, u32 path (PATHS id: the amount is that argument; or NONE: `micros`), u32 0 }
 *   MANIFEST canonical JSON (RFC 8785): names, deployment settings, sources. Not read by the core.
 *   DEBUG    u32 stringCount · u32 start[stringCount + 1] · bytes, padded to 4; then per rule
 *              { u32 identity (canonical JSON object {"column","file","id","line"}), u32 reason (NONE = absent), u32 text (the rule's source line) };
 *              then per instruction { u32 file (debug string), u32 line, u32 column, u32 text (source of the condition) }; strings are debug ids.
 *              The core copies `identity` and `reason` into verdicts and records; the rest is for `inspect`, `explain` and coverage.
 */

export const FORMAT_VERSION: u32 = 3;
export const ABI_VERSION: u32 = 2;
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
export const SECTION_STATE: u32 = 14;
export const SECTION_MANIFEST: u32 = 15;
export const SECTION_DEBUG: u32 = 16;
export const SECTION_COUNT: u32 = 17;

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
/** Steps: `chain`, then an index: names of the grantors, root first. `delegation.root` is `chain[0]`; the depth is COMPUTED_DELEGATION_DEPTH. */
export const ROOT_DELEGATION: u32 = 10;
export const ROOT_COUNT: u32 = 11;
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
/**
 * A meter's value: a number, or an interval of two when a bucket is only partly inside the window. Of EQ to GE, on one side at most:
 * METER_TOTAL or METER_SLIDING. Of HAPPENED: METER_LAST, or the first row of a METER_SEQUENCE. FAMILY_HISTORY, of the rule's agent or of the system.
 */
export const OPERAND_METER: u32 = 9;
/** A COMPUTED_*: a number that the core knows. Wherever OPERAND_LENGTH may stand. */
export const OPERAND_COMPUTED: u32 = 10;

export const COMPUTED_SESSION_CALLS: u32 = 0;
/** In millionths. */
export const COMPUTED_SESSION_COST: u32 = 1;
/** Whole seconds since the session was opened. */
export const COMPUTED_SESSION_AGE: u32 = 2;
/** 0 without delegation. */
export const COMPUTED_DELEGATION_DEPTH: u32 = 3;
export const COMPUTED_COUNT: u32 = 4;

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
export const OP_HAPPENED: u32 = 22; // left METER_LAST: within its window (0 = ever); METER_SEQUENCE: all its steps were taken. MISSING without its state

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

/** The agent's decisions need the agent's state: it has meters in the agent's blob (the system's included), a spawn block, or a delegate block. */
export const REMEMBERS_AGENT: u32 = 1;
/** An action without a session is refused: a budget of the session, a session block, a phase with a duration or a completion gate is declared. */
export const REMEMBERS_SESSION: u32 = 2;
/** The row is no agent but a `delegate` block, named GRANTOR, DELEGATE_SEPARATOR, DELEGATE; its rules are the scope. */
export const REMEMBERS_DELEGATE: u32 = 4;
/** The agent has a `spawn` block. */
export const REMEMBERS_SPAWN: u32 = 8;
/** Closing a session needs: no pending approvals; every budget of the session under its limit. */
export const REMEMBERS_GATE_PENDING: u32 = 16;
export const REMEMBERS_GATE_BUDGET: u32 = 32;
/** Unit separator; no agent's name holds a control character. */
export const DELEGATE_SEPARATOR: u32 = 0x1f;

// Meters: what is counted, and how. Every meter's first slot is its key; the slots behind it are named here.
/** One slot: the value, for ever. */
export const METER_TOTAL: u32 = 0;
/** Two slots: number of the period (time / windowMs), the value in it. */
export const METER_PERIOD: u32 = 1;
/** 1 + SLIDING_BUCKETS slots: number of the newest bucket, then the values of the buckets, bucket b at b % SLIDING_BUCKETS. */
export const METER_SLIDING: u32 = 2;
/** One slot: time of the last call + 1, 0 for never. */
export const METER_LAST: u32 = 3;
/** One slot: steps taken. */
export const METER_SEQUENCE: u32 = 4;
/** Two slots: number of the period, count of its members, which stand in the blob's tail. */
export const METER_DISTINCT: u32 = 5;
/** A bucket is a 16th of the window, rounded up to whole milliseconds; one more is partly inside. */
export const SLIDING_PARTS: u32 = 16;
export const SLIDING_BUCKETS: u32 = 17;

export const SCOPED_AGENT: u32 = 0;
export const SCOPED_SESSION: u32 = 1;

export const FAMILY_RATE: u32 = 0;
export const FAMILY_AMBIENT: u32 = 1;
export const FAMILY_BUDGET: u32 = 2;
export const FAMILY_HISTORY: u32 = 3;

/** Calls; money, tokens and bytes are what a call costs; an argument's value in millionths; denials count denied calls instead of permitted ones. */
export const UNIT_CALLS: u32 = 0;
export const UNIT_MONEY: u32 = 1;
export const UNIT_TOKENS: u32 = 2;
export const UNIT_BYTES: u32 = 3;
export const UNIT_ARGUMENT: u32 = 4;
export const UNIT_DENIALS: u32 = 5;

// A state blob: u64 slots, little-endian. Header, meters, reservations, approvals, members, text.
/** Slot 0: low half STATE_MAGIC ("FST2"), high half SCOPED_*. */
export const STATE_MAGIC: u32 = 0x32545346;
export const STATE_SLOT_MAGIC: u32 = 0;
/** First 8 bytes of the SHA-256 of the agent's name; of a session: of the agent's name, 0x1f, the session's id. */
export const STATE_SLOT_OWNER: u32 = 1;
/** agentLayout or sessionLayout of the bundle that wrote it. */
export const STATE_SLOT_LAYOUT: u32 = 2;
/** Low half: STATE_* flags; high half: slots of meters. */
export const STATE_SLOT_FLAGS: u32 = 3;
/** The greatest time seen, Unix milliseconds. */
export const STATE_SLOT_LAST: u32 = 4;
/** Low half: count of reservations; high half: of approvals. */
export const STATE_SLOT_COUNTS: u32 = 5;
/** Low half: count of members; high half: bytes of text (a session's purpose). */
export const STATE_SLOT_TAIL: u32 = 6;
/** Agent: live children. Session: when it was opened, Unix milliseconds. */
export const STATE_SLOT_CHILDREN: u32 = 7;
export const STATE_SLOT_OPENED: u32 = 7;
export const AGENT_HEADER_SLOTS: u32 = 8;
/** FNV-1a, 64 bits, of the phase's name; 0 without phases. */
export const STATE_SLOT_PHASE: u32 = 8;
export const STATE_SLOT_PHASE_SINCE: u32 = 9;
/** Permitted calls. */
export const STATE_SLOT_CALLS: u32 = 10;
/** Millionths: reserved, then settled. */
export const STATE_SLOT_COST: u32 = 11;
/** When an action was last judged past step 1. */
export const STATE_SLOT_ACTIVE: u32 = 12;
export const SESSION_HEADER_SLOTS: u32 = 16;

export const STATE_FROZEN: u32 = 1;
export const STATE_CLOSED: u32 = 2;
export const STATE_EXHAUSTED: u32 = 4;
/** The session began by itself, beside its root's: nobody opened it for this agent, so it is no root's. */
export const STATE_JOINED: u32 = 8;

/** In the low bits of a meter's key: its slots, the key's own included. */
export const KEY_SLOTS: u32 = 0x7fff;
/** In a meter's key: reservations hold what it counts, so that they can be carried to another layout. */
export const KEY_SETTLED: u32 = 0x8000;

/** { id (sequence of the permit's record), time, money in millionths, tokens, mask (bit i: the blob's i-th meter with KEY_SETTLED) }. One that goes leaves its place to the last; a new one takes the place of the smallest id when all are taken. */
export const RESERVATION_SLOTS: u32 = 5;
/** { digest of the action: 4 slots, expires }. Oldest first. */
export const APPROVAL_SLOTS: u32 = 5;
/** { key of the meter, first 8 bytes of the SHA-256 of the value's canonical text }, or a pending call: { 0, first 8 bytes of the action's digest }. Oldest first. */
export const MEMBER_SLOTS: u32 = 2;

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
/** Behind three times the bundle's bytes, all from the pointer that `reserve` gives: the end of the core's part of the memory. */
export const RESERVE_MARGIN_BYTES: u32 = 8192;
/** A packed verdict has 21 bits for a rule id and one more. */
export const MAX_RULES: u32 = 2097150;
/** UTF-8 bytes of a rule's reason or identity, of a name, a notify target or a credential's JSON. Any other string: MAX_INPUT_BYTES. */
export const MAX_TEXT_BYTES: u32 = 65536;
/** Most bytes that all obligations of a bundle may take in a verdict; counted as engine/assembly/load/obligations.ts does. */
export const MAX_OBLIGATION_BYTES: u32 = 4194304;
/** All blobs of a decision together: more than the greatest blobs of the longest chain take, so a state after always fits. */
export const MAX_STATE_BYTES: u32 = 2621440;
/** Of a blob. The oldest is settled at what it reserved when another one needs its place. */
export const MAX_RESERVATIONS: u32 = 64;
export const MAX_APPROVALS: u32 = 64;
export const MAX_MEMBERS: u32 = 4096;
/** Deferred calls of a session that nobody has approved or rejected; noted only where a completion gate asks. One more is denied. */
export const MAX_PENDING: u32 = 256;
export const MAX_PURPOSE_BYTES: u32 = 256;
/** Meters of one blob that can be settled: of FAMILY_BUDGET, and those of UNIT_BYTES. */
export const MAX_SETTLED_METERS: u32 = 64;
/** Rows of meters of one blob, those of the system included. */
export const MAX_METERS: u32 = 4096;
/** Slots of the meters of one blob. */
export const MAX_METER_SLOTS: u32 = 8192;
/** Grantors in a chain. */
export const MAX_DELEGATION_DEPTH: u32 = 8;
/** A clock that is further behind the greatest time seen is refused; a smaller step back counts as standing still. */
export const CLOCK_TOLERANCE_MS: u32 = 1000;
/** The smallest accepted `time`, Unix milliseconds: a value below it is a time in seconds handed in by mistake. */
export const MIN_TIME_DIGITS: u32 = 12;

// Status of a decision: what decided. Closed; texts in engine/binding/codes.ts; gaps leave room within a group.
export const CODE_RULE_PERMIT: u32 = 1;
export const CODE_DEFAULT_PERMIT: u32 = 2;
export const CODE_APPROVED: u32 = 3;
export const CODE_EVENT_APPLIED: u32 = 4;
export const CODE_RULE_DEFER: u32 = 20;
export const CODE_RULE_DEFER_WRONG_TYPE: u32 = 21;
export const CODE_RULE_DEFER_MISSING: u32 = 22;
export const CODE_DEFAULT_DEFER: u32 = 23;
export const CODE_SELECTOR_UNAVAILABLE_DEFER: u32 = 24;
export const CODE_SELECTOR_TIMEOUT_DEFER: u32 = 25;
export const CODE_BUDGET_EXCEEDED_DEFER: u32 = 26;
export const CODE_AMBIENT_EXCEEDED_DEFER: u32 = 27;
export const CODE_SPAWN_LIMIT_DEFER: u32 = 28;
export const CODE_GRANTOR_DEFER: u32 = 29;
export const CODE_DELEGATION_SCOPE_DEFER: u32 = 30;
export const CODE_GATE_UNMET_DEFER: u32 = 31;
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
export const CODE_BUDGET_EXCEEDED: u32 = 74;
export const CODE_RATE_EXCEEDED: u32 = 75;
export const CODE_AMBIENT_EXCEEDED: u32 = 76;
export const CODE_SPAWN_NOT_ALLOWED: u32 = 77;
export const CODE_SPAWN_LIMIT: u32 = 78;
export const CODE_AMOUNT_UNKNOWN: u32 = 79;
export const CODE_AGENT_FROZEN: u32 = 80;
export const CODE_SESSION_MISSING: u32 = 81;
export const CODE_SESSION_UNKNOWN: u32 = 82;
export const CODE_SESSION_CLOSED: u32 = 83;
export const CODE_SESSION_EXPIRED: u32 = 84;
export const CODE_SESSION_IDLE: u32 = 85;
export const CODE_SESSION_EXHAUSTED: u32 = 86;
export const CODE_PHASE_EXPIRED: u32 = 87;
export const CODE_DELEGATION_EXPIRED: u32 = 88;
export const CODE_DELEGATION_NOT_GRANTED: u32 = 89;
export const CODE_DELEGATION_TOO_DEEP: u32 = 90;
export const CODE_DELEGATION_SCOPE: u32 = 91;
export const CODE_GRANTOR_DENY: u32 = 92;
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
export const CODE_FACT_CONFLICT: u32 = 125;
export const CODE_STATE_MISSING: u32 = 126;
export const CODE_STATE_INVALID: u32 = 127;
export const CODE_TIME_MISSING: u32 = 128;
export const CODE_CLOCK_BACKWARDS: u32 = 129;
// Refused events.
export const CODE_EVENT_INVALID: u32 = 130;
export const CODE_SESSION_EXISTS: u32 = 131;
export const CODE_RESERVATION_UNKNOWN: u32 = 132;
export const CODE_GATE_UNMET: u32 = 133;
export const CODE_SELF_APPROVAL: u32 = 134;
export const CODE_APPROVALS_FULL: u32 = 135;
export const CODE_CHILDREN_NONE: u32 = 136;
// Given by the host, never by the core.
export const CODE_ENGINE_TRAP: u32 = 140;
export const CODE_NO_POLICY: u32 = 141;
export const CODE_RECORD_UNWRITABLE: u32 = 142;
export const CODE_STATE_UNAVAILABLE: u32 = 143;
export const CODE_IDENTITY_INVALID: u32 = 144;
export const CODE_DELEGATION_INVALID: u32 = 145;
export const CODE_DELEGATION_REVOKED: u32 = 146;

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
export const TRACE_STEP: u32 = 1; // low: step of LANGUAGE section 5 (1-7); payload: code that it decided, or 0
export const TRACE_RULE: u32 = 2; // low: truth value of its condition; payload: rule id; after its instructions
export const TRACE_TEST: u32 = 3; // low: truth value; payload: instruction index in CODE
