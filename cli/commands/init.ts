import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Command, JSON_OUTPUT } from "../command.ts";
import { CommandError, EXIT_MISUSE, EXIT_OK, misuse, nearest } from "../errors.ts";
import { createFile, makeFolder } from "../files.ts";
import { cannotRead, print, printJson, readBytes, readText } from "../io.ts";
import { styleFor, table } from "../style.ts";

const PACKS = fileURLToPath(new URL("../../bundles/packs", import.meta.url));
const DEFAULT_PACK = "coding-agent";
const FILES = ["policy.fpl", "policy.cases"] as const;

interface Pack {
  name: string;
  summary: string;
}

function listPacks(): Pack[] {
  try {
    return readdirSync(PACKS, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => ({ name, summary: firstComment(readText(join(PACKS, name, "policy.fpl"))) }))
      .sort((left, right) => (left.name < right.name ? -1 : 1));
  } catch (error) {
    throw error instanceof CommandError ? error : cannotRead(PACKS, error);
  }
}

/** A pack's policy says in its first comment what it is for. */
function firstComment(text: string): string {
  return /^#\s*(.*?[.:]?)\s*$/m.exec(text)?.[1] ?? "";
}

async function list(json: boolean): Promise<number> {
  const packs = listPacks();
  const style = styleFor(process.stdout);
  if (json) await printJson({ packs });
  else
    await print(
      table(
        packs.map(({ name, summary }) => [name, summary]),
        (text, _, column) => (column === 0 ? style.cyan(text) : text),
      ),
    );
  return EXIT_OK;
}

export const init: Command = {
  name: "init",
  summary: "write a starting policy with its test cases",
  description: `Copies a pack, a ready policy with its cases, into DIR. Files that stand there are never overwritten.`,
  operands: [{ name: "DIR", minimum: 0, maximum: 1, help: "folder to write to, made if need be (policy)" }],
  options: [
    { name: "pack", short: "p", value: "NAME", help: `the pack (${DEFAULT_PACK})` },
    { name: "list", short: "l", help: "list the packs instead" },
    { ...JSON_OUTPUT, help: "with --list: write JSON" },
  ],
  examples: [
    { command: "faramesh init --list", text: "see what there is" },
    { command: "faramesh init policy --pack payments", text: "start with the payments pack" },
  ],
  exits: { ok: "the files were written", findings: null },
  async run(invocation) {
    if (invocation.flag("list")) return list(invocation.flag("json"));
    if (invocation.flag("json")) throw misuse("`--json` goes with `--list`", "leave it away");
    const name = invocation.value("pack") ?? DEFAULT_PACK;
    const names = listPacks().map((pack) => pack.name);
    if (!names.includes(name)) {
      const near = nearest(name, names);
      throw misuse(
        `unknown pack \`${name}\``,
        near === null ? `one of ${names.join(", ")}` : `did you mean \`${near}\`?`,
      );
    }
    const folder = invocation.operands[0] ?? "policy";
    const contents = FILES.map((file) => readBytes(join(PACKS, name, file)));
    await makeFolder(folder);
    for (const file of FILES) mustNotExist(folder, file);
    for (const [index, file] of FILES.entries()) await createFile(join(folder, file), contents[index]!);
    const [policy, cases] = FILES.map((file) => join(folder, file));
    const word = shellWord(policy!);
    await print(`${policy}\n${cases}\n\nNext: faramesh check ${word}, then faramesh test ${word}\n`);
    return EXIT_OK;
  },
};

/** A path as one word of a shell. */
function shellWord(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

/** Before anything is written, so that a refusal leaves no half of a pack behind. */
function mustNotExist(folder: string, file: string): void {
  if (!readdirSync(folder).includes(file)) return;
  throw new CommandError(EXIT_MISUSE, "it exists already, and is left as it is", {
    place: join(folder, file),
    help: "choose another folder, or move the file away",
  });
}
