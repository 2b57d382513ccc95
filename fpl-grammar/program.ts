/**
 * The checked program: what the checks make of one or more documents, and all that the compiler and the reference
 * interpreter need. Names are resolved, variables folded in, older spellings rewritten, imports included in place.
 * Plain data, JSON-serialisable, no classes.
 */

/** A place in a source file. Lines and columns count from 1, columns in code points; offsets are UTF-16 into the text. */
export interface Span {
  file: string;
  line: number;
  column: number;
  offset: number;
  length: number;
}

export type Severity = "error" | "warning" | "note";

/** One finding. `message` is lower case with user text in backticks; `help` says what to do. */
export interface Diagnostic {
  severity: Severity;
  /** Stable, documented in docs/reference: `F001` ... */
  code: string;
  message: string;
  help: string | null;
  span: Span;
}

export type Effect = "deny!" | "deny" | "defer" | "permit";

/** An exact decimal: (negative ? -1 : 1) * digits * 10^exponent; `digits` has no trailing zero ("0" for zero), at most 19 digits. */
export interface Decimal {
  negative: boolean;
  digits: string;
  exponent: number;
}

export type Literal =
  | { kind: "string"; value: string }
  | { kind: "number"; value: Decimal }
  | { kind: "boolean"; value: boolean };

/** `facet` is `http` when the action has that facet, else `args`. */
export type Root =
  | "args"
  | "tool"
  | "agent"
  | "model"
  | "principal"
  | "session"
  | "selectors"
  | "http"
  | "facet"
  | "time"
  /** `chain`, with an index or without; `delegation.root` is written as `chain[0]`. */
  | "delegation";

/** A string is an object key, a number a list index. */
export interface Field {
  kind: "field";
  root: Root;
  path: (string | number)[];
  span: Span;
}

/** A number that the core knows; without state or session unknown, but for `delegation.depth`, which is 0 then. */
export type Computed = "session.calls" | "session.cost" | "session.age" | "delegation.depth";

/**
 * What the session remembers of calls that were permitted before (`denies`: denied). Without a session it is missing.
 * `windowMs` null: since the session was opened.
 */
export type History =
  | { function: "count"; pattern: string; windowMs: number | null }
  /** `argument` as in Field; summed in millionths. */
  | { function: "sum"; pattern: string; argument: (string | number)[]; windowMs: number | null }
  | { function: "denies"; windowMs: number }
  /** Booleans: only in a `happened` condition. */
  | { function: "contains"; pattern: string; windowMs: number | null }
  | { function: "sequence"; patterns: string[] };

export type Operand =
  | Field
  | { kind: "length"; of: Field; span: Span }
  | { kind: "computed"; name: Computed; span: Span }
  /** `count`, `sum` or `denies`. In a comparison with a literal, a field or a computed number, never with another of its kind. */
  | { kind: "history"; history: History; span: Span }
  | { kind: "literal"; literal: Literal; span: Span };

export type Comparison = "==" | "!=" | "<" | "<=" | ">" | ">=";

/**
 * How a glob reads. `host`: `*` is any run of bytes, ASCII case ignored. `path`: `*` stops at `/`, `**` does not.
 * `name`: `*` is any run. `value`: the same (query, header, port and method values).
 */
export type GlobDialect = "host" | "path" | "name" | "value";

export type Condition = (
  | { kind: "and" | "or"; terms: Condition[] }
  | { kind: "not"; term: Condition }
  | { kind: "constant"; value: boolean }
  | { kind: "truth"; operand: Field }
  | { kind: "present"; operand: Field }
  /** `contains` or `sequence`. */
  | { kind: "happened"; history: History }
  | { kind: "compare"; op: Comparison; left: Operand; right: Operand }
  /** All literals of one kind. */
  | { kind: "in"; left: Operand; list: Literal[] }
  | { kind: "contains" | "starts_with" | "ends_with"; left: Operand; right: Operand }
  /** Pattern text as written, RE2-style, unanchored search. */
  | { kind: "matches"; left: Operand; pattern: string; patternSpan: Span }
  /** Whole-text match of any of the globs. */
  | { kind: "glob"; left: Operand; globs: string[]; dialect: GlobDialect }
  /** Absolute directory, not yet normalised. */
  | { kind: "under"; left: Operand; directory: string }
  | { kind: "any"; list: Field; pattern: string; patternSpan: Span }
) & { span: Span };

