/** Findings of the policy, and results of its cases. */
import { printable } from "../../../cli/style.ts";
import type { Diagnostic } from "../../../fpl-grammar/program.ts";
import { button, decoration, element, marked } from "./dom.ts";
import { EFFECT_MARKS } from "./verdict.ts";
import type { CaseResult, Compiled } from "./workbench.ts";

const MARKS = { error: "✕", warning: "!", note: "i" } as const;

export function problemNodes(
  diagnostics: readonly Diagnostic[],
  jump: (offset: number) => void,
): HTMLElement[] {
  return diagnostics.map(({ severity, code, message, help, span }) => {
    const go = button("problem", "", () => jump(span.offset));
    go.append(
      decoration(`mark ${severity}`, MARKS[severity]),
      element(
        "span",
        "body",
        element("span", "message", ...marked(printable(message))),
        help === null ? "" : element("span", "help", ...marked(printable(help))),
      ),
      element("span", "place", element("code", "", code), element("span", "", `${span.line}:${span.column}`)),
      element("span", "spoken", severity),
    );
    return element("li", severity, go);
  });
}

/** `2 errors, 1 warning`. */
export function countText(diagnostics: readonly Diagnostic[]): string {
  const parts = (["error", "warning", "note"] as const).flatMap((severity) => {
    const count = diagnostics.filter((one) => one.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}${count === 1 ? "" : "s"}`];
  });
  return parts.length === 0 ? "no findings" : parts.join(", ");
}

export function policyState({ diagnostics, bundle }: Compiled): string {
  const found = countText(diagnostics);
  if (bundle === null) return found;
  return `${found}, ${bundle.rules} rule${bundle.rules === 1 ? "" : "s"}`;
}

export interface CaseActions {
  open(call: { action: string; facts: string }): void;
  jump(line: number): void;
}

export function caseNodes(results: readonly CaseResult[], actions: CaseActions): HTMLElement[] {
  return results.map((result) => {
    const ok = result.problem === "";
    const title = element("span", "title", printable(result.title));
    const head = element(
      "p",
      "head",
      decoration("mark", ok ? "✓" : "✕"),
      element("span", "spoken", ok ? "passed: " : "failed: "),
      title,
    );
    const steps = result.steps.map(({ line, kind, actual, problem }) => {
      const call = result.calls.get(line);
      const what = element(
        "span",
        `effect ${actual.effect}`,
        decoration("", EFFECT_MARKS[actual.effect]),
        ` ${actual.effect}`,
      );
      const wrong = problem === "" ? null : element("span", "problem", printable(problem));
      const open =
        call === undefined
          ? element("span", "event", kind)
          : button("link", "open call", () => actions.open(call));
      if (call !== undefined)
        open.setAttribute("aria-label", `open the call of ${result.title}, line ${line}`);
      return element("li", "", what, element("code", "", actual.code), open, wrong);
    });
    return element("li", ok ? "passed" : "failed", head, element("ul", "", ...steps));
  });
}
