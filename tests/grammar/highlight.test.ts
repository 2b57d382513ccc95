/** The colours of a policy against the lexer and the parser, for the editor's mode and for the TextMate grammar. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { Statement } from "../../fpl-grammar/ast.ts";
import { CLASSES, type HighlightClass } from "../../fpl-grammar/highlight/rules.ts";
import { copyState, startState, token } from "../../fpl-grammar/highlight/stream.ts";
import { SCOPES, textMateGrammar } from "../../fpl-grammar/highlight/textmate.ts";
import { type Token, tokenize } from "../../fpl-grammar/lexer.ts";
import { parse } from "../../fpl-grammar/parse.ts";
import { pages, snippets } from "../docs/pages.ts";
import { scopes, type TextMateGrammar } from "./textmate.ts";
import { GRAMMAR } from "./write-highlight.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

function filesBelow(folder: string, ending: string): { name: string; text: string }[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes("node_modules") && !/[/\\]dist[/\\]/.test(path))
    .sort()
    .map((path) => ({ name: relative(ROOT, path), text: readFileSync(path, "utf8") }));
}

const policies = ["bundles/packs", "examples", "bench", "tests"].flatMap((folder) =>
  filesBelow(folder, ".fpl"),
);
const documented = pages()
  .flatMap(snippets)
  .filter(({ language }) => language === "fpl")
  .map(({ page, line, text }) => ({ name: `${page}:${line}`, text }));
/** Not all of them policies: whatever is written, both must tell the same tokens apart. */
const cases = filesBelow("tests/grammar/cases", ".txt");
const odd = [
  'a "text with \\" and \\d and no end\nnext "\\',
  "x é y § deny!=3 deny! =~ 5kb5 -$3.5 $x 1e5 0x10 _a",
  'a\r\nb "x\r\ny" # c\r\n"#" #"',
  "args.deny.permit session.sum(a/b.c, window=1d) a.b[0].c 1.2.3/4 **/x a*b: c:",
].map((text, index) => ({ name: `odd ${index}`, text }));

type Colour = HighlightClass | null;

/** One class for each character. */
function streamed(text: string): Colour[] {
  const colours: Colour[] = [];
  let state = startState();
  for (const line of text.split("\n")) {
    let start = 0;
    const stream = { string: line, pos: 0, sol: () => stream.pos === 0 };
    while (stream.pos < line.length) {
      state = copyState(state);
      const name = token(stream, state);
      if (stream.pos <= start) throw new Error(`no progress at ${start} of \`${line}\``);
      while (start < stream.pos) {
        colours.push(name);
        start++;
      }
    }
    colours.push(null);
  }
  return colours.slice(0, -1);
}

const grammar = JSON.parse(readFileSync(GRAMMAR, "utf8")) as TextMateGrammar;
const classOfScope = new Map(CLASSES.map((name) => [SCOPES[name], name]));

function textMate(text: string): Colour[] {
  const colours: Colour[] = new Array(text.length).fill(null);
  for (const { offset, length, scope } of scopes(grammar, text)) {
    const name = classOfScope.get(scope);
    if (name === undefined) throw new Error(`unknown scope ${scope}`);
    colours.fill(name, offset, Math.min(offset + length, text.length));
  }
  return colours;
}

const WORDS: readonly Colour[] = [
  ...(["effect", "block", "label", "tool", "function", "root", "member"] as const),
  ...(["setting", "name"] as const),
];
const BESIDE_TOOL: readonly Colour[] = ["tool", "label"];
const ALLOWED: Readonly<Record<string, readonly Colour[]>> = {
  text: ["text", "escape"],
  pattern_text: ["text", "escape"],
  money: ["money"],
  number: ["number", ...BESIDE_TOOL],
  duration: ["duration", ...BESIDE_TOOL],
  size: ["size", ...BESIDE_TOOL],
  odd: ["odd", ...BESIDE_TOOL],
  deny_always: ["effect"],
  word: WORDS,
  reserved: ["control", "operator", "constant", "member", "function", ...BESIDE_TOOL],
  punctuation: ["operator", "sign", "function", ...BESIDE_TOOL],
};

