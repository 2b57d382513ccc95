/** Any bytes as any file end in exit 1 or 2, with a message, without a stack trace, a hang, a permit or a half-written file. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compile } from "../../bundles/compile/compile.ts";
import { check } from "../../fpl-grammar/index.ts";
import { Folder, ROOT } from "./command.ts";

const folder = new Folder();
afterAll(() => folder.remove());

const CALL = '{"agent":"a","tool":"t","args":{}}\n';

beforeAll(() => {
  folder.write("policy.fpl", 'agent "a" { rules { permit t } }\n');
  folder.run(["keygen", "k"]);
  folder.run(["trust", "init", "trust.json", "k.pub"]);
  folder.run(["build", "policy.fpl", "-o", "good.fplb", "--sign", "k.key"]);
  folder.run(["decide", "policy.fpl", "--log", "good"], CALL);
});

/** Bytes of several kinds: none, noise, text, JSON of the wrong shape, deep JSON. */
const BAD: [name: string, bytes: Uint8Array][] = [
  ["nothing", new Uint8Array(0)],
  ["noise", Uint8Array.from({ length: 4096 }, (_, index) => (index * 167 + (index >> 3) * 89) & 0xff)],
  ["text", new TextEncoder().encode("hello world\n")],
  ["null", new TextEncoder().encode("null\n")],
  ["an object", new TextEncoder().encode('{"version":1}\n')],
  ["deep JSON", new TextEncoder().encode("[".repeat(100_000))],
  ["a broken header", Uint8Array.of(0x46, 0x50, 0x4c, 0x42, 1, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0)],
];

/** `BAD` stands for the bad file. None of these may succeed. */
const COMMANDS = [
  "build BAD -o out.fplb",
  "decide BAD CALL",
  "decide bad.fplb --insecure CALL",
  "decide bad.fplb --trust trust.json CALL",
  "decide good.fplb --trust BAD CALL",
  "decide policy.fpl --log BAD CALL",
  "verify bad.fplb --trust trust.json",
  "verify good.fplb --trust BAD",
  "inspect bad.fplb",
  "sign bad.fplb --key k.key",
  "sign good.fplb --key BAD",
  "trust init new.json BAD",
  "trust add BAD k.pub",
  "test bad.cases",
];

describe("bad files", () => {
  it.each(BAD)("%s", { timeout: 60_000 }, (name, bytes) => {
    for (const file of ["bad", "bad.fplb", "bad.cases", "bad.fpl"]) folder.write(file, bytes);
    folder.write("call.jsonl", CALL);
    const before = folder.files();
    for (const command of COMMANDS) {
      // An empty policy denies all, and an empty log is the start of one.
      if (name === "nothing" && /^build|--log/.test(command)) continue;
      const words = command
        .split(" ")
        .map((word) => (word === "BAD" ? "bad" : word === "CALL" ? "call.jsonl" : word));
      const ran = folder.run(words);
      expect([1, 2], `${command}: ${ran.stdout}`).toContain(ran.status);
      expect(ran.stderr + ran.stdout, command).toMatch(/error|✗/);
      expect(ran.stdout, command).not.toContain("permit");
      expect(folder.bytes("bad").equals(bytes), command).toBe(true);
    }
    expect(folder.files()).toEqual(before);
  });

  it.each(BAD)("check and fmt of %s end", (_, bytes) => {
    folder.write("bad.fpl", bytes);
    expect([0, 1]).toContain(folder.run(["check", "bad.fpl", "--json"]).status);
    expect([0, 1]).toContain(folder.run(["fmt", "--check", "bad.fpl"]).status);
  });

  it.each(BAD)("calls of %s are denied", (name, bytes) => {
    const ran = folder.run(["decide", "policy.fpl"], bytes);
    const blank = name === "nothing";
    expect(ran.status).toBe(blank ? 0 : 1);
    for (const line of ran.stdout.split("\n").filter((text) => text !== ""))
      expect(JSON.parse(line).effect).toBe("deny");
    expect(ran.stdout === "").toBe(blank);
    expect([1, 2]).toContain(folder.run(["explain", "policy.fpl"], bytes).status);
  });

  it("a policy that imports itself is refused, not empty", () => {
    folder.write("loop/self.fpl", 'import "self@1.0.0" as s\nagent "a" { rules { include s deny! t } }\n');
    folder.run(["lock", "loop/self.fpl"]);
    for (const path of ["loop/self.fpl", "loop"]) {
      const ran = folder.run(["check", path]);
      expect([ran.status, ran.stderr]).toEqual([1, expect.stringContaining("none of it applies")]);
    }
  });

  it("a call with more behind it than can be read is denied, not cut", () => {
    const spaces = " ".repeat(4 * 1024 * 1024);
    const call = `{"action":${CALL.trim()}}${spaces}garbage\n${spaces}${CALL}`;
    const ran = folder.run(["decide", "policy.fpl"], call);
    expect(ran.status).toBe(1);
    const codes = ran.stdout.trim().split("\n");
    expect(codes.map((line) => JSON.parse(line).code)).toEqual(["input_too_large", "input_too_large"]);
  });

  it("nothing of a file commands the terminal", () => {
    const escapes = ["001b[31m", "202e", "009b", "061c", "200b"].map((hex) => `\\u${hex}`).join("");
    const raw: string = JSON.parse(`"${escapes}"`);
    folder.write(
      "shown.fpl",
      `agent "a" { rules { permit t/* when args["${escapes}"] == "${escapes}" reason: "${escapes}" } }\n`,
    );
    folder.write(
      "shown.cases",
      `case "${escapes}"\n  action {"agent":"b","tool":"t/x","args":{}}\n  expect permit\n`,
    );
    const call = JSON.stringify({ agent: "a", tool: "t/x", args: { [raw]: raw } });
    folder.write(`${raw}.fpl`, "agent");
    folder.write("fpl.lock", `{${raw}`);
    folder.write("imports.fpl", 'import "x@1.0.0" as y\nagent "a" { rules { include y } }\n');
    const commands = [
      ["check", "shown.fpl"],
      ["check", `${raw}.fpl`],
      ["check", `${raw}.none`],
      ["check", "imports.fpl"],
      ["decide", "shown.fpl", "--table"],
      ["decide", "shown.fpl", "--log", "shown"],
      ["audit", "ls", "shown"],
      ["audit", "show", "shown", "0"],
      ["audit", "stats", "shown"],
      ["audit", "tail", "shown"],
      ["explain", "shown.fpl"],
      ["explain", "shown.fpl", "--json"],
      ["test", "shown.fpl"],
      ["build", "shown.fpl", "-o", "shown.fplb"],
      ["inspect", "shown.fplb"],
      ["audit", "verify", `${raw}.fpl`],
      [raw],
      ["check", `--${raw}`],
    ];
    for (const words of commands) {
      const ran = folder.run(words, `${call}\n`);
      const shown = ran.stdout + ran.stderr;
      expect(shown, words.join(" ")).not.toMatch(/[\u001b\u202e\u009b\u061c\u200b]/);
    }
  });

  it("a folder, and a file nobody may read, are named", () => {
    expect(folder.run(["inspect", "."]).stderr).toContain("it is a folder");
    expect(folder.run(["verify", "good.fplb", "--trust", "."]).stderr).toContain("it is a folder");
    expect(folder.run(["audit", "verify", "."]).status).toBe(2);
    expect(folder.run(["decide", "policy.fpl", "."]).status).toBe(2);
  });
});

