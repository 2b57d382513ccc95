/** What is refused before anything is lowered: constructs that no core enforces, and counts over the format's limits. */

import { MAX_PHASES, MAX_SELECTORS, NO_PHASE } from "../../engine/constants.ts";
import type { Span } from "../../fpl-grammar/program.ts";
import type { Build } from "./build.ts";

/** `decide` packs a rule id + 1 above its 11 low bits; engine/ABI.md. */
export const MAX_RULES = 2 ** 21 - 2;

const NO_SPAN: Span = { file: "", line: 1, column: 1, offset: 0, length: 0 };

export function checkLimits(build: Build): void {
  const { program } = build;
  for (const { construct, span } of program.unenforced) {
    build.error(
      "F900",
      `\`${construct}\` is not enforced by this core yet`,
      "remove it: a construct that nothing enforces must not look as if it did",
      span,
    );
  }
  let rules = program.system.rules.length;
  let phases = 0;
  for (const agent of program.agents) {
    phases += agent.phases.length;
    rules += agent.rules.length;
    for (const phase of agent.phases) rules += phase.rules.length;
    if (agent.phases.length > MAX_PHASES) {
      const help = "join phases that see the same tools";
      build.error("F904", `agent \`${agent.name}\` has more than ${MAX_PHASES} phases`, help, agent.span);
    }
    if (agent.selectors.length > MAX_SELECTORS) {
      const help = "one source may serve several values: `selectors.NAME.a`, `selectors.NAME.b`";
      build.error(
        "F905",
        `agent \`${agent.name}\` has more than ${MAX_SELECTORS} selectors`,
        help,
        agent.span,
      );
    }
  }
  const last = program.agents.at(-1)?.span ?? program.system.rules[0]?.span ?? NO_SPAN;
  if (phases >= NO_PHASE) {
    build.error("F904", `${phases} phases in all, the limit is ${NO_PHASE - 1}`, "split the policy", last);
  }
  if (rules > MAX_RULES) {
    build.error(
      "F906",
      `${rules} rules, the limit is ${MAX_RULES}`,
      "split the policy into several bundles",
      last,
    );
  }
}
