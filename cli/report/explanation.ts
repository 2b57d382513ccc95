import { amountText, durationText, moneyDecimal } from "../state/amounts.ts";
import type { AskedLimit } from "../state/limits.ts";
import { columns, cut, effectStyle, printable, type Style, table } from "../style.ts";
import {
  type ConditionTrace,
  type Explanation,
  type FieldValue,
  type RuleTrace,
  redactArguments,
  type StepTrace,
  type Truth,
} from "../trace.ts";

const VALUE_COLUMNS = 60;
const PATH_COLUMNS = 28;

/** A value as compact JSON, cut; `undefined` as the word missing. */
export function valueText(value: unknown): string {
  if (value === undefined || value === null) return value === null ? "null (missing)" : "missing";
  return cut(printable(JSON.stringify(value)), VALUE_COLUMNS);
}

function fieldText({ field, value, hidden }: FieldValue): string {
  return `${printable(field)} = ${hidden ? "redacted" : valueText(value)}`;
}

function truthMark(style: Style, truth: Truth | null): string {
  if (truth === null) return style.dim("·");
  if (truth === "true") return style.green("✓");
  return truth === "false" ? style.red("✗") : style.yellow("?");
}

function conditionLines(conditions: ConditionTrace[], indent: string, width: number, style: Style): string[] {
  const limit = Math.max(24, Math.floor(width * 0.5));
  const texts = conditions.map(({ text }) => cut(printable(text), limit));
  const widest = Math.max(0, ...texts.map(columns));
  return conditions.map(({ truth, fields }, index) => {
    const text = texts[index]!;
    const values = truth === null ? "not reached" : fields.map(fieldText).join(", ");
    const note = truth === "wrong_type" ? style.yellow("  wrong type") : "";
    const padded = values === "" && note === "" ? text : text + " ".repeat(widest - columns(text));
    const body = truth === null ? style.dim(padded) : padded;
    const paint = truth === "missing" ? style.yellow : style.dim;
    return `${indent}${truthMark(style, truth)} ${body}  ${paint(values)}${note}`.trimEnd();
  });
}

/** The path from where the user stands, unless it would take the room of the rule's text. */
export function shortName(file: string, display: (name: string) => string): string {
  const path = display(file);
  return columns(path) <= PATH_COLUMNS ? path : file;
}

function ruleLines(
  rules: RuleTrace[],
  display: (name: string) => string,
  width: number,
  style: Style,
): string[] {
  const places = rules.map(({ file, line }) => `${shortName(file, display)}:${line}`);
  const widest = Math.max(0, ...places.map(columns));
  return rules.flatMap((rule, index) => {
    const mark = rule.applies ? effectStyle(style, rule.effect.replace("!", ""))("●") : style.dim("○");
    const place = places[index]!.padEnd(widest);
    const text = cut(printable(rule.text), Math.max(30, width - widest - 10));
    const phase = rule.phase === null ? "" : style.dim(` (phase ${rule.phase})`);
    const line = `      ${mark} ${style.dim(place)}  ${rule.applies ? style.bold(text) : text}${phase}`;
    return [line, ...conditionLines(rule.conditions, " ".repeat(widest + 10), width, style)];
  });
}

/** What became of a step, in a few words. */
export function stepNote(step: StepTrace, approved: boolean): string {
  const tried = step.rules.length;
  if (step.outcome === "not reached") return "not reached";
  if (step.outcome === "decided") return "decides";
  if (step.outcome === "proposed") {
    return approved ? "would defer, but the call is approved" : "would decide, but a later step narrows it";
  }
  if (step.step === 4 || step.step === 5)
    return tried === 0 ? "no rule for this tool" : `${tried} tried, none applies`;
  return "passes";
}

const LIMITS_STEP = 6;

/** `in any 1m`, `per 1d`, `in the session`, `for ever`. */
export function spanText({
  windowMs,
  family,
  scope,
}: Pick<AskedLimit, "windowMs" | "family" | "scope">): string {
  if (windowMs === null) return scope === "session" ? "in the session" : "for ever";
  const unit = durationText(windowMs);
  return family === "rate" ? `in any ${unit}` : `per ${unit}${scope === "session" ? " of the session" : ""}`;
}

function limitLines(limits: readonly AskedLimit[], style: Style): string[] {
  const rows = limits.map((limit) => {
    const { family, name, unit, used, adds, over, onExceed } = limit;
    const amount = (value: bigint) => amountText(value, unit);
    const added = adds === null ? "" : `+ ${amount(adds)}`;
    const end = over ? `over: ${onExceed === "audit" ? "only reported" : onExceed}` : "";
    const of = `${amount(used)} of ${amount(limit.limit)} ${unit === "money" ? "" : unit}`.trimEnd();
    return [`      ${over ? "●" : "○"} ${family} ${printable(name)}`, of, added, spanText(limit), end];
  });
  return table(rows, (text, row, column) => {
    const { over, onExceed } = limits[row]!;
    if (column === 3 || (column === 0 && !over)) return style.dim(text);
    return over && column !== 2 ? effectStyle(style, onExceed === "audit" ? "permit" : onExceed)(text) : text;
  })
    .split("\n")
    .filter((line) => line !== "");
}

