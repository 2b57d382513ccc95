/** What no core could load or would enforce: a build error here, not a refusal there. */

import {
  MAX_BUNDLE_BYTES,
  MAX_INPUT_BYTES,
  MAX_NESTING,
  MAX_OBLIGATION_BYTES,
  MAX_PHASES,
  MAX_RULES,
  MAX_SELECTORS,
  MAX_TEXT_BYTES,
  MAX_TOOL_NAME_BYTES,
  NO_PHASE,
  SCOPE_AGENTS,
  STEP_INDEX,
} from "../../engine/constants.ts";
import { rulesOfInvocations } from "../../fpl-grammar/check/manifest.ts";
import type { Span } from "../../fpl-grammar/program.ts";
import type { Ir } from "../format/ir.ts";
import type { Build } from "./build.ts";
import { SEPARATOR } from "./delegates.ts";

const NO_SPAN: Span = { file: "", line: 1, column: 1, offset: 0, length: 0 };

/** Before anything is lowered. */
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
  checkNames(build);
  for (const { policy: agent } of build.rows) {
    phases += agent.phases.length;
    rules += agent.rules.length + rulesOfInvocations(agent.invocations).length;
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
  const last = lastSpan(build);
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

/** A delegation is found by both names, so each stands once and neither holds the character between them. */
function checkNames(build: Build): void {
  const known = new Set<string>();
  for (const { policy, delegate, title } of build.rows) {
    const isHeld = policy.name.split(SEPARATOR).length === (delegate === null ? 1 : 2) && delegate?.to !== "";
    if (!isHeld) {
      build.error(
        "F917",
        `${title} has a name that cannot be`,
        "write it without control characters",
        policy.span,
      );
    } else if (known.has(policy.name)) {
      build.error("F917", `${title} is declared twice`, "join the two blocks", policy.span);
    }
    known.add(policy.name);
  }
}

function lastSpan({ program }: Build): Span {
  return program.agents.at(-1)?.span ?? program.system.rules[0]?.span ?? NO_SPAN;
}

const utf8 = new TextEncoder();

function isLonger(text: string, bytes: number): boolean {
  // A UTF-16 unit takes at most 3 bytes: short texts need no encoding.
  return text.length * 3 > bytes && utf8.encode(text).length > bytes;
}

/** After lowering: lengths that `load` refuses. */
export function checkLengths(build: Build, ir: Ir): void {
  const tooLong = (text: string, limit: number, what: string, span: Span): void => {
    if (!isLonger(text, limit)) return;
    build.error("F913", `${what} is longer than ${limit} bytes`, "shorten it", span);
  };
  const last = lastSpan(build);
  for (const [id, rule] of ir.rules.entries()) {
    const { identity, reason } = ir.debug.rules[id]!;
    const span = build.ruleSpans[id]!;
    tooLong(identity, MAX_TEXT_BYTES, "the file's name", span);
    if (reason !== null) tooLong(reason, MAX_TEXT_BYTES, "the rule's reason", span);
    if (rule.notify !== null)
      tooLong(ir.strings[rule.notify]!, MAX_TEXT_BYTES, "the rule's notify target", span);
  }
  for (const { json } of ir.credentials) tooLong(ir.strings[json]!, MAX_TEXT_BYTES, "a credential", last);
  const named = [...ir.agents, ...ir.arguments, ...ir.selectors, ...ir.meters].map(({ name }) => name);
  for (const id of [...named, ...ir.phases]) tooLong(ir.strings[id]!, MAX_TEXT_BYTES, "a name", last);
  for (const { scope, string } of ir.exact) {
    if (scope !== SCOPE_AGENTS) tooLong(ir.strings[string]!, MAX_TOOL_NAME_BYTES, "a tool's name", last);
  }
  for (const text of ir.strings) tooLong(text, MAX_INPUT_BYTES, "a string", last);
  if (ir.paths.some((path) => path.steps.length > MAX_NESTING)) {
    build.error("F913", `a field has more than ${MAX_NESTING} steps`, "no input is nested as deep", last);
  }
  if (obligationBytes(ir) > MAX_OBLIGATION_BYTES) {
    const help = "redact whole objects rather than each of their fields, or declare fewer alerts";
    build.error("F913", `the obligations take more than ${MAX_OBLIGATION_BYTES} bytes`, help, last);
  }
}

/** Counted as engine/assembly/load/obligations.ts does: escaped text, quotes, brackets and a commitment per path. */
function obligationBytes(ir: Ir): number {
  const escaped = (id: number): number => utf8.encode(ir.strings[id]!).length * 6;
  let total = 0;
  for (const path of ir.redacts) {
    total += 96;
    for (const step of ir.paths[path]!.steps) total += 12 + (step < STEP_INDEX ? escaped(step) : 0);
  }
  for (const { json } of ir.credentials) total += utf8.encode(ir.strings[json]!).length + 12;
  for (const { alertPermit, alertDeny, alertDefer, memory } of ir.agents) {
    const { budgetWarning, budgetExceeded, rateExceeded } = memory;
    const lists = [alertPermit, alertDeny, alertDefer, budgetWarning, budgetExceeded, rateExceeded];
    for (const list of lists) {
      for (const id of list === null ? [] : ir.lists[list]!.ids) total += escaped(id) + 12;
    }
  }
  return total;
}

export function checkBundleSize(build: Build, bytes: number): void {
  if (bytes <= MAX_BUNDLE_BYTES) return;
  const help = "split the policy, or simplify its patterns";
  build.error(
    "F911",
    `the bundle takes ${bytes} bytes, the limit is ${MAX_BUNDLE_BYTES}`,
    help,
    lastSpan(build),
  );
}
