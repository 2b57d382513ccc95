import { COMPILER_DIAGNOSTICS } from "../bundles/compile/diagnostics.ts";
import { DIAGNOSTICS } from "../fpl-grammar/diagnostics.ts";
import { LOCK_DIAGNOSTICS } from "./imports.ts";

export interface DiagnosticCode {
  code: string;
  severity: string;
  /** With `{name}` where the message names something. */
  message: string;
  help: string | null;
}

/** Every code that `check` can report, ascending. */
export function diagnosticCodes(): DiagnosticCode[] {
  const own = { ...LOCK_DIAGNOSTICS, ...COMPILER_DIAGNOSTICS };
  return [
    ...Object.entries(DIAGNOSTICS).map(([code, { severity, message, help }]) => ({
      code,
      severity,
      message,
      help,
    })),
    ...Object.entries(own).map(([code, message]) => ({ code, severity: "error", message, help: null })),
  ].sort((left, right) => (left.code < right.code ? -1 : 1));
}
