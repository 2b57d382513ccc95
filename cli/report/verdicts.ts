import type { Verdict } from "../../engine/binding/index.ts";
import { cut, effectStyle, printable, printableJson, type Style, table } from "../style.ts";
import { redactArguments } from "../trace.ts";
import { detailText, shortName, valueText } from "./explanation.ts";

/** One decided line, for the table. */
export interface DecidedRow {
  line: number;
  verdict: Verdict;
  /** Null when the call was refused as malformed. */
  action: { tool: string; args: unknown; http?: unknown } | null;
}

/** The documented line of `decide`: JSON without a newline, keys in this order. */
export function verdictLine(verdict: Verdict, extra: Record<string, unknown>): string {
  const { effect, code, rule, reason, obligations, detail, agent } = verdict;
  const place = rule === null ? null : { file: rule.file, line: rule.line, column: rule.column, id: rule.id };
  return printableJson(
    JSON.stringify({ effect, code, rule: place, reason, obligations, detail, agent, ...extra }),
  );
}

const SYMBOLS: Record<string, string> = { permit: "✓", defer: "◐", deny: "✗" };

/** Why, in a few words: the rule's reason; else the code with what it is about, unless a rule permitted. */
export function why({ reason, code, detail }: Pick<Verdict, "reason" | "code" | "detail">): string {
  if (reason !== null) return reason;
  if (code === "rule_permit") return "";
  return detail === null ? code : `${code}: ${detailText(detail)}`;
}

/** `GET example.com/a amount=640`: the request, and the arguments without what the policy redacts. */
function argumentsText({ verdict, action }: DecidedRow): string {
  if (action === null) return "";
  const args = redactArguments(action.args ?? {}, verdict.obligations.redact) as Record<string, unknown>;
  const http = (action.http ?? {}) as { method?: string; host?: string; path?: string };
  const request = printable([http.method, `${http.host ?? ""}${http.path ?? ""}`].filter(Boolean).join(" "));
  const parts = Object.entries(args).map(([name, value]) => `${printable(name)}=${valueText(value)}`);
  return [...(request === "" ? [] : [request]), ...parts].join(" ");
}

/** Rows aligned under a heading, each coloured by its effect, and a line of counts. */
export function verdictTable(
  rows: readonly DecidedRow[],
  display: (name: string) => string,
  width: number,
  style: Style,
): string {
  const cells = rows.map((row) => {
    const { line, verdict, action } = row;
    return [
      String(line),
      `${SYMBOLS[verdict.effect]} ${verdict.effect}`,
      cut(printable(action?.tool ?? "(refused)"), 32),
      cut(argumentsText(row), Math.max(16, Math.floor((width - 60) * 0.4))),
      verdict.rule === null ? "" : `${shortName(verdict.rule.file, display)}:${verdict.rule.line}`,
      cut(printable(why(verdict)), Math.max(32, Math.floor((width - 60) * 0.7))),
    ];
  });
  const heading = ["line", "verdict", "tool", "arguments", "rule", "why"];
  const body = table([heading, ...cells], (text, row, column) => {
    if (row === 0) return style.dim(text);
    if (column === 1) return effectStyle(style, rows[row - 1]!.verdict.effect)(text);
    return column === 0 || column === 3 || column === 4 ? style.dim(text) : text;
  });
  return `${body}\n${countLine(rows, style)}\n`;
}

function countLine(rows: readonly DecidedRow[], style: Style): string {
  const parts = ["permit", "defer", "deny"].map((effect) => {
    const count = rows.filter(({ verdict }) => verdict.effect === effect).length;
    const text = `${count} ${effect}`;
    return count === 0 ? style.dim(text) : effectStyle(style, effect)(text);
  });
  return `${rows.length} call${rows.length === 1 ? "" : "s"}: ${parts.join(", ")}`;
}
