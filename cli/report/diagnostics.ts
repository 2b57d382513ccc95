import type { Diagnostic, SourceFile } from "../../fpl-grammar/program.ts";
import { columns, printable, type Style } from "../style.ts";

/** One finding with the text it stands in and the name to show for its file. */
export interface Finding {
  diagnostic: Diagnostic;
  file: string;
  source: SourceFile | null;
}

/** The documented JSON shape of a finding. */
export function findingJson({ diagnostic, file }: Finding) {
  const { severity, code, message, help, span } = diagnostic;
  return { file, line: span.line, column: span.column, severity, code, message, help };
}

const RANK = { error: 0, warning: 1, note: 2 };

/** By file, line and column; an error before a warning at one place. */
export function sortFindings(findings: Finding[]): Finding[] {
  const place = (finding: Finding) => finding.diagnostic.span;
  return [...findings].sort(
    (left, right) =>
      (left.file < right.file ? -1 : left.file > right.file ? 1 : 0) ||
      place(left).line - place(right).line ||
      place(left).column - place(right).column ||
      RANK[left.diagnostic.severity] - RANK[right.diagnostic.severity],
  );
}

function severityStyle(style: Style, severity: Diagnostic["severity"]): (text: string) => string {
  if (severity === "error") return style.red;
  return severity === "warning" ? style.yellow : style.blue;
}

/** The finding as text: what, where, the line with a caret, and what to do. Ends in a newline. */
export function findingText(finding: Finding, style: Style): string {
  const { severity, code, message, help, span } = finding.diagnostic;
  const paint = severityStyle(style, severity);
  const gutter = " ".repeat(String(span.line).length);
  const lines = [
    `${style.bold(paint(`${severity}[${code}]`))}${style.bold(`: ${printable(message)}`)}`,
    `${gutter}${style.blue("-->")} ${printable(finding.file)}:${span.line}:${span.column}`,
  ];
  const line = finding.source === null ? null : lineAt(finding.source.text, span.line);
  if (line !== null) {
    const characters = [...line];
    const before = shown(characters.slice(0, span.column - 1).join(""));
    const marked = shown(
      characters.slice(span.column - 1, span.column - 1 + [...markedText(finding)].length).join(""),
    );
    const carets = "^".repeat(Math.max(1, columns(marked)));
    lines.push(
      `${gutter} ${style.blue("|")}`,
      `${style.blue(`${span.line} |`)} ${shown(line)}`.trimEnd(),
      `${gutter} ${style.blue("|")} ${" ".repeat(columns(before))}${paint(carets)}`,
    );
  }
  if (help !== null) lines.push(`${gutter} ${style.blue("=")} ${style.cyan("help")}: ${printable(help)}`);
  return `${lines.join("\n")}\n`;
}

/** The spanned text, cut at the end of its first line. */
function markedText({ diagnostic: { span }, source }: Finding): string {
  const text = source!.text.slice(span.offset, span.offset + span.length);
  const end = text.search(/[\r\n]/);
  return end < 0 ? text : text.slice(0, end);
}

function lineAt(text: string, number: number): string | null {
  const line = text.split("\n", number)[number - 1];
  return line === undefined ? null : line.replace(/\r$/, "");
}

/** Tabs as two blanks, control characters as escapes, so that carets stand right. */
function shown(text: string): string {
  return printable(text.replaceAll("\t", "  "));
}

/** `2 errors, 1 warning`. */
export function countFindings(findings: Finding[]): string {
  const parts = (["error", "warning", "note"] as const).flatMap((severity) => {
    const count = findings.filter(({ diagnostic }) => diagnostic.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}${count === 1 ? "" : "s"}`];
  });
  return parts.length === 0 ? "no findings" : parts.join(", ");
}
