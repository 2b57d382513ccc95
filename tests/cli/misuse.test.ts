/** The command line itself: what is wrong is said, with what to do, and exit 2. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ENTRIES } from "../../cli/registry.ts";
import { Folder, ROOT } from "./command.ts";

const folder = new Folder();
afterAll(() => folder.remove());
folder.write("policy.fpl", 'agent "a" { rules { permit t } }\n');
folder.write("note.txt", "hello");

const MISUSES: [words: string, message: string, help: string][] = [
  ["", "a command is missing", "`faramesh --help` lists the commands"],
  ["chek", "unknown command `chek`", "did you mean `faramesh check`?"],
  ["explian policy.fpl", "unknown command `explian`", "did you mean `faramesh explain`?"],
  ["frobnicate", "unknown command `frobnicate`", "`faramesh --help` lists the commands"],
  ["--jsno", "unknown option `--jsno`", "the command's name comes first"],
  ["--versoin", "unknown option `--versoin`", "did you mean `--version`?"],
  ["help chek", "unknown command `chek`", "did you mean `faramesh check`?"],
  ["check", "PATH is missing", "`faramesh check --help` shows the usage"],
  ["check --jsn policy.fpl", "unknown option `--jsn`", "did you mean `--json`?"],
  ["check -z policy.fpl", "unknown option `-z`", "`faramesh check --help` lists the options"],
  ["check --json=yes policy.fpl", "`--json` takes no value", "write `--json` alone"],
  ["check none.fpl", "none.fpl: error: cannot read it: no such file or folder", "check the name"],
  ["check --color sometimes policy.fpl", "`--color` cannot be `sometimes`", "one of auto, always, never"],
  ["check --color alwys policy.fpl", "`--color` cannot be `alwys`", "did you mean `always`?"],
  ["fmt --check --write policy.fpl", "exclude each other", "give one of them"],
  ["fmt --write -", "`--write` cannot rewrite standard input", "leave `--write` away"],
  ["build policy.fpl", "`--output FILE` is missing", "-o policy.fplb"],
  ["build policy.fpl -o", "`-o` needs a value", "write `-o FILE`"],
  ["build policy.fpl -o --json", "`-o` needs a value", "write `-o FILE`"],
  ["build policy.fpl -o a -o b", "`--output` is given twice", "give it once"],
  ["build policy.fpl -o x.fplb --sequence 1", "there is no `--sign`", "add `--sign KEY`"],
  ["build policy.fpl -o x.fplb --sign none.key", "none.key: error: cannot read it", "check the name"],
  ["build policy.fpl -o none/x.fplb", "none/x.fplb: error: cannot write it", "check the folder"],
  ["sign x.fplb", "`--key KEY` is missing", "`faramesh keygen` makes a key"],
  ["verify x.fplb", "`--trust FILE` is missing", "`faramesh trust init` writes a trust file"],
  ["keygen a/b", "`a/b` cannot name a key", "use 1 to 64 of"],
  ["keygen ..", "`..` cannot name a key", "use 1 to 64 of"],
  ["trust inti t.json", "unknown action `inti`", "did you mean `faramesh trust init`?"],
  ["trust init t.json", "PUBLICKEY is missing", "at least one key"],
  [
    "trust init t.json k.pub --not-after tomorrow",
    "`--not-after` cannot be `tomorrow`",
    "a day like 2027-01-31",
  ],
  ["decide", "POLICY is missing", "`faramesh decide --help` shows the usage"],
  ["decide -", "the policy cannot come from standard input here", "name a file or folder"],
  ["decide x.fplb", "`--trust` is missing", "`--insecure` uses the bundle unverified"],
  ["decide x.fplb --trust t --insecure", "exclude each other", "keep `--trust`"],
  ["decide policy.fpl --table --trace", "exclude each other", "`faramesh explain`"],
  ["decide policy.fpl a b", "unexpected `b`", "`faramesh decide --help` shows the usage"],
  ["decide policy.fpl none.jsonl", "none.jsonl: error: cannot read it", "check the name"],
  ["explain policy.fpl", "there is no call to explain", "on standard input or in a file"],
  ["test note.txt", "is neither a policy, nor a cases file, nor a folder", "NAME.fpl"],
  ["test policy.fpl", "there is no `policy.cases`", "`faramesh test --help`"],
  ["test policy.fpl --threshold much", "`--threshold` cannot be `much`", "a percentage from 0 to 100"],
  ["audit verify", "LOG is missing", "`faramesh audit --help` shows the usage"],
  ["audit shwo x", "unknown action `shwo`", "did you mean `faramesh audit show`?"],
  ["audit verify none.log", "none.log: error: cannot read it", "check the name"],
  ["audit verify x --head 5", "`--head` cannot be `5`", "SEQUENCE:HASH"],
  ["audit ls x --limit 0", "`--limit` cannot be `0`", "a whole number from 1"],
  ["audit ls x --effect denny", "`--effect` cannot be `denny`", "did you mean `deny`?"],
  ["codes defualt_deny", "unknown code `defualt_deny`", "did you mean `default_deny`?"],
  ["completion tcsh", "unknown shell `tcsh`", "one of bash, zsh, fish"],
  ["init --pack paymnts", "unknown pack `paymnts`", "did you mean `payments`?"],
];

describe("misuse", () => {
  it.each(MISUSES)("faramesh %s", (words, message, help) => {
    const before = folder.files();
    const ran = folder.run(words === "" ? [] : words.split(" "));
    expect(ran.stderr).toContain(message);
    expect(ran.stderr).toContain(help);
    expect(ran.stdout).toBe("");
    expect(ran.status).toBe(2);
    expect(folder.files()).toEqual(before);
  });
});

describe("help, version and completion", () => {
  it("shows every command with a usage, examples and exit statuses", () => {
    const overview = folder.run(["--help"]);
    expect(overview.status).toBe(0);
    for (const { name, summary } of ENTRIES) {
      expect(overview.stdout).toContain(`${name.padEnd(10)}  ${summary}`);
      const page = folder.run([name, "--help"]);
      expect(page.status).toBe(0);
      expect(page.stderr).toBe("");
      for (const part of ["Usage\n", `faramesh ${name}`, "Options\n", "Examples\n", "Exit status\n"]) {
        expect(page.stdout).toContain(part);
      }
      expect(page.stdout).not.toContain("\u001b");
    }
  });

  it("the registry and the commands say the same", async () => {
    for (const { name, summary, load } of ENTRIES) {
      const command = await load();
      expect([command.name, command.summary]).toEqual([name, summary]);
      const names = [...command.options.map((option) => option.name), "help", "color"];
      expect(new Set(names).size).toBe(names.length);
      for (const { command: example } of command.examples) expect(example).toContain(`faramesh ${name}`);
    }
  });

  it("help COMMAND is COMMAND --help", () => {
    expect(folder.run(["help", "check"]).stdout).toBe(folder.run(["check", "-h"]).stdout);
  });

  it("prints the version of package.json", () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
    expect(folder.run(["--version"])).toEqual({ status: 0, stdout: `faramesh ${version}\n`, stderr: "" });
  });

  it.each(["bash", "zsh", "fish"])("completes in %s every command and option", (shell) => {
    const { stdout, status } = folder.run(["completion", shell]);
    expect(status).toBe(0);
    for (const { name } of ENTRIES) expect(stdout).toContain(name);
    for (const option of ["trust", "threshold", "minimum-sequence"]) expect(stdout).toContain(option);
  });
});

describe("colour", () => {
  const control = "\u001b[";
  it("is off where the output is no terminal, and on when asked for", () => {
    expect(folder.run(["--help"]).stdout).not.toContain(control);
    expect(folder.run(["--help", "--color", "always"]).stdout).toContain(control);
    expect(folder.run(["chek", "--color=always"]).stderr).toContain(control);
    expect(folder.run(["chek", "--color=never"]).stderr).not.toContain(control);
  });
});
