/** Settings of a block: each at most once, each of its type, `env` resolved. Reads values out for the stages that build. */

import type { Block, Name, Setting, Value } from "../ast.ts";
import { type SimpleType, tableOf, type ValueType } from "../blocks.ts";
import { place, report } from "../diagnostics.ts";
import {
  compareDecimals,
  decimalOf,
  decimals,
  durationMs,
  integerOf,
  microsOf,
  sizeBytes,
} from "../parse/literals.ts";
import type { Decimal, SettingValue } from "../program.ts";
import { didYouMean } from "../suggest.ts";
import type { Findings } from "./scope.ts";
import { describeValue } from "./scope.ts";

/** What `env("NAME")` may read, given by the caller. */
export type Environment = Readonly<Record<string, string>>;

const DESCRIPTIONS: Record<SimpleType, string> = {
  text: "a text in quotes",
  name: "a name",
  texts: "a text in quotes or a list of them",
  boolean: "`true` or `false`",
  integer: "a whole number from 0",
  fraction: "a number from 0 to 1 with at most 6 decimals",
  money: "an amount such as `$500`",
  duration: "a duration such as `30s`, `15m` or `24h`",
  size: "a size such as `10mb`",
  count: "a whole number or a size such as `10mb`",
};

export interface ReadSetting {
  name: Name;
  value: SettingValue;
}

const SECRET = /secret|passw|token|credential|(?:^|[_-])key(?:$|[_-])|private|apikey/i;

/** The block's settings by name, in their final form: durations in milliseconds, sizes in bytes, lists of texts. */
export function readSettings(
  block: Pick<Block, "body">,
  typeOf: (name: string) => ValueType | null,
  environment: Environment,
  findings: Findings,
): Map<string, ReadSetting> {
  const read = new Map<string, ReadSetting>();
  for (const statement of block.body) {
    if (statement.kind !== "setting") continue;
    const { name } = statement;
    const earlier = read.get(name.text);
    if (earlier !== undefined) {
      const values = { name: name.text, place: place(earlier.name.span) };
      findings.diagnostics.push(report("F302", name.span, values));
      continue;
    }
    const type = typeOf(name.text);
    const value = type === null ? null : readValue(statement, type, environment, findings);
    if (value !== null) read.set(name.text, { name, value });
  }
  return read;
}

/** The settings of a block that stands in an agent. */
export function blockSettings(
  block: Block,
  { environment, findings }: { environment: Environment; findings: Findings },
): Map<string, ReadSetting> {
  const table = tableOf(block.name, true);
  const typeOf = (name: string): ValueType | null => {
    const form = table.statements.get(name) ?? table.other;
    return form?.form === "setting" ? form.type : null;
  };
  return readSettings(block, typeOf, environment, findings);
}

/** Null after an error. */
function readValue(
  setting: Setting,
  type: ValueType,
  environment: Environment,
  findings: Findings,
): SettingValue | null {
  const name = setting.name.text;
  const value = resolveEnvironment(name, setting.value, environment, findings);
  if (value === null) return null;
  if (type.kind === "effect" || type.kind === "choice") {
    if (value.kind === "word" && (type.allowed as readonly string[]).includes(value.value))
      return value.value;
    const expected = type.allowed.map((word) => `\`${word}\``).join(" or ");
    const written = describeValue(value);
    const help = value.kind === "word" ? didYouMean(written, type.allowed, null) : null;
    findings.diagnostics.push(
      report("F205", value.span, { name, expected: `${expected}, not \`${written}\`` }, help),
    );
    return null;
  }
  const found = simpleValue(value, type.kind);
  if (found === null) {
    findings.diagnostics.push(report("F205", value.span, { name, expected: DESCRIPTIONS[type.kind] }));
  }
  return found;
}

