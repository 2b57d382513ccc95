/** The clauses `host port method path query header`: conditions on the action's `http` facet. */

import type { FacetClause, Value } from "../ast.ts";
import { report } from "../diagnostics.ts";
import { integerOf } from "../parse/literals.ts";
import type { Condition, Field, GlobDialect, Literal } from "../program.ts";
import { checkAddress } from "./hosts.ts";
import { describeValue, field, type Scope } from "./scope.ts";

export function facetCondition(clause: FacetClause, scope: Scope): Condition {
  const { facet, key, span } = clause;
  switch (facet) {
    case "port":
      return portCondition(clause, scope);
    case "method":
      return methodCondition(clause, scope);
    case "host":
      return globCondition(clause, field("http", ["host"], span), "host", scope);
    case "path":
      return globCondition(clause, field("http", ["path"], span), "path", scope);
    case "query":
      return globCondition(clause, field("http", ["query", key!.text], span), "value", scope);
    case "header":
      // Header names are lower case in an action (ABI: the action).
      return globCondition(clause, field("http", ["headers", key!.text.toLowerCase()], span), "value", scope);
  }
}

function oneOf(left: Field, list: Literal[], span: FacetClause["span"]): Condition {
  if (list.length !== 1) return { kind: "in", left, list, span };
  return { kind: "compare", op: "==", left, right: { kind: "literal", literal: list[0]!, span }, span };
}

function portCondition(clause: FacetClause, scope: Scope): Condition {
  const ports = clause.values.flatMap((value): Literal[] => {
    const port = value.kind === "number" ? integerOf(value.value) : null;
    if (value.kind === "number" && port !== null && port >= 1 && port <= 65535) {
      return [{ kind: "number", value: value.value }];
    }
    scope.findings.diagnostics.push(
      report("F205", value.span, { name: "port", expected: "a port from 1 to 65535" }),
    );
    return [];
  });
  return oneOf(field("http", ["port"], clause.span), nonEmpty(ports, clause, scope), clause.span);
}

function methodCondition(clause: FacetClause, scope: Scope): Condition {
  const methods = texts(clause, scope).flatMap(({ text, value }): Literal[] => {
    if (/^[A-Z]+$/.test(text)) return [{ kind: "string", value: text }];
    const upper = text.toUpperCase();
    if (/^[A-Z]+$/.test(upper)) {
      scope.findings.diagnostics.push(report("F216", value.span, { suggestion: upper }));
    } else {
      scope.findings.diagnostics.push(
        report("F205", value.span, { name: "method", expected: 'a method such as `"GET"`' }),
      );
    }
    return [];
  });
  return oneOf(field("http", ["method"], clause.span), nonEmpty(methods, clause, scope), clause.span);
}

const HOST_GLOB = /^(?:[A-Za-z0-9*]|[A-Za-z0-9*][A-Za-z0-9.*-]*[A-Za-z0-9*]|[0-9A-Fa-f:.*]+)$/;

function globCondition(clause: FacetClause, left: Field, dialect: GlobDialect, scope: Scope): Condition {
  const globs = texts(clause, scope).map(({ text, value }) => {
    if (dialect === "host" && !HOST_GLOB.test(text)) {
      const values = {
        name: "host",
        expected: 'host names such as `"*.example.com"`, without port or scheme',
      };
      scope.findings.diagnostics.push(report("F205", value.span, values));
    } else if (dialect === "host") {
      checkAddress(text, value.span, scope.findings);
    }
    if (dialect === "path" && !/^[/*]/.test(text)) {
      scope.findings.diagnostics.push(report("F211", value.span, { text }));
    }
    return text;
  });
  return { kind: "glob", left, globs: nonEmpty(globs, clause, scope), dialect, span: clause.span };
}

function texts(clause: FacetClause, scope: Scope): { text: string; value: Value }[] {
  return clause.values.flatMap((value) => {
    if (value.kind === "string") return [{ text: value.value, value }];
    const values = { name: clause.facet, expected: `a text in quotes, not ${describeValue(value)}` };
    scope.findings.diagnostics.push(report("F205", value.span, values));
    return [];
  });
}

function nonEmpty<T>(list: T[], clause: FacetClause, scope: Scope): T[] {
  if (clause.values.length === 0) {
    scope.findings.diagnostics.push(
      report("F205", clause.span, { name: clause.facet, expected: "at least one value" }),
    );
  }
  return list;
}
