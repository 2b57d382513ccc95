import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ABSENT, IS_ROOT, makeFolder, run, usual, writeProfile } from "./launcher.ts";

interface Case {
  name: string;
  lines: string[];
  said: string;
}

function readCases(): Case[] {
  const text = readFileSync(new URL("../../vectors/profiles.refused", import.meta.url), "utf8");
  return text
    .split(/^== /m)
    .slice(1)
    .map((part) => {
      const [name = "", ...lines] = part.replace(/\n$/, "").split("\n");
      const last = lines.pop() ?? "";
      if (!last.startsWith("-- ")) throw new Error(`profiles.refused: "${name}" has no expectation`);
      return { name, lines, said: last.slice(3) };
    });
}

describe.skipIf(ABSENT !== "")(`the launcher's profiles${ABSENT && ` (skipped: ${ABSENT})`}`, () => {
  let folder = "";
  let server: Server;
  beforeAll(async () => {
    folder = makeFolder();
    mkdirSync(join(folder, "w/in"));
    writeFileSync(join(folder, "file"), "");
    symlinkSync("w", join(folder, "link"));
    server = createServer().listen(join(folder, "socket"));
    await new Promise((resolve) => server.once("listening", resolve));
  });
  afterAll(() => {
    server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const { name, lines, said } of readCases()) {
    test.skipIf(lines.includes("mode root") && !IS_ROOT)(`refused: ${name}`, () => {
      const filled = lines.map((line) => line.replaceAll("DIR", folder));
      const profile = writeProfile(folder, filled);
      if (filled[0] === "raw") writeFileSync(profile, `${filled.slice(1).join("\n")}\n`);
      const result = run(folder, null, ["--profile", profile, "--", "/bin/true"]);
      expect(result.stderr).toContain(said.replaceAll("DIR", folder));
      expect(result.stderr).toMatch(/^faramesh-sandbox: profile: .*\n$/);
      expect(result.status).toBe(125);
    });
  }

  test("bytes that are no text are refused with their line", () => {
    const profile = writeProfile(folder, ["mode full"]);
    for (const [bytes, said] of [
      [Buffer.from("faramesh-sandbox 1\nread /\xff\n", "latin1"), "line 2: is no UTF-8"],
      [Buffer.from("faramesh-sandbox 1\nmode full\0\n"), "line 2: has a null byte"],
      [Buffer.from("faramesh-sandbox 1\nread /a\rb\n"), "line 2: has a control character"],
      [Buffer.from(`faramesh-sandbox 1\n${"#\n".repeat(140_000)}`), "over 256 KiB"],
      [Buffer.from(""), "line 1: expected `faramesh-sandbox 1`"],
    ] as const) {
      writeFileSync(profile, bytes);
      const result = run(folder, null, ["--profile", profile, "--plan"]);
      expect(result.stderr).toContain(said);
      expect(result.status).toBe(125);
    }
  });

  test("a plan lists every step, parents before what lies in them, and does nothing", () => {
    const profile = usual(folder, "full", [
      `protect ${folder}/w/in`,
      `deny ${folder}/w/a/b`,
      `home /home/agent`,
    ]);
    const result = run(folder, null, ["--profile", profile, "--plan"]);
    expect(result.status).toBe(0);
    const lines = result.stdout.trimEnd().split("\n");
    expect(lines.filter((line) => !line.startsWith("init view "))).toEqual([
      "launcher placeholders of what does not exist",
      "launcher clone user mount pid ipc uts cgroup network",
      "init identity maps",
      "init host name",
      "init view",
      "command limits",
      "command descriptors",
      "command no_new_privs",
      "command capabilities",
      "command landlock",
      "command environment",
      "command directory",
      "command seccomp",
      "command report, start",
    ]);
    const view = lines.filter((line) => line.startsWith(`init view `) && line.includes(folder));
    expect(view).toEqual([
      `init view write ${folder}/w`,
      `init view write ${folder}/w/a`,
      `init view deny ${folder}/w/a/b (does not exist)`,
      `init view protect ${folder}/w/in`,
    ]);
  });

  test("arguments that say nothing are refused", () => {
    const profile = usual(folder, "full");
    for (const args of [
      [],
      ["--profile"],
      ["--profile", profile],
      ["--profile", profile, "--"],
      ["--profile", profile, "--fast", "--", "true"],
      ["--profile", profile, "--report", "77", "--", "true"],
      ["--profile", profile, "--report", "x", "--", "true"],
      ["--", "true"],
    ]) {
      const result = run(folder, null, args);
      expect(result.stderr).toMatch(/^faramesh-sandbox: arguments: /);
      expect(result.status).toBe(125);
    }
  });
});