function simpleValue(value: Value, type: SimpleType): SettingValue | null {
  switch (type) {
    case "text":
      return value.kind === "string" ? value.value : null;
    case "name":
      return value.kind === "word" || value.kind === "string" ? value.value : null;
    case "texts": {
      const items = value.kind === "list" ? value.items : [value];
      const texts = items.map((item) => (item.kind === "string" ? item.value : null));
      return texts.includes(null) ? null : (texts as string[]);
    }
    case "boolean":
      return value.kind === "boolean" ? value.value : null;
    case "integer":
      return value.kind === "number" ? whole(value.value) : null;
    case "fraction": {
      const isFraction =
        value.kind === "number" &&
        !value.value.negative &&
        compareDecimals(value.value, decimalOf(1)) <= 0 &&
        decimals(value.value) <= 6;
      return isFraction ? value.value : null;
    }
    case "money":
      return (value.kind === "money" || value.kind === "number") && !value.value.negative
        ? value.value
        : null;
    case "duration":
      return value.kind === "duration" ? decimalOf(durationMs(value.amount, value.unit)) : null;
    case "size":
      return value.kind === "size" ? decimalOf(sizeBytes(value.amount, value.unit)) : null;
    case "count":
      if (value.kind === "number") return whole(value.value);
      return value.kind === "size" ? decimalOf(sizeBytes(value.amount, value.unit)) : null;
  }
}

function whole(value: Decimal): Decimal | null {
  const integer = integerOf(value);
  return integer !== null && integer >= 0 ? value : null;
}

/** Replaces `env("NAME")`; null after an error. Secrets never enter a policy. */
function resolveEnvironment(
  setting: string,
  value: Value,
  environment: Environment,
  findings: Findings,
): Value | null {
  if (value.kind === "list") {
    const items = value.items.map((item) => resolveEnvironment(setting, item, environment, findings));
    return items.includes(null) ? null : { ...value, items: items as Value[] };
  }
  if (value.kind !== "env") return value;
  const { name, span } = value;
  if (SECRET.test(name) || SECRET.test(setting)) {
    findings.diagnostics.push(report("F702", span, { name }));
    return null;
  }
  const found = Object.hasOwn(environment, name) ? environment[name] : undefined;
  if (found === undefined) {
    findings.diagnostics.push(report("F701", span, { name }));
    return null;
  }
  return { kind: "string", value: found, span };
}

/** Reported where `env` stands outside a setting. */
export function refuseEnvironment(value: Value, findings: Findings): void {
  if (value.kind === "env") findings.diagnostics.push(report("F703", value.span));
  if (value.kind === "list") for (const item of value.items) refuseEnvironment(item, findings);
}

export function textSetting(settings: ReadonlyMap<string, ReadSetting>, name: string): string | null {
  const value = settings.get(name)?.value;
  return typeof value === "string" ? value : null;
}

export function textsSetting(settings: ReadonlyMap<string, ReadSetting>, name: string): string[] | null {
  const value = settings.get(name)?.value;
  return Array.isArray(value) ? (value as string[]) : null;
}

export function booleanSetting(settings: ReadonlyMap<string, ReadSetting>, name: string): boolean | null {
  const value = settings.get(name)?.value;
  return typeof value === "boolean" ? value : null;
}

/** Whole numbers: counts, milliseconds, bytes. */
export function integerSetting(settings: ReadonlyMap<string, ReadSetting>, name: string): number | null {
  const value = settings.get(name)?.value;
  return typeof value === "object" && !Array.isArray(value) && "digits" in value
    ? integerOf(value as Decimal)
    : null;
}

/** A duration in milliseconds; one of nothing is reported. */
export function periodSetting(
  settings: ReadonlyMap<string, ReadSetting>,
  name: string,
  findings: Findings,
): number | null {
  const period = integerSetting(settings, name);
  if (period !== 0) return period;
  findings.diagnostics.push(
    report("F205", settings.get(name)!.name.span, { name, expected: "a duration longer than nothing" }),
  );
  return null;
}

/** Money in whole millionths; what has no such form is reported. */
export function microsSetting(
  settings: ReadonlyMap<string, ReadSetting>,
  name: string,
  findings: Findings,
): string | null {
  const found = settings.get(name);
  return found === undefined ? null : micros(name, found.value as Decimal, found.name.span, findings);
}

export function micros(name: string, value: Decimal, span: Name["span"], findings: Findings): string | null {
  const found = microsOf(value);
  if (found === null) {
    const expected = "an amount below $1000000000000 with at most 6 decimals";
    findings.diagnostics.push(report("F205", span, { name, expected }));
  }
  return found;
}
