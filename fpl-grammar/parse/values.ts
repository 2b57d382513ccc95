/** Values and literals: tokens to tree nodes, and settings to the one form of their type. */

import type { DurationUnit, NumberValue, Scalar, SizeUnit, Value } from "../ast.ts";
import { EFFECT_WORDS, type ValueType } from "../blocks.ts";
import { report } from "../diagnostics.ts";
import type { Token } from "../lexer.ts";
import { decimals, isPlainWord, parseDecimal, parseDuration, parseSize, ZERO } from "./literals.ts";
import { tokenSpan } from "./split.ts";
import type { Leaf } from "./statement.ts";
import { chain, isTree, join, type Sink, token, tree } from "./tree.ts";

const MAX_MONEY_DECIMALS = 6;

export function numberValue(found: Token, sink: Sink): NumberValue {
  const span = tokenSpan(found);
  const kind = found.type === "money" ? "money" : "number";
  const value = parseDecimal(found.text);
  if (value === null) {
    sink.diagnostics.push(report("F009", span, { text: found.text }));
    return { kind, value: ZERO, span };
  }
  if (/^-?\$?0[0-9]/.test(found.text)) sink.diagnostics.push(report("F017", span, { text: found.text }));
  if (kind === "money" && decimals(value) > MAX_MONEY_DECIMALS) sink.diagnostics.push(report("F206", span));
  return { kind, value, span };
}

/** A literal token as a value; a word stays a word. */
export function scalarToken(found: Token, sink: Sink): Scalar {
  const span = tokenSpan(found);
  switch (found.type) {
    case "text":
      return { kind: "string", value: found.value, span };
    case "number":
    case "money":
      return numberValue(found, sink);
    case "duration":
      return durationValue(found, sink);
    case "size":
      return sizeValue(found, sink);
    case "reserved":
      return { kind: "boolean", value: found.text === "true", span };
    case "word":
      return { kind: "word", value: found.text, span };
    default:
      return { kind: "string", value: found.value, span };
  }
}

function durationValue(found: Token, sink: Sink): Scalar {
  const span = tokenSpan(found);
  const parsed = parseDuration(found.text);
  if (parsed === null) sink.diagnostics.push(report("F009", span, { text: found.text }));
  return { kind: "duration", ...(parsed ?? { amount: 0, unit: "s" as DurationUnit }), span };
}

function sizeValue(found: Token, sink: Sink): Scalar {
  const span = tokenSpan(found);
  const parsed = parseSize(found.text);
  if (parsed === null) sink.diagnostics.push(report("F009", span, { text: found.text }));
  return { kind: "size", ...(parsed ?? { amount: 0, unit: "b" as SizeUnit }), span };
}

/** `value` or `scalar` of the grammar. */
export function valueFrom(leaf: Leaf | undefined, sink: Sink): Value {
  if (!isTree(leaf)) return scalarToken(token(leaf), sink);
  if (leaf.rule === "env") {
    const [word, , name, close] = leaf.children;
    const span = join(tokenSpan(token(word)), tokenSpan(token(close)));
    return { kind: "env", name: token(name).value, span };
  }
  const [open, items, close] = tree(leaf).children;
  return {
    kind: "list",
    items: chain(items).map((item) => valueFrom(item, sink)),
    span: join(tokenSpan(token(open)), tokenSpan(token(close))),
  };
}

/** A value, or the items of a list. */
export function valuesOf(leaf: Leaf | undefined, sink: Sink): Value[] {
  const value = valueFrom(leaf, sink);
  return value.kind === "list" ? value.items : [value];
}

/** The canonical form of a setting's value; one of a wrong type stays, for the checks to report. */
export function normalise(type: ValueType, value: Value): Value {
  switch (type.kind) {
    case "text":
      return value.kind === "word" ? { ...value, kind: "string" } : value;
    case "texts":
      return value.kind === "list"
        ? { ...value, items: value.items.map(wordToText) }
        : { kind: "list", items: [wordToText(value)], span: value.span };
    case "name":
    case "choice":
      return value.kind === "string" && isPlainWord(value.value) ? { ...value, kind: "word" } : value;
    case "effect":
      return effectWord(value);
    case "duration": {
      const parsed = value.kind === "string" ? parseDuration(value.value) : null;
      return parsed === null ? value : { kind: "duration", ...parsed, span: value.span };
    }
    case "size":
    case "count": {
      const parsed = value.kind === "string" ? parseSize(value.value) : null;
      return parsed === null ? value : { kind: "size", ...parsed, span: value.span };
    }
    default:
      return value;
  }
}

function wordToText(value: Value): Value {
  return value.kind === "word" ? { ...value, kind: "string" } : value;
}

function effectWord(value: Value): Value {
  if (value.kind !== "word" && value.kind !== "string") return value;
  const effect = (EFFECT_WORDS as Record<string, string | undefined>)[value.value];
  if (effect !== undefined) return { kind: "word", value: effect, span: value.span };
  return isPlainWord(value.value) ? { ...value, kind: "word" } : value;
}