export interface Rule {
  effect: Effect;
  /** Tool pattern as written, LANGUAGE section 3. */
  pattern: string;
  patternSpan: Span;
  /** Null: unconditional. Facet clauses (host, port, ...) are already conjoined here. */
  condition: Condition | null;
  reason: string | null;
  notify: string | null;
  span: Span;
  /** First line of the rule as the canonical printer prints the whole rule on one line. Basis of the stable rule id. */
  text: string;
}

export interface ArgumentSchema {
  name: string;
  type: "string" | "integer" | "number" | "money" | "boolean" | "list" | "object" | "enum";
  required: boolean;
  /** Only for `enum`. */
  values: string[];
  span: Span;
}

/** Closed: an argument that is not declared violates the schema. `arguments: null` when the block declares no `args`. */
export interface ToolSchema {
  pattern: string;
  patternSpan: Span;
  arguments: ArgumentSchema[] | null;
  /** What the block says of the tool besides; carried for people and hosts, ignored by the verdict. */
  metadata?: { reversible: boolean | null; blastRadius: string | null; tags: string[] };
  span: Span;
}

/** A tool pattern and where it stands. */
export interface PatternAt {
  pattern: string;
  span: Span;
}

export type OnExceed = "deny" | "defer" | "audit";

/** Money is in whole millionths, as a decimal text below 10^18. */
export interface Budget {
  name: string;
  /** `session` counts per session; any other name per agent. */
  scope: "session" | "agent";
  /** `daily`: 86,400,000; else `window`; null: for ever. Periods begin at the Unix epoch, so a day is a UTC day. */
  windowMs: number | null;
  maxMicros: string | null;
  /** The property `daily`: one more cap, per UTC day, in the same scope. */
  dailyMicros: string | null;
  maxCalls: number | null;
  maxTokens: number | null;
  /** Millionths of each cap; null when not written. */
  warnAtMillionths: number | null;
  /** Absent in the text: deny. */
  onExceed: OnExceed;
  /** Empty: every tool. */
  tools: PatternAt[];
  span: Span;
}

/** At most `count` permitted calls in any window of that length. */
export interface RateLimit {
  pattern: string;
  patternSpan: Span;
  count: number;
  windowMs: number;
  span: Span;
}

/** A cap per agent and UTC day. */
export interface AmbientCap {
  /** As written: `max_calls_per_day`, or the declared counter's name. */
  name: string;
  limit: number;
  counts:
    | { kind: "calls"; pattern: string }
    /** Bytes that hosts report when they settle a call. */
    | { kind: "bytes"; pattern: string }
    /** Distinct values of an argument, at most 4,096. */
    | { kind: "distinct"; pattern: string; argument: (string | number)[] };
  onExceed: OnExceed;
  span: Span;
}

/** What a permitted call of the pattern costs; of several that match the greatest. */
export interface Cost {
  pattern: string;
  patternSpan: Span;
  amount: { kind: "money"; micros: string } | { kind: "argument"; path: (string | number)[] };
  span: Span;
}

export interface SessionLimits {
  maxDurationMs: number | null;
  idleTimeoutMs: number | null;
  maxCalls: number | null;
  span: Span;
}

/** Governs the tool `agent/spawn`: globs over `args.type`, live children, depth of the delegation chain. */
export interface Spawn {
  allow: string[];
  deny: string[];
  maxChildren: number | null;
  maxDepth: number | null;
  onExceed: "deny" | "defer";
  span: Span;
}

/** What closing a session needs. */
export interface CompletionGate {
  noPendingApprovals: boolean;
  budgetUnderLimit: boolean;
  /** Names of facts that must be true. */
  facts: string[];
  onUnmet: "deny" | "defer";
  span: Span;
}

/** What `to` may do in the name of the agent whose block this is: one rule per scope, of the ceiling's effect (permit when inherited). */
export interface Delegate {
  to: string;
  /** Empty scope in the text: the rule list is empty, and nothing is granted. */
  rules: Rule[];
  /** Longest life of a grant; null: any. */
  ttlMs: number | null;
  span: Span;
}

