/** The language: text to checked program, and text to canonical text. Nothing here throws on any text. */

export type { Comment, Document, Expression, Statement } from "./ast.ts";
export type { CheckOptions } from "./check/check.ts";
export { check } from "./check/check.ts";
export type { ImportedSource } from "./check/imports.ts";
export type { DiagnosticCode } from "./diagnostics.ts";
export { compareDiagnostics, DIAGNOSTICS, hasErrors } from "./diagnostics.ts";
export { parse } from "./parse.ts";
export { format } from "./print/format.ts";
export type * from "./program.ts";
