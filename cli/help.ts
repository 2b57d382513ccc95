import { COLOR, type Command, HELP, type OptionSpec } from "./command.ts";
import { ENTRIES, GROUPS } from "./registry.ts";
import { type Style, table } from "./style.ts";

/** The page of `faramesh --help`. */
export function overview(style: Style): string {
  const width = Math.max(...ENTRIES.map((entry) => entry.name.length));
  const groups = GROUPS.map(({ key, title }) => {
    const lines = ENTRIES.filter((entry) => entry.group === key).map(
      (entry) => `  ${style.cyan(entry.name.padEnd(width))}  ${entry.summary}\n`,
    );
    return `${style.bold(title)}\n${lines.join("")}`;
  });
  return [
    `${style.bold("Faramesh")} decides what an AI agent may do, before it does it.\n`,
    `${style.bold("Usage")}\n  faramesh COMMAND [ARGUMENTS]\n`,
    ...groups,
    `${style.bold("Options")}\n${optionLines([HELP, { name: "version", help: "show the version" }, COLOR], style)}`,
    `${style.bold("Exit status")}\n  0  done, nothing found\n  1  something found: an error, a refusal, a failed test\n  2  misuse, or a file that cannot be read or written\n`,
    `\`faramesh COMMAND --help\` shows a command with examples.\n`,
  ].join("\n");
}

/** The page of `faramesh COMMAND --help`. */
export function commandHelp(command: Command, style: Style): string {
  const parts = [`${command.summary[0]!.toUpperCase()}${command.summary.slice(1)}.\n`, usage(command, style)];
  if (command.description !== "") parts.push(`${command.description}\n`);
  if (command.operands.length > 0) {
    const rows = command.operands.map((operand) => [`  ${operand.name}`, operand.help]);
    parts.push(
      `${style.bold("Arguments")}\n${table(rows, (text, _, column) => (column === 0 ? style.cyan(text) : text))}`,
    );
  }
  parts.push(`${style.bold("Options")}\n${optionLines([...command.options, HELP, COLOR], style)}`);
  const examples = command.examples.map(
    ({ command: line, text }) => `  ${style.dim(`# ${text}`)}\n  ${line}\n`,
  );
  parts.push(`${style.bold("Examples")}\n${examples.join("\n")}`);
  const findings = command.exits.findings === null ? "" : `  1  ${command.exits.findings}\n`;
  parts.push(
    `${style.bold("Exit status")}\n  0  ${command.exits.ok}\n${findings}  2  misuse, or a file that cannot be read or written\n`,
  );
  return parts.join("\n");
}

function usage(command: Command, style: Style): string {
  const operands = command.operands.map(({ name, minimum, maximum }) => {
    const repeated = maximum > 1 ? `${name}…` : name;
    return minimum === 0 ? `[${repeated}]` : repeated;
  });
  const required = command.options
    .filter((option) => option.required === true)
    .map(({ name, short, value, multiple }) => {
      const option = short === undefined ? `--${name}` : `-${short}`;
      return `${option} ${value}${multiple === true ? "…" : ""}`;
    });
  const words = [command.name, ...operands, ...required, "[OPTIONS]"];
  return `${style.bold("Usage")}\n  faramesh ${words.join(" ")}\n`;
}

function optionLines(options: readonly OptionSpec[], style: Style): string {
  const rows = options.map((option) => {
    const short = option.short === undefined ? "    " : `-${option.short}, `;
    const value = option.value === undefined ? "" : ` ${option.value}`;
    const repeated = option.multiple === true ? "…" : "";
    return [`  ${short}--${option.name}${value}${repeated}`, option.help];
  });
  return table(rows, (text, _, column) => (column === 0 ? style.cyan(text) : text));
}
