/** Older function spellings, rewritten to the new form. A call with other arguments than theirs stays, and the checks report it. */

import type { Argument, Call, Expression, Path } from "../ast.ts";
import { isExpression, toDuration, toToolPattern } from "./arguments.ts";
import { parseArgumentPath } from "./paths.ts";

export function rewriteOlder(call: Call): Expression {
  const [first, second] = call.arguments;
  const { span } = call;
  switch (call.name) {
    case "contains": {
      if (call.arguments.length !== 2 || !isOperand(first) || !isOperand(second)) return call;
      return { kind: "contains", left: first, right: second, span };
    }
    case "args_array_len": {
      const path = argumentPath(first);
      if (call.arguments.length !== 1 || path === null) return call;
      return { kind: "call", name: "length", arguments: [path], span };
    }
    case "args_array_contains": {
      const path = argumentPath(first);
      if (call.arguments.length !== 2 || path === null || !isOperand(second)) return call;
      return { kind: "contains", left: path, right: second, span };
    }
    case "args_array_any_match": {
      const path = argumentPath(first);
      if (call.arguments.length !== 2 || path === null) return call;
      if (second?.kind !== "string" && second?.kind !== "pattern") return call;
      const text = second.kind === "string" ? second.value : second.text;
      const pattern: Argument = { kind: "pattern", text, span: second.span };
      return { kind: "call", name: "any", arguments: [path, pattern], span };
    }
    case "history_contains_within": {
      if (call.arguments.length !== 2 || first === undefined || !isOperand(second)) return call;
      const value = toDuration(second);
      const within: Argument = {
        kind: "named",
        name: { text: "within", span: second.span },
        value,
        span: second.span,
      };
      return { kind: "call", name: "history.contains", arguments: [toToolPattern(first), within], span };
    }
    case "history_sequence":
      if (call.arguments.length < 2) return call;
      return { ...call, name: "history.sequence", arguments: call.arguments.map(toToolPattern) };
    case "history_tool_count":
      if (call.arguments.length !== 1 || first === undefined) return call;
      return { ...call, name: "session.count", arguments: [toToolPattern(first)] };
    default:
      return call;
  }
}

function isOperand(argument: Argument | undefined): argument is Expression {
  return argument !== undefined && isExpression(argument);
}

/** `"a.b"` names the argument `args.a.b`. */
function argumentPath(argument: Argument | undefined): Path | null {
  if (argument?.kind !== "string") return null;
  const steps = parseArgumentPath(argument.value);
  return steps === null ? null : { kind: "path", head: "args", steps, span: argument.span };
}