describe("altered files", () => {
  it("every altered bundle file is refused", { timeout: 60_000 }, () => {
    const good = folder.bytes("good.fplb");
    for (let flip = 0; flip < 24; flip++) {
      const bytes = Uint8Array.from(good);
      const at = Math.floor((flip * good.length) / 24);
      bytes[at] = bytes[at]! ^ (1 << (flip % 8));
      folder.write("flip.fplb", bytes);
      const ran = folder.run(["decide", "flip.fplb", "--trust", "trust.json"], CALL);
      expect([ran.status, ran.stdout], `byte ${at}`).toEqual([1, ""]);
    }
    for (const length of [1, 15, 16, 17, good.length - 1]) {
      folder.write("flip.fplb", good.subarray(0, length));
      expect(folder.run(["verify", "flip.fplb", "--trust", "trust.json"]).status).toBe(1);
    }
  });

  it("an altered log is found", () => {
    const good = folder.bytes("good/0000000000000000.jsonl");
    for (let flip = 0; flip < 12; flip++) {
      const bytes = Uint8Array.from(good);
      const at = Math.floor((flip * good.length) / 12);
      bytes[at] = bytes[at]! ^ 1;
      folder.write("flip.log", bytes);
      expect(folder.run(["audit", "verify", "flip.log"]).status, `byte ${at}`).toBe(1);
    }
  });
});

describe("random text", () => {
  it("as a policy ends in findings, not in an error of ours", () => {
    const word = fc.constantFrom(
      "agent",
      "rules",
      "permit",
      "deny!",
      "when",
      "{",
      "}",
      "(",
      ")",
      '"a"',
      "a.b",
      "<=",
      "and",
      "5",
      "$",
      "import",
      "#",
      "\n",
      "\u0000",
      "é",
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 40 }), (words) => {
        const { program } = check([{ name: "x.fpl", text: words.join(" ") }]);
        if (program !== null) compile(program);
      }),
      { numRuns: 300 },
    );
  });
});

describe("a reader that leaves", () => {
  it("ends the command without a message", async () => {
    folder.write("many.jsonl", CALL.repeat(50_000));
    const child = spawn(
      process.execPath,
      [join(ROOT, "cli/faramesh.mjs"), "decide", "policy.fpl", "many.jsonl"],
      { cwd: folder.path },
    );
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    child.stdout.once("data", () => child.stdout.destroy());
    const status = await new Promise((resolve) => child.on("exit", resolve));
    expect(stderr).toBe("");
    expect(status).toBe(141);
  });
});
