import { format } from "../../fpl-grammar/index.ts";
import type { Command } from "../command.ts";
import { EXIT_FINDINGS, EXIT_OK, misuse } from "../errors.ts";
import { writeFile } from "../files.ts";
import { print, printError } from "../io.ts";
import { findingText } from "../report/diagnostics.ts";
import { displayName, readSources } from "../sources.ts";
import { printable, styleFor } from "../style.ts";

interface Formatted {
  shown: string;
  before: string;
  after: string;
}

/** Null when the text does not parse; its errors are printed then. */
function formatPath(path: string): (Formatted | null)[] {
  const sources = readSources(path);
  return sources.files.map((file) => {
    const shown = displayName(sources, file.name);
    const { text, diagnostics } = format(file);
    if (text !== null) return { shown, before: file.text, after: text };
    const style = styleFor(process.stderr);
    for (const diagnostic of diagnostics)
      printError(`${findingText({ diagnostic, file: shown, source: file }, style)}\n`);
    return null;
  });
}

export const fmt: Command = {
  name: "fmt",
  summary: "print a policy in its canonical form",
  description:
    "Older spellings are printed in the new form; comments are kept. Without an option the text goes to standard output.",
  operands: [{ name: "PATH", minimum: 1, maximum: 1000, help: "policy file, folder, or -" }],
  options: [
    {
      name: "check",
      short: "c",
      help: "print nothing but the names of files that are not in canonical form",
    },
    { name: "write", short: "w", help: "rewrite the files in place" },
  ],
  examples: [
    { command: "faramesh fmt --write policies/", text: "format every policy file of a folder" },
    { command: "faramesh fmt --check policies/", text: "in a pipeline" },
    { command: "faramesh fmt - < policy.fpl", text: "in an editor" },
  ],
  exits: {
    ok: "all is, or was put, in canonical form",
    findings: "a file does not parse, or --check found one to format",
  },
  async run(invocation) {
    const [checkOnly, write] = [invocation.flag("check"), invocation.flag("write")];
    if (checkOnly && write) throw misuse("`--check` and `--write` exclude each other", "give one of them");
    if (write && invocation.operands.includes("-"))
      throw misuse("`--write` cannot rewrite standard input", "leave `--write` away");
    const all = invocation.operands.flatMap(formatPath);
    const files = all.filter((file) => file !== null);
    let findings = files.length < all.length;
    for (const { shown, before, after } of files) {
      if (!checkOnly && !write) {
        await print(after);
      } else if (before !== after) {
        await print(`${printable(shown)}\n`);
        if (write) await writeFile(shown, after);
        else findings = true;
      }
    }
    return findings ? EXIT_FINDINGS : EXIT_OK;
  },
};
