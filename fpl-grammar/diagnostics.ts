/**
 * Every diagnostic of the language, as data: code, severity, message and help. The list is closed and stable: a code is never
 * given a second meaning. `F0` text and syntax, `F1` names, `F2` types and values, `F3` declarations, `F4` rules, `F5` patterns
 * and conditions that look wrong, `F6` imports, `F7` settings. `F9` belongs to the compiler.
 */

import type { Diagnostic, Severity, Span } from "./program.ts";

interface Definition {
  severity: Severity;
  /** `{name}` is replaced; user text is given in without backticks and written in them. */
  message: string;
  help: string | null;
}

const error = (message: string, help: string | null = null): Definition => ({
  severity: "error",
  message,
  help,
});
const warning = (message: string, help: string | null = null): Definition => ({
  severity: "warning",
  message,
  help,
});
const note = (message: string, help: string | null = null): Definition => ({
  severity: "note",
  message,
  help,
});

export const DIAGNOSTICS = {
  F001: error(
    "character {character} is not allowed in a policy",
    "remove it; in a text write it as an escape",
  ),
  F002: error(
    "text without its closing quote",
    "a text ends on the line it begins on; write `\\n` for a new line",
  ),
  F003: error(
    "unknown escape `{escape}` in a text",
    'known are `\\"` `\\\\` `\\n` `\\t` `\\r` and `\\uXXXX`',
  ),
  F004: error("{bracket} is never closed", "close it with {closing}"),
  F005: error("{bracket} closes nothing", "remove it, or open what it should close"),
  F006: error("nested deeper than {limit} levels", "split the condition into several rules"),
  F007: error("unexpected {found}, expected {expected}"),
  F008: error("unknown {what} `{name}`"),
  F009: error(
    "number `{text}` has more than 19 significant digits or is out of range",
    "write a shorter number",
  ),
  F010: error(
    "`{text}` is not a number",
    "a number is `5`, `1.5` or `1e3`; a duration `30s`; a size `10mb`; money `$5`",
  ),
  F011: error("the file is longer than {limit} characters", "split it into several files"),
  F012: error("`{name}` is given twice", "write it once"),
  F013: error("unexpected end of the statement after {found}, expected {expected}"),
  F014: error("too many errors, the rest of the file is not shown", "mend the first ones and check again"),
  F015: error("`{name}` needs {what}"),
  F016: error("`{name}` takes no name", "remove it"),
  F017: error("`{text}` begins with a zero", "write the number without it"),
  F019: error(
    "a reserved word cannot be a name here: `{name}`",
    "for an argument of that name write `args.{name}`",
  ),

  F101: error("unknown field `{name}` of `{root}`"),
  F102: error("unknown function `{name}`"),
  F103: error("`{name}` cannot stand alone", "name a field of it, such as `{name}.{example}`"),
  F104: error("`{name}` has no fields"),
  F105: error("unknown variable `{name}`"),
  F106: error("unknown selector `{name}`", "declare it with `selector {name} { … }` in the agent"),
  F107: error("unknown phase `{name}`"),
  F108: error("unknown agent `{name}`"),
  F109: error("unknown provider `{name}`"),
  F110: error("argument `{name}` is not declared by `tool {tool}`"),
  F111: error("selectors belong to an agent; {place} cannot use them"),
  F112: warning("`{name}` is read as the argument `args.{name}`", "did you mean `{suggestion}`?"),
  F113: error("unknown counter `{name}`", "declare it with `counter {name} PATTERN`"),
  F114: error("the name of an agent holds a control character", "remove it"),

  F201: error("`{op}` needs {needs}, but {operand} is {type}"),
  F202: error(
    "{left} and {right} cannot be compared",
    "values of different types are never equal; remove or add the quotes",
  ),
  F203: error("a list holds values of one type only"),
  F204: error("an empty list after `in` matches nothing", "remove the condition, or list the values"),
  F205: error("`{name}` takes {expected}"),
  F206: error("money has at most 6 decimals"),
  F207: error("`{name}` is not {expected}"),
  F208: error("`{name}` takes {count}, not {given}"),
  F209: error("a condition must be true or false, but {operand} is {type}"),
  F210: error("`nil` is only compared with `==` or `!=`", "write `x != nil` or `present(x)`"),
  F211: error("`{text}` is not an absolute path", "begin it with `/`"),
  F212: error(
    "`{text}` is not a tool pattern",
    "segments of letters, digits and `._:@+-`, `*` or `**`, joined by `/`",
  ),
  F213: error("`{text}` is not an argument path", 'write it as `"a.b"` or `"list[0].name"`'),
  F214: error("a list cannot stand here", "use `in [...]`"),
  F215: error("`{text}` is not {expected}"),
  F216: error("methods are upper case", "write `{suggestion}`"),
  F217: warning("this condition is always {value}", "remove it"),
  F219: error("`{value}` is not a value of the argument `{name}`"),
  F220: error(
    "a condition cannot be compared or passed on",
    "an operand is a field, a value, or a function that gives a number",
  ),
  F221: error(
    "{operand} can only be compared with a value, a field or a number such as `session.calls`",
    "write `==`, `!=`, `<`, `<=`, `>` or `>=` between them",
  ),
  F222: error(
    "{place} cannot use `{name}`, which asks an agent's own state",
    "put the condition into the agent's `rules`: they are asked of every call made in its name",
  ),
  F223: error(
    "`{name}` cannot be handed work: its tool `agent/invoke/{name}` would be no name of a tool",
    "give the agent a name of letters, digits and `._:@+-`",
  ),
  F224: error("`{text}` is not how a call spells an address: it matches nothing", "write `{suggestion}`"),
  F225: error(
    "`{text}` is not a path of `{name}`: {what}",
    "begin it with `/`, with `~/` for the home of who runs it, or with `./` for the folder where it runs",
  ),
  F226: error("`{text}` is not the name of an environment variable", "letters, digits and `_`"),

  F301: error("{what} `{name}` is declared twice", "first declared at {place}"),
  F302: error("`{name}` is set twice", "first set at {place}"),
  F303: error("the variable `{name}` has the name of a root", "choose another name"),
  F304: error("variables hold a text, a number, a boolean or a list of them"),
  F305: error("`{name}` needs `{setting}`"),
  F306: error("`{name}` cannot stand in `{block}`"),
  F307: error(
    "the phases {names} follow one another in a circle",
    "remove `next` from the one that a session ends in",
  ),
  F308: error("`{name}` cannot be in force with `{other}`", "remove one of them"),

  F401: error("a system rule cannot permit", "system rules are `deny!`, `deny` and `defer`"),
  F402: error(
    "this rule can never apply: `deny!` at {place} covers it entirely",
    "remove the rule, or narrow the `deny!`",
  ),
  F403: note("`deny!` at {place} takes precedence over this rule for some tools, for example `{witness}`"),
  F404: warning(
    "this rule can never apply: the rule at {place} covers it",
    "remove it, or move it before that rule",
  ),
  F405: warning(
    "this rule contradicts the rule at {place}, which comes first and decides",
    "remove one of them",
  ),
  F406: warning("this rule repeats the rule at {place}", "remove one of them"),
  F407: warning("this rule can never apply: its condition is always false", "remove it"),
  F408: error("`{name}` can only be `deny` or `defer`"),
  F409: warning(
    "patterns before this place took too long to compare: {what} from here on are left out",
    "use fewer patterns with several `*`; what the policy decides is not affected",
  ),
  F410: warning(
    "`{setting}` of the budget `{name}` counts money, and the agent declares no `cost`",
    "declare it, such as `cost pay/* args.amount`; else only costs that the host reports move this budget",
  ),
  F411: warning("`{event}` never happens: {what}", "declare the limit, or remove the event"),
  F412: warning(
    "the policy declares no agent and no rule: it denies every call",
    'declare one, such as `agent "shop" { rules { permit kb/search } }`',
  ),

  F501: warning(
    "the pattern `{pattern}` is not anchored: it also matches longer texts, and this rule lets them through",
    "begin it with `^` and end it with `$`, around every alternative",
  ),
  F502: warning(
    "`{pattern}` looks like a glob, but after `matches` stands a regular expression",
    "write `.*` for any text, or use `under`, `starts_with` or `ends_with`",
  ),

  F601: error("`{path}` has no exact version", 'write the version after `@`, such as `"{path}@1.2.0"`'),
  F602: error("`{version}` is not an exact version", "write all three numbers: no ranges, no `latest`"),
  F603: error(
    "the import `{path}` at version {version} is not available",
    "install it, or correct the path and version",
  ),
  F604: error("unknown import `{name}`", 'declare it with `import "PATH@VERSION" as {name}`'),
  F605: error("the import `{name}` holds `{construct}`, and an imported document holds rules only"),
  F606: error("the import `{name}` includes itself"),
  F607: warning(
    "the import `{name}` is never included",
    "write `include {name}` in a `rules` block, or remove the import",
  ),
  F608: error("the import `{name}` has an error"),
  F609: error("the import needs a name", "write `as NAME`"),

  F701: error('`env("{name}")` is not set', "set it for the build, or write the value"),
  F702: error(
    '`env("{name}")` is not for secrets',
    "a policy never holds a secret; let the credential broker fetch it",
  ),
  F703: error("`env` may only stand in a setting", "write the value, or use a variable"),
} as const satisfies Record<string, Definition>;

