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
  | "time";

/** A string is an object key, a number a list index. */
export interface Field {
  kind: "field";
  root: Root;
  path: (string | number)[];
  span: Span;
}

export type Operand =
  | Field
  | { kind: "length"; of: Field; span: Span }
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

export interface Phase {
  name: string;
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
  alerts: { permit: string[]; deny: string[]; defer: string[] };
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
