/** Statements: concrete syntax to the tree of ast.ts. Comments and blank lines are added by the caller. */

import type {
  ArgumentDeclaration,
  Expression,
  FacetClause,
  FacetName,
  NumberValue,
  Path,
  Rule,
  Statement,
  Value,
} from "../ast.ts";
import { EFFECT_WORDS, type Form } from "../blocks.ts";
import { report } from "../diagnostics.ts";
import type { Effect, Span } from "../program.ts";
import { expressionOf, pathOf } from "./expressions.ts";
import { tokenSpan } from "./split.ts";
import type { Leaf, Tree } from "./statement.ts";
import { chain, isTree, nameOf, type Sink, token, tree } from "./tree.ts";
import { normalise, numberValue, valueFrom, valuesOf } from "./values.ts";

/** What every statement begins with; the caller fills in comments. */
function printed(span: Span): Pick<Rule, "span" | "leading" | "trailing" | "blankBefore"> {
  return { span, leading: [], trailing: null, blankBefore: false };
}

/** A parsed statement's tree node. Of a block the body is still empty. */
export function convert(form: Form, parsed: Leaf, span: Span, sink: Sink): Statement {
  const { children } = tree(parsed);
  const base = printed(span);
  switch (form.form) {
    case "rule":
      return ruleOf(children, span, sink);
    case "import":
      return importOf(children, span, sink);
    case "include":
      return { kind: "include", ...base, name: nameOf(children[1]) };
    case "block":
      return {
        kind: "block",
        ...base,
        name: form.block,
        label: children[1] === null ? null : nameOf(children[1]),
        body: [],
        end: [],
      };
    case "setting": {
      const value = normalise(form.type, valueFrom(children[2], sink));
      const name = nameOf(children[0]);
      return { kind: "setting", ...base, name: { ...name, text: form.means ?? name.text }, value };
    }
    case "patterns":
      return {
        kind: "patterns",
        ...base,
        name: nameOf(children[0]),
        patterns: chain(children[1]).map(nameOf),
      };
    case "variable":
      return { kind: "variable", ...base, name: nameOf(children[0]), value: valueFrom(children[1], sink) };
    case "redact":
      return { kind: "redact", ...base, pattern: nameOf(children[0]), paths: pathsOf(children[1], sink) };
    case "rate_limit": {
      const count = numberValue(token(children[1]), sink);
      return { kind: "rate_limit", ...base, pattern: nameOf(children[0]), count, unit: nameOf(children[2]) };
    }
    case "cost":
      return { kind: "cost", ...base, pattern: nameOf(children[0]), amount: amountOf(children[1], sink) };
    case "grant": {
      const [from, to] = [nameOf(children[1]), nameOf(children[3])];
      const max = numberValue(token(children[5]), sink);
      return { kind: "grant", ...base, from, to, max, approval: children.length > 6 };
    }
    case "orchestrator": {
      const undeclared = children[1] === null ? null : nameOf(children[1]);
      return { kind: "orchestrator", ...base, name: nameOf(children[0]), undeclared };
    }
    case "counter":
      return { kind: "counter", ...base, name: nameOf(children[0]), pattern: nameOf(children[1]) };
    case "argument":
      return argumentOf(children, span, sink);
  }
}

function importOf(children: Leaf[], span: Span, sink: Sink): Statement {
  const target = nameOf(children[1]);
  const alias = children.length > 2 ? nameOf(children[3]) : null;
  const at = target.text.lastIndexOf("@");
  const path = at < 0 ? target.text : target.text.slice(0, at);
  const version = at < 0 ? "" : target.text.slice(at + 1);
  const stem = /([A-Za-z][A-Za-z0-9_-]*)(?:\.fpl)?$/.exec(path)?.[1];
  if (alias === null && stem === undefined) sink.diagnostics.push(report("F609", target.span));
  const name = alias?.text ?? stem ?? "";
  return { kind: "import", ...printed(span), path, version, name, target, alias };
}