export type DiagnosticCode = keyof typeof DIAGNOSTICS;

/** User text longer than this is cut in messages. */
const LONGEST_QUOTED = 80;

/** Makes one diagnostic; `help` replaces the table's own. */
export function report(
  code: DiagnosticCode,
  span: Span,
  values: Record<string, string | number> = {},
  help?: string | null,
): Diagnostic {
  const definition: Definition = DIAGNOSTICS[code];
  const chosen = help === undefined ? definition.help : help;
  return {
    severity: definition.severity,
    code,
    message: fill(definition.message, values),
    help: chosen === null ? null : help === undefined ? fill(chosen, values) : chosen,
    span,
  };
}

function fill(template: string, values: Record<string, string | number>): string {
  return template.replace(/\{([a-z]+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return name === "expected" ? String(value) : shorten(String(value));
  });
}

function shorten(text: string): string {
  return text.length <= LONGEST_QUOTED ? text : `${text.slice(0, LONGEST_QUOTED)}…`;
}

/** Order of reporting: file, place, code. */
export function compareDiagnostics(left: Diagnostic, right: Diagnostic): number {
  if (left.span.file !== right.span.file) return left.span.file < right.span.file ? -1 : 1;
  if (left.span.offset !== right.span.offset) return left.span.offset - right.span.offset;
  return left.code < right.code ? -1 : left.code > right.code ? 1 : 0;
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === "error");
}

/** `file:line` for help texts. */
export function place(span: Span): string {
  return `${span.file}:${span.line}`;
}