/** What the colours say otherwise than the lexer. */
function differences(text: string, colours: readonly Colour[]): string[] {
  const { tokens, comments } = tokenize({ name: "x", text });
  const covered = new Uint8Array(text.length);
  const wrong: string[] = [];
  const say = ({ line, column, text: shown }: Pick<Token, "line" | "column" | "text">, got: string) =>
    wrong.push(`${line}:${column} \`${shown}\` is ${got}`);
  for (const one of tokens) {
    const own = [...new Set(colours.slice(one.offset, one.offset + one.length))];
    covered.fill(1, one.offset, one.offset + one.length);
    const isText = one.type === "text" || one.type === "pattern_text";
    const lawful = own.every((name) => ALLOWED[one.type]!.includes(name));
    // A text that does not close ends where its line does.
    if (!lawful && !(isText && /[\r\n\\]$/.test(one.text))) say(one, own.join("+"));
    if (!isText && own.length > 1) say(one, `torn: ${own.join("+")}`);
  }
  for (const { span, text: shown } of comments) {
    covered.fill(1, span.offset, span.offset + span.length);
    const own = new Set(colours.slice(span.offset, span.offset + span.length));
    if (own.size !== 1 || !own.has("comment")) say({ ...span, text: shown }, [...own].join("+"));
  }
  for (const [at, colour] of colours.entries()) {
    // The backslash that ends a line ends the text in it, and is no part of it.
    const endsLine = text[at] === "\\" && /^\r?(\n|$)/.test(text.slice(at + 1));
    if (colour !== null && covered[at] === 0 && !/[ \t\r]/.test(text[at]!) && !endsLine) {
      wrong.push(`${at} \`${text[at]}\` is ${colour}, and no token`);
    }
  }
  return wrong;
}

function* statementsOf(body: readonly Statement[]): Generator<Statement> {
  for (const one of body) {
    yield one;
    if (one.kind === "block") yield* statementsOf(one.body);
  }
}

describe("colours", () => {
  const all = [...policies, ...documented, ...cases, ...odd];

  it("there is something to compare", () => {
    expect(policies.length).toBeGreaterThan(8);
    expect(documented.length).toBeGreaterThan(20);
    expect(cases.length).toBeGreaterThan(5);
  });

  it("the TextMate grammar is the one that the rules give", () => {
    expect(readFileSync(GRAMMAR, "utf8")).toBe(textMateGrammar());
  });

  it.each(all)("$name: the mode tells the lexer's tokens apart", ({ text }) => {
    expect(differences(text, streamed(text))).toEqual([]);
  });

  it.each(all)("$name: the TextMate grammar gives the mode's colours", ({ text }) => {
    const [left, right] = [streamed(text), textMate(text)];
    const at = left.findIndex((name, index) => name !== right[index]);
    expect(at < 0 ? "" : `${text.slice(0, at).split("\n").length}: ${left[at]} ${right[at]}`).toBe("");
  });

  it.each(policies)("$name: rules and blocks are coloured as the parser reads them", ({ text }) => {
    const { document } = parse({ name: "x", text });
    const colours = streamed(text);
    const wrong: string[] = [];
    const must = (name: Colour, offset: number, length: number) => {
      const own = new Set(colours.slice(offset, offset + length));
      if (own.size !== 1 || !own.has(name))
        wrong.push(`\`${text.slice(offset, offset + length)}\` is ${[...own].join("+")}, not ${name}`);
    };
    for (const one of statementsOf(document?.body ?? [])) {
      if (one.kind === "rule") {
        must("effect", one.span.offset, /^[a-z]+!?/.exec(text.slice(one.span.offset))![0].length);
        const { offset, length } = one.pattern.span;
        if (text[offset] !== '"') must("tool", offset, length);
      } else if (one.kind === "block") must("block", one.span.offset, one.name.length);
    }
    expect(wrong).toEqual([]);
  });

  it("a long line without end takes no time to speak of", () => {
    for (const part of ["a", "a.", '"', "\\", "*", "-", "session ", "permit "]) {
      streamed(part.repeat(20_000));
    }
  }, 20_000);
});