function stepLines(
  explanation: Explanation,
  display: (name: string) => string,
  width: number,
  style: Style,
): string[] {
  const { verdict, steps } = explanation;
  const paint = effectStyle(style, verdict.effect);
  const refused = steps.every(({ outcome }) => outcome === "not reached");
  const input = refused ? [`  0 ${paint("■")} input       ${paint(`refused: ${verdict.code}`)}`] : [];
  const approved = verdict.code === "approved";
  const lines = steps.flatMap((step) => {
    const decided = step.outcome === "decided";
    const mark = decided ? paint("■") : step.outcome === "passed" ? style.green("✓") : style.dim("·");
    const title = step.title.padEnd(10);
    const code = step.code === null ? "" : ` ${explanation.codeName(step.code)}`;
    const note = decided ? paint(`${stepNote(step, approved)}:${code}`) : style.dim(stepNote(step, approved));
    const shown = step.outcome === "not reached" ? style.dim(title) : title;
    const limits = step.step === LIMITS_STEP ? explanation.limits : [];
    return [
      `  ${step.step} ${mark} ${shown}  ${note}`,
      ...ruleLines(step.rules, display, width, style),
      ...limitLines(limits, style),
    ];
  });
  return [...input, ...lines];
}

function callLines({ inputs, verdict }: Explanation, width: number, style: Style): string[] {
  const { action, facts } = inputs;
  const lines: string[] = [];
  if (action === null) return lines;
  const text = (value: unknown) => printable(String(value ?? "?"));
  lines.push(`  ${style.dim("call")}    ${text(action.agent)} → ${style.bold(text(action.tool))}`);
  const args = redactArguments(action.args ?? {}, verdict.obligations.redact) as Record<string, unknown>;
  const shown = (record: Record<string, unknown>) =>
    Object.entries(record).map(([name, value]) => `${printable(name)} = ${valueText(value)}`);
  const add = (label: string, entries: string[]) =>
    entries.forEach((entry, index) => {
      lines.push(`  ${style.dim((index === 0 ? label : "").padEnd(6))}  ${cut(entry, width - 12)}`);
    });
  add("args", shown(args));
  if (action.http !== undefined && action.http !== null)
    add("http", shown(action.http as Record<string, unknown>));
  const { salt, ...open } = facts;
  add("facts", shown(salt === undefined ? open : { ...open, salt: "[hidden]" }));
  return lines;
}

function obligationLines({ verdict }: Explanation, style: Style): string[] {
  const { notify, redact, credentials } = verdict.obligations;
  const parts: [string, readonly string[]][] = [
    ["notify", notify],
    ["redact", redact.map((path) => path.join("."))],
    ["lend", credentials.map((credential) => credential.name)],
  ];
  return parts
    .filter(([, values]) => values.length > 0)
    .map(([label, values]) => `  ${style.dim(label.padEnd(6))}  ${printable(values.join(", "))}`);
}

/** The whole explanation as text; ends in a newline. */
export function explanationText(
  explanation: Explanation,
  display: (name: string) => string,
  width: number,
  style: Style,
): string {
  const { verdict } = explanation;
  const paint = effectStyle(style, verdict.effect);
  const head = `${style.bold(paint(verdict.effect.toUpperCase()))}  ${verdict.code}`;
  const lines = [head, `  ${explanation.meaning}`];
  if (verdict.reason !== null) lines.push(`  ${style.bold(`“${printable(verdict.reason)}”`)}`);
  if (verdict.detail !== null) lines.push(`  ${detailText(verdict.detail)}`);
  const about = [...callLines(explanation, width, style), ...obligationLines(explanation, style)];
  lines.push("", ...about, ...(about.length === 0 ? [] : [""]));
  lines.push(...stepLines(explanation, display, width, style));
  if (explanation.next !== null && verdict.effect !== "permit") {
    lines.push("", `  ${style.cyan("next")}  ${explanation.next}`);
  }
  return `${lines.join("\n")}\n`;
}

/** `argument \`amount\`` and the like. */
export function detailText(detail: object): string {
  return Object.entries(detail)
    .map(([key, value]) => (key === "offset" ? `at byte ${value}` : `${key} \`${printable(String(value))}\``))
    .join(", ");
}

/** The documented JSON shape. */
export function explanationJson(explanation: Explanation) {
  const { verdict, steps, inputs, meaning, next } = explanation;
  const action =
    inputs.action === null
      ? null
      : { ...inputs.action, args: redactArguments(inputs.action.args ?? {}, verdict.obligations.redact) };
  return {
    verdict,
    meaning,
    next,
    action,
    limits: explanation.limits.map(limitJson),
    steps: steps.map((step) => ({
      step: step.step,
      title: step.title,
      outcome: step.outcome,
      code: step.code === null ? null : explanation.codeName(step.code),
      rules: step.rules.map(({ id: _, ...rule }) => ({
        ...rule,
        conditions: rule.conditions.map(({ id: __, ...condition }) => ({
          ...condition,
          fields: condition.fields.map(({ field, value, hidden }) => ({
            field,
            value: value ?? null,
            missing: value === undefined,
            hidden,
          })),
        })),
      })),
    })),
  };
}

/** Amounts as plain numbers; money as a decimal text. */
export function limitJson(limit: Omit<AskedLimit, "adds" | "over"> & Partial<AskedLimit>) {
  const { id: _, unit, used, limit: most, warnAt, adds, ...rest } = limit;
  const amount = (value: bigint | null) =>
    value === null ? null : unit === "money" ? moneyDecimal(value) : Number(value);
  const added = adds === undefined ? {} : { adds: amount(adds) };
  return { ...rest, unit, used: amount(used), limit: amount(most), warnAt: amount(warnAt), ...added };
}
