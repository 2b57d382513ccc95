/** The closed table of functions in conditions, and the older spellings that are rewritten to them. */

export type ParameterKind =
  /** A field of the action or the facts. */
  | "field"
  | "string"
  /** `matches "re"` */
  | "matching"
  | "tool_pattern"
  /** A tool pattern, a dot and the name of a number argument. */
  | "tool_argument"
  | "duration";

export interface FunctionTable {
  parameters: readonly ParameterKind[];
  /** The last parameter may be repeated. */
  repeats: boolean;
  /** Named duration parameters, and whether each must be given. */
  named: Readonly<Record<string, boolean>>;
  returns: "boolean" | "number";
  /** Asks what the session remembers of earlier calls. */
  remembers: boolean;
}

const pure = (returns: "boolean" | "number", ...parameters: ParameterKind[]): FunctionTable => ({
  parameters,
  repeats: false,
  named: {},
  returns,
  remembers: false,
});

const remembering = (
  returns: "boolean" | "number",
  parameters: ParameterKind[],
  named: Record<string, boolean> = {},
  repeats = false,
): FunctionTable => ({ parameters, repeats, named, returns, remembers: true });

export const FUNCTIONS: ReadonlyMap<string, FunctionTable> = new Map([
  ["present", pure("boolean", "field")],
  ["purpose", pure("boolean", "string")],
  ["length", pure("number", "field")],
  ["any", pure("boolean", "field", "matching")],
  ["session.sum", remembering("number", ["tool_argument"], { window: false })],
  ["session.count", remembering("number", ["tool_pattern"], { window: false })],
  ["history.contains", remembering("boolean", ["tool_pattern"], { within: false })],
  ["history.sequence", remembering("boolean", ["tool_pattern", "tool_pattern"], {}, true)],
  ["deny_count_within", remembering("number", ["duration"])],
]);

/** Older spellings: how many arguments they take. */
export const OLDER_FUNCTIONS: ReadonlyMap<string, { least: number; most: number }> = new Map([
  ["contains", { least: 2, most: 2 }],
  ["args_array_len", { least: 1, most: 1 }],
  ["args_array_contains", { least: 2, most: 2 }],
  ["args_array_any_match", { least: 2, most: 2 }],
  ["history_contains_within", { least: 2, most: 2 }],
  ["history_sequence", { least: 2, most: Number.POSITIVE_INFINITY }],
  ["history_tool_count", { least: 1, most: 1 }],
]);
