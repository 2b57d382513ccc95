/**
 * The intermediate representation: what a bundle says, as plain data. `encode` lays it down as bytes, `decode` reads
 * it back; the two are inverse. Every id is an index into the table of that name; `null` stands for an absent one.
 * Numbers named after constants (`effect`, `op`, `kind`, `root`, `type`) hold the values of engine/constants.ts.
 * Durations are numbers of milliseconds below 2^53; what may be greater is a bigint.
 */

/** The value (negative ? -1 : 1) * digits * 10^exponent; `digits` has no trailing zero ("0" for zero) and at most 19 digits. */
export interface IrNumber {
  negative: boolean;
  digits: string;
  exponent: number;
}

/** `kind` is a LIST_*. String ids, number ids or 0 / 1, ascending and unique. */
export interface IrList {
  kind: number;
  ids: number[];
}

/** `root` is a ROOT_*. A step is a string id, or `STEP_INDEX | n` as an unsigned number. */
export interface IrPath {
  root: number;
  steps: number[];
}

/**
 * A minimal deterministic automaton over bytes. State 0 is the start; states are numbered breadth first in the order
 * of byte classes, classes in the order of their first byte.
 */
export interface Automaton {
  states: number;
  classes: number;
  /** The class of each of the 256 bytes. */
  classOf: Uint8Array;
  /** DFA_* of each state. */
  flags: Uint8Array;
  /** `next[state * classes + class]`. */
  next: Uint16Array;
}

/** Kinds are OPERAND_*; an operand of kind OPERAND_NONE is 0. */
export interface Instruction {
  op: number;
  leftKind: number;
  left: number;
  rightKind: number;
  right: number;
}

export interface IrRule {
  /** EFFECT_*. */
  effect: number;
  /** Index into `phases`. */
  phase: number | null;
  /** Slice of `code`; a count of 0 is an unconditional rule. */
  codeFirst: number;
  codeCount: number;
  /** String id. */
  notify: number | null;
  /** Agent index; null for a rule of the system. */
  agent: number | null;
}

/** What a tool name that matches one pattern of one scope brings in. Ids ascending and unique. */
export interface IrPattern {
  /** Indexes of the agent's selectors that rules of this pattern read. */
  selectors: number[];
  /** Indexes of the agent's phases that name this pattern. */
  phases: number[];
  /** Rules of effect `deny!`, with those of `defer` that take the place of any permit; then all others. */
  always: number[];
  rules: number[];
  redacts: number[];
  credentials: number[];
  schemas: number[];
  /** What a call of this pattern moves. */
  meters: number[];
  costs: number[];
}

/** One exact name: a tool of a scope to its pattern, or an agent (SCOPE_AGENTS) to its index. Ascending by scope, then string. */
export interface ExactName {
  scope: number;
  string: number;
  target: number;
}

/** A node of the glob trie, numbered breadth first: roots (system, then agents), then children in the order of the fields. */
export interface GlobNode {
  edges: { byte: number; node: number }[];
  segmentStar: number | null;
  anyStar: number | null;
  pattern: number | null;
  /** LOOP_*. */
  loop: number;
}

export interface IrAgent {
  /** String id. */
  name: number;
  /** EFFECT_*. */
  defaultEffect: number;
  globRoot: number | null;
  anyPattern: number | null;
  requireVerified: boolean;
  /** List id. */
  methods: number | null;
  hasModelPolicy: boolean;
  /** Automaton ids. */
  modelAllow: number | null;
  modelDeny: number | null;
  hasEgress: boolean;
  egressAllow: number | null;
  egressDeny: number | null;
  phaseFirst: number;
  phaseCount: number;
  selectorFirst: number;
  selectorCount: number;
  /** List ids. */
  alertPermit: number | null;
  alertDeny: number | null;
  alertDefer: number | null;
  memory: IrMemory;
}

