/**
 * Where the tables of the loaded bundle stand, and how to read an entry. Layout: engine/constants.ts.
 * Ids are trusted here: `load` has checked every one of them.
 */
import {
  SECTION_AGENTS,
  SECTION_CODE,
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
} from "../constants";
import { BUNDLE } from "./memory";

export const NUMBER_BYTES: u32 = 16;
export const LIST_BYTES: u32 = 12;
export const PATH_BYTES: u32 = 12;
export const CODE_BYTES: u32 = 12;
export const RULE_BYTES: u32 = 24;
export const PATTERN_BYTES: u32 = 72;
export const SLOT_BYTES: u32 = 16;
export const NODE_BYTES: u32 = 24;
export const EDGE_BYTES: u32 = 8;
export const AGENT_BYTES: u32 = 80;
export const STATE_HEAD_BYTES: u32 = 16;
export const MEMORY_BYTES: u32 = 112;
export const PHASE_LIMIT_BYTES: u32 = 16;
export const METER_BYTES: u32 = 72;
export const COST_BYTES: u32 = 16;
export const RULE_DEBUG_BYTES: u32 = 12;
export const CODE_DEBUG_BYTES: u32 = 16;

export const HEADER_BYTES: u32 = 16;
export const SECTION_ENTRY_BYTES: u32 = 8;

// Fields of a rule.
export const RULE_PHASE: usize = 2;
export const RULE_CODE_FIRST: usize = 4;
export const RULE_CODE_COUNT: usize = 8;
export const RULE_NOTIFY: usize = 12;
export const RULE_AGENT: usize = 16;

// Fields of a pattern; a slice is { u32 first, u32 count }.
export const PATTERN_PHASES: usize = 8;
export const PATTERN_ALWAYS: usize = 12;
export const PATTERN_RULES: usize = 20;
export const PATTERN_REDACTS: usize = 28;
export const PATTERN_CREDENTIALS: usize = 36;
export const PATTERN_SCHEMAS: usize = 44;
export const PATTERN_METERS: usize = 56;
export const PATTERN_COSTS: usize = 64;

// Fields of a node of the glob trie.
export const NODE_EDGE_COUNT: usize = 4;
export const NODE_SEGMENT_STAR: usize = 8;
export const NODE_ANY_STAR: usize = 12;
export const NODE_PATTERN: usize = 16;
export const NODE_LOOP: usize = 20;

// Fields of an agent.
export const AGENT_DEFAULT: usize = 4;
export const AGENT_GLOB_ROOT: usize = 8;
export const AGENT_ANY: usize = 12;
export const AGENT_FLAGS: usize = 16;
export const AGENT_METHODS: usize = 20;
export const AGENT_MODEL_ALLOW: usize = 24;
export const AGENT_MODEL_DENY: usize = 28;
export const AGENT_EGRESS_ALLOW: usize = 32;
export const AGENT_EGRESS_DENY: usize = 36;
export const AGENT_PHASE_FIRST: usize = 40;
export const AGENT_PHASE_COUNT: usize = 44;
export const AGENT_SELECTOR_FIRST: usize = 48;
export const AGENT_SELECTOR_COUNT: usize = 52;
export const AGENT_ALERT_PERMIT: usize = 56;
export const AGENT_ALERT_DENY: usize = 60;
export const AGENT_ALERT_DEFER: usize = 64;

// Fields of the system.
export const SYSTEM_ANY: usize = 4;
export const SYSTEM_UTC_OFFSET: usize = 8;
export const SYSTEM_FLAGS: usize = 12;
export const SYSTEM_DEFAULT_AGENT: usize = 16;

// What an agent remembers (a row of `agents` in STATE).
export const MEMORY_LAYOUT: usize = 0;
export const MEMORY_SLOTS: usize = 16;
export const MEMORY_METER_FIRST: usize = 24;
export const MEMORY_METER_COUNT: usize = 28;
export const MEMORY_MAX_DURATION: usize = 32;
export const MEMORY_IDLE_TIMEOUT: usize = 40;
export const MEMORY_MAX_CALLS: usize = 48;
export const MEMORY_DELEGATE_TTL: usize = 56;
export const MEMORY_SPAWN_ALLOW: usize = 64;
export const MEMORY_SPAWN_DENY: usize = 68;
export const MEMORY_MAX_CHILDREN: usize = 72;
export const MEMORY_MAX_DEPTH: usize = 76;
export const MEMORY_SPAWN_EFFECT: usize = 80;
export const MEMORY_GATE_FACTS: usize = 84;
export const MEMORY_GATE_EFFECT: usize = 88;
export const MEMORY_BUDGET_WARNING: usize = 92;
export const MEMORY_BUDGET_EXCEEDED: usize = 96;
export const MEMORY_RATE_EXCEEDED: usize = 100;
export const MEMORY_FLAGS: usize = 104;

