/** The same colours as a TextMate grammar, for editors and sites that read those. */

import { type HighlightClass, RULES, type Rule, TEXT } from "./rules.ts";

/** Scopes by the conventions of TextMate's manual, section "Naming Conventions". */
export const SCOPES: Readonly<Record<HighlightClass, string>> = {
  comment: "comment.line.number-sign.fpl",
  text: "string.quoted.double.fpl",
  escape: "constant.character.escape.fpl",
  money: "constant.numeric.money.fpl",
  duration: "constant.numeric.duration.fpl",
  size: "constant.numeric.size.fpl",
  number: "constant.numeric.fpl",
  odd: "entity.name.odd.fpl",
  effect: "keyword.other.effect.fpl",
  block: "storage.type.block.fpl",
  label: "entity.name.type.fpl",
  tool: "entity.name.function.tool.fpl",
  function: "support.function.fpl",
  root: "variable.language.fpl",
  member: "variable.other.member.fpl",
  control: "keyword.control.fpl",
  operator: "keyword.operator.fpl",
  constant: "constant.language.fpl",
  setting: "support.type.property-name.fpl",
  name: "variable.other.fpl",
  sign: "punctuation.fpl",
};

function patternOf({ pattern, classes }: Rule) {
  if (classes.length === 1) return { match: pattern, name: SCOPES[classes[0]!] };
  const captures = classes.flatMap((name, index) =>
    name === null ? [] : [[String(index + 1), { name: SCOPES[name] }] as const],
  );
  return { match: pattern, captures: Object.fromEntries(captures) };
}

/** The text of `fpl.tmLanguage.json`. */
export function textMateGrammar(): string {
  const text = {
    begin: TEXT.quote,
    end: `${TEXT.quote}|$`,
    name: SCOPES.text,
    patterns: [{ match: TEXT.escape, name: SCOPES.escape }],
  };
  const grammar = {
    name: "FPL",
    scopeName: "source.fpl",
    fileTypes: ["fpl"],
    patterns: [text, ...RULES.map(patternOf)],
  };
  return `${JSON.stringify(grammar, null, 2)}\n`;
}
