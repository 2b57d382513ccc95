import { COLOR, type Command, HELP, type Invocation, type OptionSpec } from "./command.ts";
import { misuse, nearest } from "./errors.ts";

/**
 * Parses the words after the command's name. `--name value`, `--name=value`, `-x value`, `--` ends the options, `-` is an
 * operand. Throws CommandError for an unknown or repeated option, a missing or unwanted value, or a wrong number of operands.
 */
export function parseArguments(command: Command, words: readonly string[]): Invocation {
  const options = [...command.options, HELP, COLOR];
  const given = new Map<string, string[]>();
  const operands: string[] = [];
  let onlyOperands = false;
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!;
    if (onlyOperands || word === "-" || !word.startsWith("-")) {
      operands.push(word);
      continue;
    }
    if (word === "--") {
      onlyOperands = true;
      continue;
    }
    const equals = word.startsWith("--") ? word.indexOf("=") : -1;
    const name = equals < 0 ? word : word.slice(0, equals);
    const option = findOption(command, options, name);
    let value = equals < 0 ? null : word.slice(equals + 1);
    if (option.value === undefined) {
      if (value !== null) throw misuse(`\`${name}\` takes no value`, `write \`${name}\` alone`);
      value = "";
    } else if (value === null) {
      index++;
      const next = words[index];
      if (next === undefined || (next.startsWith("--") && next.length > 2)) {
        throw misuse(`\`${name}\` needs a value`, `write \`${name} ${option.value}\``);
      }
      value = next;
    }
    record(given, option, value);
  }
  const invocation = makeInvocation(options, operands, given);
  if (!invocation.flag("help")) checkOperands(command, operands);
  return invocation;
}

function findOption(command: Command, options: OptionSpec[], name: string): OptionSpec {
  const option = options.find(
    (one) => name === `--${one.name}` || (one.short !== undefined && name === `-${one.short}`),
  );
  if (option !== undefined) return option;
  const near = nearest(
    name,
    options.map((one) => `--${one.name}`),
  );
  throw misuse(
    `unknown option \`${name}\``,
    near === null
      ? `\`faramesh ${command.name} --help\` lists the options; a file name that starts with \`-\` goes after \`--\``
      : `did you mean \`${near}\`?`,
  );
}

function record(given: Map<string, string[]>, option: OptionSpec, value: string): void {
  const name = `--${option.name}`;
  if (option.choices !== undefined && !option.choices.includes(value)) {
    const near = nearest(value, option.choices);
    throw misuse(
      `\`${name}\` cannot be \`${value}\``,
      near === null ? `one of ${option.choices.join(", ")}` : `did you mean \`${near}\`?`,
    );
  }
  if (option.value !== undefined && value === "") throw misuse(`\`${name}\` has an empty value`, null);
  const values = given.get(option.name);
  if (values === undefined) {
    given.set(option.name, [value]);
  } else if (option.multiple === true) {
    values.push(value);
  } else if (option.value !== undefined) {
    throw misuse(`\`${name}\` is given twice`, "give it once");
  }
}

function makeInvocation(options: OptionSpec[], operands: string[], given: Map<string, string[]>): Invocation {
  const declared = new Set(options.map((option) => option.name));
  const values = (name: string): string[] => {
    if (!declared.has(name)) throw new TypeError(`option ${name} is not declared`);
    return given.get(name) ?? [];
  };
  return {
    operands,
    flag: (name) => values(name).length > 0,
    value: (name) => values(name)[0] ?? null,
    values,
  };
}

/** What must be given, in order: a word that was left out moves those behind it. Empty for a single one. */
function order(command: Command, minimum: number): string {
  if (minimum < 2) return "";
  const names = command.operands.filter((operand) => operand.minimum > 0).map(({ name }) => name);
  return `the order is \`faramesh ${command.name} ${names.join(" ")}\`; `;
}

function checkOperands(command: Command, operands: string[]): void {
  const minimum = command.operands.reduce((sum, operand) => sum + operand.minimum, 0);
  const maximum = command.operands.reduce((sum, operand) => sum + operand.maximum, 0);
  const help = `\`faramesh ${command.name} --help\` shows the usage`;
  checkChoices(command, operands);
  if (operands.length < minimum) {
    let covered = 0;
    for (const operand of command.operands) {
      covered += operand.minimum;
      if (covered > operands.length) {
        throw misuse(`${operand.name} is missing: ${operand.help}`, `${order(command, minimum)}${help}`);
      }
    }
  }
  if (operands.length > maximum) throw misuse(`unexpected \`${operands[maximum]}\``, help);
}

/** Only the first operand may have a closed list. */
function checkChoices(command: Command, operands: string[]): void {
  const first = command.operands[0];
  const word = operands[0];
  if (first?.choices === undefined || word === undefined || first.choices.includes(word)) return;
  const near = nearest(word, first.choices);
  throw misuse(
    `unknown ${first.name.toLowerCase()} \`${word}\``,
    near === null
      ? `one of ${first.choices.join(", ")}`
      : `did you mean \`faramesh ${command.name} ${near}\`?`,
  );
}

/** A whole number from an option's value. Throws CommandError with the option's name. */
export function wholeNumber(name: string, value: string, minimum: number, maximum: number): number {
  const number = /^[0-9]{1,16}$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= minimum && number <= maximum)) {
    throw misuse(`\`--${name}\` cannot be \`${value}\``, `a whole number from ${minimum} to ${maximum}`);
  }
  return number;
}

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Milliseconds of an option's value such as `30m`. Throws CommandError with the option's name. */
export function durationOption(
  invocation: Invocation,
  name: string,
  otherwise: number,
  maximumMs: number,
): number {
  const text = invocation.value(name);
  if (text === null) return otherwise;
  const match = /^([1-9][0-9]{0,8})([smhdw])$/.exec(text);
  const ms = match === null ? Number.NaN : Number(match[1]) * UNIT_MS[match[2]!]!;
  if (ms <= maximumMs) return ms;
  throw misuse(
    `\`--${name}\` cannot be \`${text}\``,
    `a duration such as 30s, 15m, 24h or 7d, of at most ${maximumMs / UNIT_MS.d!} days`,
  );
}
