import { parseArguments } from "./arguments.ts";
import type { Command } from "./command.ts";
import { EXIT_OK, misuse, nearest } from "./errors.ts";
import { commandHelp, overview } from "./help.ts";
import { handleClosedPipes, print, report } from "./io.ts";
import { ENTRIES, type Entry } from "./registry.ts";
import { setColor, styleFor } from "./style.ts";

function find(name: string): Entry {
  const entry = ENTRIES.find((one) => one.name === name);
  if (entry !== undefined) return entry;
  const near = nearest(name, [...ENTRIES.map((one) => one.name), "help"]);
  throw misuse(
    `unknown command \`${name}\``,
    near === null ? "`faramesh --help` lists the commands" : `did you mean \`faramesh ${near}\`?`,
  );
}

/** `--color` counts for the help pages too, and for errors of the command line itself. */
function readColor(words: readonly string[]): void {
  words.forEach((word, index) => {
    if (word === "--color") setColor(words[index + 1] ?? null);
    else if (word.startsWith("--color=")) setColor(word.slice("--color=".length));
  });
}

function loadAll(): Promise<Command[]> {
  return Promise.all(ENTRIES.map((entry) => entry.load()));
}

async function help(words: readonly string[]): Promise<number> {
  const style = styleFor(process.stdout);
  const topic = words.find((word, index) => !word.startsWith("-") && words[index - 1] !== "--color");
  if (topic === "diagnostics") {
    const check = await find("check").load();
    return check.run(parseArguments(check, ["--codes"]), loadAll);
  }
  await print(topic === undefined ? overview(style) : commandHelp(await find(topic).load(), style));
  return EXIT_OK;
}

async function main(words: readonly string[]): Promise<number> {
  readColor(words);
  const [first, ...rest] = words;
  if (first === undefined) throw misuse("a command is missing", "`faramesh --help` lists the commands");
  if (first === "--version" || first === "-V") {
    const { COMPILER_VERSION } = await import("../bundles/compile/manifest.ts");
    await print(`faramesh ${COMPILER_VERSION}\n`);
    return EXIT_OK;
  }
  if (first === "--help" || first === "-h" || first === "help") return help(rest);
  if (first.startsWith("-")) {
    const near = nearest(first, ["--help", "--version"]);
    throw misuse(
      `unknown option \`${first}\``,
      near === null
        ? "the command's name comes first: `faramesh COMMAND [ARGUMENTS]`"
        : `did you mean \`${near}\`?`,
    );
  }
  const command = await find(first).load();
  const invocation = parseArguments(command, rest);
  if (invocation.flag("help")) {
    await print(commandHelp(command, styleFor(process.stdout)));
    return EXIT_OK;
  }
  return command.run(invocation, loadAll);
}

handleClosedPipes();
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = report(error);
}
