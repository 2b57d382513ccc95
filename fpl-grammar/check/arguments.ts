/** Arguments that are counted or added up, checked against the `tool` schemas of the calls they belong to. */

import { report } from "../diagnostics.ts";
import type { Span, ToolSchema } from "../program.ts";
import { didYouMean } from "../suggest.ts";
import type { PatternIndex } from "./pattern-index.ts";
import type { Findings } from "./scope.ts";

const NUMBERS = ["integer", "number", "money"];

/** `use` for messages; with `isSummed` the argument must be a number. */
export function checkCounted(
  use: string,
  { pattern, path, isSummed }: { pattern: string; path: readonly (string | number)[]; isSummed: boolean },
  span: Span,
  { schemas, findings }: { schemas: PatternIndex<ToolSchema>; findings: Findings },
): void {
  const name = String(path[0]);
  for (const schema of schemas.including(pattern, span)) {
    if (schema.arguments === null) continue;
    const declared = schema.arguments.find((argument) => argument.name === name);
    if (declared === undefined) {
      const names = schema.arguments.map((argument) => argument.name);
      const values = { name, tool: schema.pattern };
      findings.diagnostics.push(report("F110", span, values, didYouMean(name, names, null)));
      return;
    }
    if (!isSummed || path.length > 1 || NUMBERS.includes(declared.type)) continue;
    const values = {
      op: use,
      needs: "a number",
      operand: `\`${name}\``,
      type: `of type \`${declared.type}\``,
    };
    findings.diagnostics.push(report("F201", span, values));
    return;
  }
}
