import { DIAGNOSTICS } from "../fpl-grammar/diagnostics.ts";
import { LOCK_DIAGNOSTICS } from "./imports.ts";

/** What the compiler refuses in a policy that the checks accept, by code. */
export const COMPILE_DIAGNOSTICS = {
  F900: "a construct is not enforced by this core yet",
  F901: "a pattern is not a regular expression",
  F902: "a pattern uses what is not regular: back-references or look-around",
  F903: "a pattern needs too many states",
  F904: "too many phases",
  F905: "too many selectors in one agent",
  F906: "too many rules",
  F908: "the directory after `under` is not absolute",
  F909: "a selector is not declared by the agent",
  F910: "a condition is nested too deep",
  F912: "a tool pattern cannot be compiled",
} as const;

export interface DiagnosticCode {
  code: string;
  severity: string;
  /** With `{name}` where the message names something. */
  message: string;
  help: string | null;
}

/** Every code that `check` can report, ascending. */
export function diagnosticCodes(): DiagnosticCode[] {
  const own = { ...LOCK_DIAGNOSTICS, ...COMPILE_DIAGNOSTICS };
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
