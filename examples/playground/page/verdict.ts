/** The verdict, and the trace in the order of `faramesh explain`. */
import { detailText, spanText, stepNote, valueText } from "../../../cli/report/explanation.ts";
import { amountText } from "../../../cli/state/amounts.ts";
import type { AskedLimit } from "../../../cli/state/limits.ts";
import { printable } from "../../../cli/style.ts";
import type { ConditionTrace, Explanation, RuleTrace, StepTrace } from "../../../cli/trace.ts";
import type { TrialState } from "../../../cli/trial.ts";
import { button, type Child, decoration, element } from "./dom.ts";

export const EFFECT_MARKS = { permit: "✓", defer: "◐", deny: "✕" } as const;
const STATES: Readonly<Record<TrialState, string>> = {
  none: "",
  fresh: "on a fresh state: nothing was counted before this call",
  folder: "",
};

export interface VerdictActions {
  jump(line: number): void;
}

export function verdictNodes(
  { explanation, state }: { explanation: Explanation; state: TrialState },
  actions: VerdictActions,
): Child[] {
  const { verdict, meaning, next } = explanation;
  const { effect, code, rule, reason, detail } = verdict;
  const badge = element(
    "p",
    `badge ${effect}`,
    decoration("mark", EFFECT_MARKS[effect]),
    element("strong", "", effect),
    element("code", "", code),
  );
  const why = reason === null ? null : element("p", "reason", `“${printable(reason)}”`);
  const about = detail === null ? null : element("p", "dim", detailText(detail));
  const place =
    rule === null
      ? null
      : row(
          "rule",
          button("link", `${printable(rule.file)}:${rule.line}`, () => actions.jump(rule.line)),
        );
  const rows = [place, ...obligationRows(explanation)].filter((one) => one !== null);
  const list = rows.length === 0 ? null : element("dl", "facts", ...rows);
  const todo =
    next === null || effect === "permit"
      ? null
      : element("p", "next", element("span", "", "next"), ` ${next}`);
  const note = STATES[state] === "" ? null : element("p", "dim", STATES[state]);
  return [badge, element("p", "meaning", meaning), why, about, list, todo, note];
}

function row(name: string, ...values: Child[]): HTMLElement {
  return element("div", "", element("dt", "", name), element("dd", "", ...values));
}

function obligationRows({ verdict }: Explanation): (HTMLElement | null)[] {
  const { notify, redact, credentials } = verdict.obligations;
  const chips = (name: string, texts: readonly string[]) =>
    texts.length === 0 ? null : row(name, ...texts.map((text) => element("code", "chip", printable(text))));
  return [
    chips("notify", notify),
    chips(
      "redact",
      redact.map((path) => path.join(".")),
    ),
    chips(
      "lend",
      credentials.map(({ name }) => name),
    ),
  ];
}

export function traceNodes(explanation: Explanation, actions: VerdictActions): HTMLElement[] {
  const { verdict, steps } = explanation;
  return steps.map((step) => {
    const isDecisive = step.outcome === "decided";
    const code = step.code === null || !isDecisive ? "" : `: ${explanation.codeName(step.code)}`;
    const mark = isDecisive ? EFFECT_MARKS[verdict.effect] : step.outcome === "passed" ? "✓" : "·";
    const head = element(
      "p",
      "head",
      decoration("mark", mark),
      element("span", "title", `${step.title}`),
      element("span", "note", `${stepNote(step, verdict.code === "approved")}${code}`),
    );
    const limits = step.title === "limits" ? explanation.limits.map(limitNode) : [];
    const inside = [...step.rules.map((rule) => ruleNode(rule, actions)), ...limits];
    return element(
      "li",
      `step ${classOf(step, verdict.effect)}`,
      head,
      inside.length === 0 ? null : element("ul", "", ...inside),
    );
  });
}

function classOf({ outcome }: StepTrace, effect: string): string {
  if (outcome === "decided") return `decided ${effect}`;
  return outcome === "passed" ? "passed" : outcome === "proposed" ? "proposed" : "idle";
}

function ruleNode(rule: RuleTrace, { jump }: VerdictActions): HTMLElement {
  const phase = rule.phase === null ? "" : ` (phase ${printable(rule.phase)})`;
  const place = button("link", `${rule.line}`, () => jump(rule.line));
  place.setAttribute("aria-label", `line ${rule.line} of the policy`);
  const said = element("span", "spoken", rule.applies ? "applies: " : "does not apply: ");
  const head = element(
    "p",
    "rule",
    decoration("dot", rule.applies ? "●" : "○"),
    place,
    said,
    element("code", "", printable(rule.text) + phase),
  );
  const conditions = rule.conditions.map(conditionNode);
  const inside = conditions.length === 0 ? null : element("ul", "", ...conditions);
  return element("li", rule.applies ? `applies ${rule.effect.replace("!", "")}` : "", head, inside);
}

const TRUTHS = {
  true: ["✓", "true"],
  false: ["✕", "false"],
  missing: ["?", "missing"],
  wrong_type: ["?", "wrong type"],
} as const;

function conditionNode({ text, truth, fields }: ConditionTrace): HTMLElement {
  const [mark, name] = truth === null ? ["·", "not reached"] : TRUTHS[truth];
  const values = fields.map(
    ({ field, value, hidden }) => `${printable(field)} = ${hidden ? "redacted" : valueText(value)}`,
  );
  const shown =
    truth === null
      ? "not reached"
      : [...values, ...(truth === "wrong_type" ? ["wrong type"] : [])].join(", ");
  return element(
    "li",
    `condition is-${truth ?? "idle"}`,
    decoration("mark", mark),
    element("span", "spoken", `${name}: `),
    element("code", "", printable(text)),
    element("span", "values", shown),
  );
}

function limitNode(limit: AskedLimit): HTMLElement {
  const { family, name, unit, used, adds, over, onExceed } = limit;
  const amount = (value: bigint) => amountText(value, unit);
  const added = adds === null ? "" : ` + ${amount(adds)}`;
  const end = over ? `, over: ${onExceed === "audit" ? "only reported" : onExceed}` : "";
  const text = `${amount(used)}${added} of ${amount(limit.limit)}${unit === "money" ? "" : ` ${unit}`} ${spanText(limit)}${end}`;
  return element(
    "li",
    over ? "limit over" : "limit",
    element("code", "", `${family} ${printable(name)}`),
    element("span", "values", text),
  );
}