// Limits of a phase: { u64 duration, u32 next, u32 0 }.
export const PHASE_NEXT: usize = 8;

// Fields of a meter.
export const METER_WINDOW: usize = 8;
export const METER_LIMIT: usize = 16;
export const METER_WARN_AT: usize = 24;
export const METER_KIND: usize = 32;
export const METER_SCOPE: usize = 36;
export const METER_SLOT: usize = 40;
export const METER_FAMILY: usize = 44;
export const METER_UNIT: usize = 48;
export const METER_PATH: usize = 52;
export const METER_STEP: usize = 56;
export const METER_ON_EXCEED: usize = 60;
export const METER_NAME: usize = 64;
export const METER_AGENT: usize = 68;

// Fields of a cost: { u64 micros, u32 path, u32 0 }.
export const COST_PATH: usize = 8;

// An automaton: { u32 states, u32 classes, u32 start, u8 classOf[256], u8 flags[states] … }.
export const DFA_CLASSES: usize = 4;
export const DFA_START: usize = 8;
export const DFA_CLASS_OF: usize = 12;
export const DFA_FLAGS: usize = 268;

export let stringCount: u32 = 0;
export let stringStarts: usize = 0;
export let stringBytes: usize = 0;
export let numberCount: u32 = 0;
export let numbers: usize = 0;
export let listCount: u32 = 0;
export let lists: usize = 0;
export let pathCount: u32 = 0;
export let paths: usize = 0;
export let dfaCount: u32 = 0;
export let dfas: usize = 0;
export let codeCount: u32 = 0;
export let code: usize = 0;
export let ruleCount: u32 = 0;
export let rules: usize = 0;
export let patternCount: u32 = 0;
export let patterns: usize = 0;
export let indexCount: u32 = 0;
export let index: usize = 0;
export let capacity: u32 = 0;
export let slots: usize = 0;
export let nodeCount: u32 = 0;
export let nodes: usize = 0;
export let edgeCount: u32 = 0;
export let edges: usize = 0;
export let agentCount: u32 = 0;
export let agents: usize = 0;
export let items: usize = 0;
export let phases: usize = 0;
export let selectors: usize = 0;
export let redacts: usize = 0;
export let credentials: usize = 0;
export let schemas: usize = 0;
export let schemaArguments: usize = 0;
export let system: usize = 0;
export let systemMeterCount: u32 = 0;
export let meterCount: u32 = 0;
export let meters: usize = 0;
export let costCount: u32 = 0;
export let costs: usize = 0;
export let memories: usize = 0;
export let phaseLimits: usize = 0;
export let debug: usize = 0;
export let debugStarts: usize = 0;
export let debugBytes: usize = 0;
export let debugRules: usize = 0;

export function sectionStart(section: u32): usize {
  return BUNDLE + load<u32>(BUNDLE + HEADER_BYTES + section * SECTION_ENTRY_BYTES);
}

export function sectionLength(section: u32): u32 {
  return load<u32>(BUNDLE + HEADER_BYTES + section * SECTION_ENTRY_BYTES, 4);
}

/** Reads the section table and the counts, which need not fit their sections yet. The header must have been checked. */
export function locate(): void {
  const strings = sectionStart(SECTION_STRINGS);
  stringCount = load<u32>(strings);
  stringStarts = strings + 4;
  stringBytes = stringStarts + 4 * (<usize>stringCount + 1);
  numbers = sectionStart(SECTION_NUMBERS);
  numberCount = sectionLength(SECTION_NUMBERS) / NUMBER_BYTES;
  lists = sectionStart(SECTION_LISTS);
  listCount = sectionLength(SECTION_LISTS) / LIST_BYTES;
  paths = sectionStart(SECTION_PATHS);
  pathCount = sectionLength(SECTION_PATHS) / PATH_BYTES;
  dfas = sectionStart(SECTION_DFAS);
  dfaCount = load<u32>(dfas);
  code = sectionStart(SECTION_CODE);
  codeCount = sectionLength(SECTION_CODE) / CODE_BYTES;
  rules = sectionStart(SECTION_RULES);
  ruleCount = sectionLength(SECTION_RULES) / RULE_BYTES;
  patterns = sectionStart(SECTION_PATTERNS);
  patternCount = sectionLength(SECTION_PATTERNS) / PATTERN_BYTES;
  index = sectionStart(SECTION_INDEX);
  indexCount = sectionLength(SECTION_INDEX) / 4;
  const exact = sectionStart(SECTION_EXACT);
  capacity = load<u32>(exact);
  slots = exact + 8;
  const globs = sectionStart(SECTION_GLOBS);
  nodeCount = load<u32>(globs);
  edgeCount = load<u32>(globs, 4);
  nodes = globs + 8;
  edges = nodes + <usize>nodeCount * NODE_BYTES;
  agents = sectionStart(SECTION_AGENTS);
  agentCount = sectionLength(SECTION_AGENTS) / AGENT_BYTES;
  locateItems();
  system = sectionStart(SECTION_SYSTEM);
  locateState();
  debug = sectionStart(SECTION_DEBUG);
  debugStarts = debug + 4;
  debugBytes = debugStarts + 4 * (<usize>load<u32>(debug) + 1);
}

