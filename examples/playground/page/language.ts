/** FPL in CodeMirror: the colours of `fpl-grammar/highlight`, and what can stand at a place. */
import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { HighlightStyle, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { Tag, tags } from "@lezer/highlight";
import { BLOCKS, DOCUMENT } from "../../../fpl-grammar/blocks.ts";
import { CLASSES, type HighlightClass } from "../../../fpl-grammar/highlight/rules.ts";
import { copyState, type StreamState, startState, token } from "../../../fpl-grammar/highlight/stream.ts";
import {
  CONSTANT_WORDS,
  CONTROL_WORDS,
  EFFECTS,
  FUNCTION_NAMES,
  OPERATOR_WORDS,
  ROOTS,
} from "../../../fpl-grammar/highlight/words.ts";

const own = Object.fromEntries(CLASSES.map((name) => [name, Tag.define(name)])) as Record<
  HighlightClass,
  Tag
>;

/** The lexer's state, and how many brackets are open. */
type State = StreamState & { depth: number };

const fpl = StreamLanguage.define<State>({
  name: "fpl",
  startState: () => ({ ...startState(), depth: 0 }),
  copyState: (state) => ({ ...copyState(state), depth: state.depth }),
  token(stream, state) {
    const from = stream.pos;
    const name = token(stream, state);
    const sign = name === "sign" ? stream.string[from]! : "";
    if ("{[(".includes(sign) && sign !== "") state.depth++;
    else if ("}])".includes(sign) && sign !== "") state.depth = Math.max(0, state.depth - 1);
    return name;
  },
  tokenTable: own,
  languageData: { commentTokens: { line: "#" }, closeBrackets: { brackets: ["(", "[", "{", '"'] } },
  indent: ({ depth }, textAfter, { unit }) => Math.max(0, depth - (/^[}\])]/.test(textAfter) ? 1 : 0)) * unit,
});

const color = (name: string) => ({ color: `var(--code-${name})` });

const colours = HighlightStyle.define([
  { tag: [own.comment, tags.comment], ...color("comment"), fontStyle: "italic" },
  { tag: [own.text, tags.string], ...color("text") },
  { tag: own.escape, ...color("number") },
  { tag: [own.money, own.duration, own.size, own.number, tags.number], ...color("number") },
  { tag: [own.constant, tags.bool, tags.null], ...color("number") },
  { tag: own.effect, ...color("effect"), fontWeight: "650" },
  { tag: [own.block, own.control], ...color("block"), fontWeight: "600" },
  { tag: own.operator, ...color("block") },
  { tag: [own.label, own.tool], ...color("tool") },
  { tag: own.function, ...color("function") },
  { tag: [own.root, own.setting, tags.propertyName], ...color("setting") },
  { tag: [own.sign, tags.punctuation], ...color("sign") },
]);

export const highlighting: Extension = syntaxHighlighting(colours);
export const language: Extension = fpl;

const named = (words: readonly string[], type: string, boost = 0): Completion[] =>
  words.map((label) => ({ label, type, boost }));

const IN_CONDITION: Completion[] = [
  ...named(ROOTS, "variable", 1),
  ...named(FUNCTION_NAMES, "function"),
  ...named([...OPERATOR_WORDS, ...CONSTANT_WORDS, ...CONTROL_WORDS], "keyword", -1),
  ...named(["reason", "notify"], "keyword", -1),
];

/** The words of the innermost block that is open before `offset`, read by brackets alone. */
function statementsAt(text: string): Completion[] {
  const opened: string[] = [];
  const bare = text.replace(/"(?:[^"\\\n]|\\.)*"?|#[^\n]*/g, (found) => (found[0] === "#" ? "" : '""'));
  for (const match of bare.matchAll(/([a-z_]+)[^\n{}]*\{|\{|\}/g)) {
    if (match[0] === "}") opened.pop();
    else opened.push(match[1] ?? "");
  }
  const block = opened.at(-1);
  const table = block === undefined ? DOCUMENT : BLOCKS[block as keyof typeof BLOCKS];
  return [...(table?.statements ?? [])].map(([label, { form }]) => ({
    label,
    type: form === "block" ? "class" : EFFECTS.includes(label) || label === "deny!" ? "keyword" : "property",
  }));
}

/** At the beginning of a line the statements of its block; behind that, what a condition is made of. */
export function complete(context: CompletionContext): CompletionResult | null {
  const word = context.matchBefore(/[A-Za-z_][A-Za-z0-9_.!-]*/);
  if (word === null && !context.explicit) return null;
  const from = word?.from ?? context.pos;
  const line = context.state.doc.lineAt(context.pos);
  const before = line.text.slice(0, from - line.from);
  if (/^\s*[^#"]*"[^"]*$/.test(before) || before.includes("#")) return null;
  const isFirst = before.trim() === "";
  const options = isFirst
    ? [
        ...statementsAt(context.state.sliceDoc(0, line.from)),
        ...named(["if", "reason", "notify"], "keyword", -2),
      ]
    : IN_CONDITION;
  return { from, options, validFor: /^[A-Za-z0-9_.!-]*$/ };
}
