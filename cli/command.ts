/** What a command declares of itself: the parser, the help, the completion and the reference are made from this. */
export interface OptionSpec {
  /** Without the dashes. */
  name: string;
  short?: string;
  /** Placeholder of the value; absent for a flag. */
  value?: string;
  /** May be given several times. */
  multiple?: boolean;
  /** Shown in the usage line; the command itself refuses to run without it. */
  required?: boolean;
  /** Closed list of values. */
  choices?: readonly string[];
  help: string;
}

export interface OperandSpec {
  /** Upper case. */
  name: string;
  minimum: number;
  maximum: number;
  /** Closed list of words. */
  choices?: readonly string[];
  help: string;
}

export interface Command {
  name: string;
  summary: string;
  /** Paragraphs under the usage line. */
  description: string;
  operands: OperandSpec[];
  options: OptionSpec[];
  examples: { command: string; text: string }[];
  /** Meaning of exit 0 and 1 for this command; null where it never exits with 1. */
  exits: { ok: string; findings: string | null };
  /** Resolves to the exit status; throws CommandError. `all` loads every command, for those that are about commands. */
  run(invocation: Invocation, all: () => Promise<Command[]>): Promise<number>;
}

/** A parsed command line. Asking for an option that the command did not declare is a programmer's error. */
export interface Invocation {
  operands: string[];
  flag(name: string): boolean;
  value(name: string): string | null;
  values(name: string): string[];
}

export const HELP: OptionSpec = { name: "help", short: "h", help: "show this help" };
export const COLOR: OptionSpec = {
  name: "color",
  value: "WHEN",
  choices: ["auto", "always", "never"],
  help: "colour: auto (on a terminal without NO_COLOR), always, never",
};
export const JSON_OUTPUT: OptionSpec = { name: "json", help: "write JSON to standard output" };