/** What an agent's decisions remember: its row in STATE. */
export interface IrMemory {
  /** Of the agent's blobs and of its sessions' blobs: who stands where. Never 0. */
  agentLayout: bigint;
  sessionLayout: bigint;
  /** Slots of meters in them, those of the system included. */
  agentSlots: number;
  sessionSlots: number;
  /** The agent's own. */
  meterFirst: number;
  meterCount: number;
  maxDurationMs: number | null;
  idleTimeoutMs: number | null;
  maxCalls: number | null;
  delegateTtlMs: number | null;
  /** Automaton ids. */
  spawnAllow: number | null;
  spawnDeny: number | null;
  maxChildren: number | null;
  maxDepth: number | null;
  spawnEffect: number;
  /** List ids. */
  gateFacts: number | null;
  gateEffect: number;
  budgetWarning: number | null;
  budgetExceeded: number | null;
  rateExceeded: number | null;
  /** REMEMBERS_*. */
  flags: number;
}

/** How a phase ends; of the phase with the same index. */
export interface IrTransition {
  durationMs: number | null;
  /** Index into `phases`. */
  next: number | null;
}

export interface IrMeter {
  /** Upper 48 bits: what is counted; lower 16: its slots, the key's own included. */
  key: bigint;
  windowMs: number | null;
  limit: bigint | null;
  warnAt: bigint | null;
  /** METER_*, SCOPED_*. */
  kind: number;
  scope: number;
  /** Of the key, from the first slot behind the blob's header. */
  slot: number;
  /** FAMILY_*, UNIT_*. */
  family: number;
  unit: number;
  /** Path id of root ROOT_ARGS. */
  path: number | null;
  step: number;
  /** EFFECT_*. */
  onExceed: number;
  /** String id. */
  name: number;
  /** Agent index; null for a meter of the system. */
  agent: number | null;
}

/** `micros`, or with a path (ROOT_ARGS) 0 and the amount is that argument. */
export interface IrCost {
  micros: bigint;
  path: number | null;
}

export interface IrSelector {
  name: number;
  onUnavailable: number;
  onTimeout: number;
}

/** `json` is the canonical JSON object that an obligation carries. Both are string ids. */
export interface IrCredential {
  name: number;
  json: number;
}

export interface IrSchema {
  argumentFirst: number;
  argumentCount: number;
}

export interface IrArgument {
  name: number;
  /** TYPE_*. */
  type: number;
  required: boolean;
  /** List id, for TYPE_ENUM alone. */
  list: number | null;
}

export interface IrSystem {
  globRoot: number | null;
  anyPattern: number | null;
  utcOffsetMinutes: number;
  missingFieldsApply: boolean;
  defaultAgent: number | null;
}

/** Source of a rule. `identity` is canonical JSON {"column","file","id","line"}. */
export interface RuleDebug {
  identity: string;
  reason: string | null;
  text: string;
}

export interface InstructionDebug {
  file: string;
  line: number;
  column: number;
  text: string;
}

export interface Ir {
  /** Unique, ascending by code point. */
  strings: string[];
  /** Unique, ascending by value. */
  numbers: IrNumber[];
  /** Unique, ascending by kind, then by ids. */
  lists: IrList[];
  /** Unique, ascending by root, then by steps. */
  paths: IrPath[];
  automata: Automaton[];
  code: Instruction[];
  rules: IrRule[];
  patterns: IrPattern[];
  exact: ExactName[];
  globs: GlobNode[];
  agents: IrAgent[];
  /** String ids. */
  phases: number[];
  selectors: IrSelector[];
  /** Path ids of root ROOT_ARGS. */
  redacts: number[];
  credentials: IrCredential[];
  schemas: IrSchema[];
  arguments: IrArgument[];
  system: IrSystem;
  /** As many as `phases`. */
  transitions: IrTransition[];
  /** Those of the system first, then by agent, in the order of families. */
  meters: IrMeter[];
  costs: IrCost[];
  /** Canonical JSON (RFC 8785). */
  manifest: string;
  debug: { rules: RuleDebug[]; instructions: InstructionDebug[] };
}