function pathsOf(leaf: Leaf | undefined, sink: Sink): { text: string; span: Span }[] {
  const given = valueFrom(leaf, sink);
  const refuse = ({ span }: Value) => {
    const values = { name: "redact", expected: 'argument paths such as `"card.number"`' };
    sink.diagnostics.push(report("F205", span, values));
    return [];
  };
  if (given.kind !== "list") return pathOfValue(given) ?? refuse(given);
  if (given.items.length === 0) return refuse(given);
  return given.items.flatMap((item) => pathOfValue(item) ?? refuse(item));
}

function pathOfValue(value: Value): { text: string; span: Span }[] | null {
  return value.kind === "string" || value.kind === "word" ? [{ text: value.value, span: value.span }] : null;
}

function amountOf(leaf: Leaf | undefined, sink: Sink): NumberValue | Path {
  return isTree(leaf) ? pathOf(leaf, sink) : numberValue(token(leaf), sink);
}

function argumentOf(children: Leaf[], span: Span, sink: Sink): ArgumentDeclaration {
  const values = children[2] === null ? [] : valuesOf(children[2], sink);
  return {
    kind: "argument",
    ...printed(span),
    name: nameOf(children[0]),
    type: nameOf(children[1]),
    values: values.map((value) => (value.kind === "word" ? { ...value, kind: "string" } : value)),
    required: children[3] !== null,
  };
}

function ruleOf(children: Leaf[], span: Span, sink: Sink): Rule {
  const effect = EFFECT_WORDS[token(children[0]).text as keyof typeof EFFECT_WORDS] as Effect;
  const rule: Rule = {
    kind: "rule",
    ...printed(span),
    effect,
    pattern: nameOf(children[1]),
    condition: null,
    facets: [],
    notify: null,
    reason: null,
    reeval: null,
  };
  const seen = new Set<string>();
  for (const item of chain(children[2])) addClause(rule, tree(item), seen, sink);
  rule.facets.sort(compareFacets);
  return rule;
}

/** Adds one clause; a second of its kind is an error. */
function addClause(rule: Rule, clause: Tree, seen: Set<string>, sink: Sink): void {
  const word = token(clause.children[0]);
  const key =
    clause.rule === "facet" && clause.children[1] !== null ? ` "${token(clause.children[1]).value}"` : "";
  const name = clause.rule === "when" ? "if" : `${word.text}${key.toLowerCase()}`;
  if (seen.has(name)) {
    sink.diagnostics.push(report("F012", tokenSpan(word), { name }));
    return;
  }
  seen.add(name);
  if (clause.rule === "when") rule.condition = expressionOf(clause.children[1], sink) satisfies Expression;
  else if (clause.rule === "facet") rule.facets.push(facetOf(clause, sink));
  else if (word.text === "notify") rule.notify = nameOf(clause.children[1]);
  else if (word.text === "reason") rule.reason = nameOf(clause.children[1]);
  else rule.reeval = { value: token(clause.children[1]).text === "true", span: tokenSpan(word) };
}

function facetOf(clause: Tree, sink: Sink): FacetClause {
  const word = token(clause.children[0]);
  const key = clause.children[1] === null ? null : nameOf(clause.children[1]);
  const values = valuesOf(clause.children[2], sink).map((value) =>
    value.kind === "word" ? ({ ...value, kind: "string" } as const) : value,
  );
  return { facet: word.text as FacetName, key, values, span: tokenSpan(word) };
}

const FACETS: readonly FacetName[] = ["host", "port", "method", "path", "query", "header"];

function compareFacets(left: FacetClause, right: FacetClause): number {
  const order = FACETS.indexOf(left.facet) - FACETS.indexOf(right.facet);
  if (order !== 0 || left.key === null || right.key === null) return order;
  return left.key.text < right.key.text ? -1 : left.key.text > right.key.text ? 1 : 0;
}
