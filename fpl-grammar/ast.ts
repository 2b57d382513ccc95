/**
 * The syntax tree of one document, with its comments. Canonical: synonyms (`allow`, `when`, older function spellings) are
 * already replaced, so two texts that differ in dialect or layout alone have equal trees but for spans and blank lines.
 */

import type { Comparison, Decimal, Effect, Span } from "./program.ts";

/** `text` is what follows `#`, without trailing white space. */
export interface Comment {
  text: string;
  /** A blank line stands before it; never set at the start of a block. */
  blankBefore: boolean;
  span: Span;
}

/** What every statement carries for the printer. */
interface Printed {
  span: Span;
  leading: Comment[];
  /** The comment after the statement on its last line. */
  trailing: Comment | null;
  blankBefore: boolean;
}

/** A name or text as it reads, without quotes. */
export interface Name {
  text: string;
  span: Span;
}

export type BlockName =
  | "agent"
  | "system"
  | "runtime"
  | "provider"
  | "identity"
  | "trust"
  | "manifest"
  | "tool"
  | "rules"
  | "phase"
  | "budget"
  | "egress"
  | "model_policy"
  | "session"
  | "spawn"
  | "completion_gate"
  | "enforcement"
  | "alert"
  | "delegate"
  | "ambient"
  | "selector"
  | "credential"
  | "args";

export interface Block extends Printed {
  kind: "block";
  name: BlockName;
  label: Name | null;
  body: Statement[];
  /** Comments after the last statement. */
  end: Comment[];
}

export interface Import extends Printed {
  kind: "import";
  path: string;
  version: string;
  name: string;
  /** The text in quotes. */
  target: Name;
  alias: Name | null;
}

export interface Include extends Printed {
  kind: "include";
  name: Name;
}

export interface Rule extends Printed {
  kind: "rule";
  effect: Effect;
  pattern: Name;
  condition: Expression | null;
  /** In the order host, port, method, path, query, header; the last two by name. */
  facets: FacetClause[];
  notify: Name | null;
  reason: Name | null;
  reeval: { value: boolean; span: Span } | null;
}

export type FacetName = "host" | "port" | "method" | "path" | "query" | "header";

export interface FacetClause {
  facet: FacetName;
  /** Only of `query` and `header`. */
  key: Name | null;
  values: Value[];
  span: Span;
}

/** `NAME = VALUE`; the block's table says which names and types there are. */
export interface Setting extends Printed {
  kind: "setting";
  name: Name;
  value: Value;
}

/** `tools P …`, `scope P …` */
export interface Patterns extends Printed {
  kind: "patterns";
  name: Name;
  patterns: Name[];
}

export interface Variable extends Printed {
  kind: "variable";
  name: Name;
  value: Value;
}

export interface Redact extends Printed {
  kind: "redact";
  pattern: Name;
  paths: Name[];
}

export interface RateLimit extends Printed {
  kind: "rate_limit";
  pattern: Name;
  count: NumberValue;
  unit: Name;
}

export interface Cost extends Printed {
  kind: "cost";
  pattern: Name;
  amount: NumberValue | Path;
}

export interface Grant extends Printed {
  kind: "grant";
  from: Name;
  to: Name;
  max: NumberValue;
  approval: boolean;
}

export interface Orchestrator extends Printed {
  kind: "orchestrator";
  name: Name;
  undeclared: Name | null;
}

/** `counter NAME PATTERN`: counts the permitted calls of the pattern, for a cap of that name. */
export interface Counter extends Printed {
  kind: "counter";
  name: Name;
  pattern: Name;
}

export interface ArgumentDeclaration extends Printed {
  kind: "argument";
  name: Name;
  type: Name;
  values: Value[];
  required: boolean;
}

export type Statement =
  | Block
  | Import
  | Include
  | Rule
  | Setting
  | Patterns
  | Variable
  | Redact
  | RateLimit
  | Cost
  | Grant
  | Orchestrator
  | Counter
  | ArgumentDeclaration;

export interface Document {
  file: string;
  body: Statement[];
  end: Comment[];
}

export type NumberValue = { kind: "number" | "money"; value: Decimal; span: Span };

export type DurationUnit = "ms" | "s" | "m" | "h" | "d" | "w";
export type SizeUnit = "b" | "kb" | "mb" | "gb";

export type Scalar =
  | { kind: "string"; value: string; span: Span }
  | NumberValue
  | { kind: "duration"; amount: number; unit: DurationUnit; span: Span }
  | { kind: "size"; amount: number; unit: SizeUnit; span: Span }
  | { kind: "boolean"; value: boolean; span: Span }
  /** A bare word, where one may stand. */
  | { kind: "word"; value: string; span: Span }
  | { kind: "env"; name: string; span: Span };

export type Value = Scalar | { kind: "list"; items: Value[]; span: Span };

/** `args.list[0]["odd key"]`: a head and steps; `head` is the first word as written. */
export interface Path {
  kind: "path";
  head: string;
  steps: (string | number)[];
  span: Span;
}

/** Text after `matches`: escapes unknown to strings stay as written. */
export interface Pattern {
  kind: "pattern";
  text: string;
  span: Span;
}

export type Argument =
  | Expression
  | Pattern
  /** A tool pattern. */
  | { kind: "tool_pattern"; text: string; span: Span }
  | { kind: "named"; name: Name; value: Expression; span: Span };

export interface Call {
  kind: "call";
  /** Dotted: `session.count`. */
  name: string;
  arguments: Argument[];
  span: Span;
}

export type Expression =
  | { kind: "or" | "and"; terms: Expression[]; span: Span }
  | { kind: "not"; term: Expression; span: Span }
  | { kind: "compare"; op: Comparison; left: Expression; right: Expression; span: Span }
  | {
      kind: "in" | "contains" | "starts_with" | "ends_with" | "under";
      left: Expression;
      right: Expression;
      span: Span;
    }
  | { kind: "matches"; left: Expression; right: Pattern | Path; span: Span }
  | Path
  | Call
  | { kind: "nil"; span: Span }
  | { kind: "list"; items: Expression[]; span: Span }
  | Exclude<Scalar, { kind: "word" | "env" }>;