/** What a `manifest` says of an agent that hands work to others: of its calls of the tools `agent/invoke/NAME`. */
export interface Invocations {
  /** Of a target that no grant names. `rule` is the same as a rule, a `deny!` or a `defer`. */
  undeclared: { effect: "deny" | "defer"; rule: Rule };
  /** In order of declaration, each target once. */
  grants: InvocationGrant[];
  span: Span;
}

/** A `deny!` of these rules stands with the agent's own. A `defer` takes the place of a permit, whatever rule or default gave it. */
export interface InvocationGrant {
  to: string;
  /** Permitted calls in a session of the agent; without a session none. */
  max: number;
  /** A `deny!`: there were as many. */
  limit: Rule;
  /** A `defer`: a person is asked before each; null: nobody is. */
  approval: Rule | null;
}

export interface Phase {
  name: string;
  /** After so long in it a session goes on to `next`; without `next`, no further call is permitted. */
  durationMs: number | null;
  next: string | null;
  /** Patterns listed in `tools`, besides those that its rules name. */
  tools: string[];
  rules: Rule[];
  span: Span;
}

export interface Selector {
  name: string;
  source: string | null;
  cacheMs: number | null;
  /** Absent in the text: deny. */
  onUnavailable: "deny" | "defer";
  onTimeout: "deny" | "defer";
  span: Span;
}

export interface Credential {
  name: string;
  scope: string[];
  backend: string | null;
  path: string | null;
  ttlMs: number | null;
  maxScope: string | null;
  span: Span;
}

/** `paths` are argument paths, steps as in Field. */
export interface Redaction {
  pattern: string;
  paths: (string | number)[][];
  span: Span;
}

export interface AgentPolicy {
  name: string;
  /** Absent in the text: deny. */
  default: "deny" | "defer" | "permit";
  rules: Rule[];
  /** In order of declaration; a session starts in the first. */
  phases: Phase[];
  selectors: Selector[];
  credentials: Credential[];
  redactions: Redaction[];
  /** `identity { require_verified · methods [...] }`, enforced in step 1. */
  identity: { requireVerified: boolean; methods: string[] | null } | null;
  /** Globs over the model's name; an absent or empty allow list with a block denies all; deny wins. */
  modelPolicy: { allow: string[]; deny: string[] } | null;
  /** `HOST-GLOB[:PORT]`; an absent or empty allow list with a block denies all; deny wins. */
  egress: { allow: string[]; deny: string[] } | null;
  /** Notify targets per effect. */
  alerts: {
    permit: string[];
    deny: string[];
    defer: string[];
    budgetWarning: string[];
    budgetExceeded: string[];
    rateExceeded: string[];
  };
  /** In order of declaration, like every list here. */
  budgets: Budget[];
  rateLimits: RateLimit[];
  ambient: AmbientCap[];
  costs: Cost[];
  session: SessionLimits | null;
  spawn: Spawn | null;
  completionGate: CompletionGate | null;
  delegates: Delegate[];
  /** Null: no manifest names it as one that hands work on. */
  invocations: Invocations | null;
  framework: string | null;
  model: string | null;
  version: string | null;
  span: Span;
}

/** A construct that is read and checked but that this core does not enforce: a build error (`F900`), never ignored. */
export interface Unenforced {
  construct: string;
  span: Span;
}

/** Typed deployment settings, carried in the manifest and ignored by the verdict: runtime, provider, identity, trust, enforcement. */
export interface DeploymentBlock {
  kind: "runtime" | "provider" | "identity" | "trust" | "enforcement";
  name: string | null;
  agent: string | null;
  settings: Record<string, SettingValue>;
  span: Span;
}

export type SettingValue = string | boolean | Decimal | SettingValue[] | { [key: string]: SettingValue };

export interface SourceFile {
  /** Relative to the folder or file given, `/` as separator. */
  name: string;
  text: string;
}

export interface Program {
  /** Ascending by name. */
  files: SourceFile[];
  system: {
    version: string | null;
    utcOffsetMinutes: number;
    missingFieldsApply: boolean;
    onPolicyLoadFailure: "deny_all";
    maxOutputBytes: number | null;
    /** `deny!`, `deny` and `defer` only. */
    rules: Rule[];
  };
  tools: ToolSchema[];
  /** Ascending by name; bare rules belong to the agent named `default`. */
  agents: AgentPolicy[];
  deployment: DeploymentBlock[];
  unenforced: Unenforced[];
}