/** The counts of ITEMS, in the order of the tables. */
export const ITEM_PHASES: u32 = 0;
export const ITEM_SELECTORS: u32 = 1;
export const ITEM_REDACTS: u32 = 2;
export const ITEM_CREDENTIALS: u32 = 3;
export const ITEM_SCHEMAS: u32 = 4;
export const ITEM_ARGUMENTS: u32 = 5;
export const ITEM_KINDS: u32 = 6;
export const ITEMS_HEADER_BYTES: u32 = 32;

export function itemCount(item: u32): u32 {
  return load<u32>(items + 4 * item);
}

function locateItems(): void {
  items = sectionStart(SECTION_ITEMS);
  phases = items + ITEMS_HEADER_BYTES;
  selectors = phases + 4 * itemCount(ITEM_PHASES);
  redacts = selectors + 12 * itemCount(ITEM_SELECTORS);
  credentials = redacts + 4 * itemCount(ITEM_REDACTS);
  schemas = credentials + 8 * itemCount(ITEM_CREDENTIALS);
  schemaArguments = schemas + 8 * itemCount(ITEM_SCHEMAS);
}

function locateState(): void {
  const state = sectionStart(SECTION_STATE);
  systemMeterCount = load<u32>(state);
  meterCount = load<u32>(state, 4);
  costCount = load<u32>(state, 8);
  memories = state + STATE_HEAD_BYTES;
  phaseLimits = memories + <usize>agentCount * MEMORY_BYTES;
  meters = phaseLimits + <usize>itemCount(ITEM_PHASES) * PHASE_LIMIT_BYTES;
  costs = meters + <usize>meterCount * METER_BYTES;
}

/** The tables of DEBUG stand behind its strings, 4-aligned. The strings must have been checked. */
export function locateDebugTables(): void {
  const end = debugBytes + load<u32>(debugStarts + 4 * load<u32>(debug));
  debugRules = (end + 3) & ~3;
}

export function stringText(id: u32): usize {
  return stringBytes + load<u32>(stringStarts + ((<usize>id) << 2));
}

export function stringLength(id: u32): u32 {
  const start = stringStarts + ((<usize>id) << 2);
  return load<u32>(start, 4) - load<u32>(start);
}

export function debugText(id: u32): usize {
  return debugBytes + load<u32>(debugStarts + ((<usize>id) << 2));
}

export function debugLength(id: u32): u32 {
  const start = debugStarts + ((<usize>id) << 2);
  return load<u32>(start, 4) - load<u32>(start);
}

export function numberAt(id: u32): usize {
  return numbers + <usize>id * NUMBER_BYTES;
}

export function ruleAt(id: u32): usize {
  return rules + <usize>id * RULE_BYTES;
}

export function patternAt(id: u32): usize {
  return patterns + <usize>id * PATTERN_BYTES;
}

export function agentAt(id: u32): usize {
  return agents + <usize>id * AGENT_BYTES;
}

/** What the agent remembers. */
export function memoryAt(id: u32): usize {
  return memories + <usize>id * MEMORY_BYTES;
}

/** Limits of a phase, by its index among all. */
export function phaseLimitAt(id: u32): usize {
  return phaseLimits + <usize>id * PHASE_LIMIT_BYTES;
}

export function meterAt(id: u32): usize {
  return meters + <usize>id * METER_BYTES;
}

export function costAt(id: u32): usize {
  return costs + <usize>id * COST_BYTES;
}

export function dfaAt(id: u32): usize {
  return dfas + load<u32>(dfas + 4 + ((<usize>id) << 2));
}

/** Of the slice that starts at `slice`: the address of its first id. */
export function sliceFirst(slice: usize): usize {
  return index + ((<usize>load<u32>(slice)) << 2);
}

export function sliceCount(slice: usize): u32 {
  return load<u32>(slice, 4);
}
