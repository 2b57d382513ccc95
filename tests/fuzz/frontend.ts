/** The front end on texts that are nearly policies, or nothing at all: it must answer, with an error or a program. */
import { compile } from "../../bundles/compile/compile.ts";
import { check, format, parse, type SourceFile } from "../../fpl-grammar/index.ts";
import { damage } from "./damage.ts";
import { draft } from "./policies.ts";
import type { Random } from "./random.ts";

const WORDS = [
  "agent",
  "rules",
  "{",
  "}",
  "permit",
  "deny!",
  "defer",
  "when",
  "and",
  "not",
  "(",
  ")",
  "[",
  "]",
  '"',
  "#",
  "\n",
  "args.x",
  "==",
  "$5",
  "1e9999",
  "env(",
  "matches",
  '"["',
  "import",
  "include",
  "*",
  "**",
  "=",
  ":",
  ",",
  "\\",
  "💥",
  "\u0000",
  "budget",
  "phase",
  "selector",
  "nil",
  "-",
  ".",
];

function text(random: Random): string {
  return random.weighted<string>([
    [6, () => Buffer.from(damage(random, Buffer.from(draft(random).text))).toString("utf8")],
    [2, () => swapped(random, draft(random).text)],
    [2, () => random.times(random.below(60), () => random.pick(WORDS)).join(random.pick([" ", ""]))],
    [1, () => Buffer.from(random.times(random.below(200), () => random.below(256))).toString("utf8")],
    [1, () => random.pick(WORDS).repeat(1 + random.below(3000))],
  ]);
}

/** A line or a word in another's place. */
function swapped(random: Random, text: string): string {
  const separator = random.pick(["\n", " "]);
  const parts = text.split(separator);
  parts.splice(random.below(parts.length), random.below(2), random.pick([...parts, ...WORDS]));
  return parts.join(separator);
}

/** What is wrong with the front end's answer to a generated text, or null. */
export function askFrontEnd(random: Random): string | null {
  const file: SourceFile = { name: "policy.fpl", text: text(random) };
  try {
    const fault = faultOf(file);
    return fault === null ? null : `${fault}\n${file.text}`;
  } catch (error) {
    return `${error instanceof Error ? error.stack : error}\n${file.text}`;
  }
}

function faultOf(file: SourceFile): string | null {
  const parsed = parse(file);
  const formatted = format(file);
  const { program, diagnostics } = check([file]);
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if ((program === null) !== errors.length > 0)
    return `${errors.length} errors, and ${program === null ? "no" : "a"} program`;
  if (parsed.document === null && program !== null) return "a program of a text that does not parse";
  const broken = [...parsed.diagnostics, ...formatted.diagnostics, ...diagnostics].find(
    ({ span, message }) =>
      span.line < 1 ||
      span.column < 1 ||
      span.offset < 0 ||
      span.offset + span.length > file.text.length ||
      message === "",
  );
  if (broken !== undefined) return `a diagnostic without a place: ${JSON.stringify(broken)}`;
  if (program === null) return null;
  const built = compile(program);
  const refused = built.diagnostics.some(({ severity }) => severity === "error");
  return (built.bundle === null) === refused ? null : "a compiler that neither refuses nor compiles";
}
