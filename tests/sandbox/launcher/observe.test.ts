/** Observations: what is written, and that nothing ever waits for who reads them. */
import { spawn, spawnSync } from "node:child_process";
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ABSENT, makeFolder, RUNS, run, usual } from "./launcher.ts";

interface Observation {
  op: string;
  [field: string]: unknown;
}

const parse = (text: string): Observation[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

describe.skipIf(ABSENT !== "")(`observations${ABSENT && ` (skipped: ${ABSENT})`}`, () => {
  let folder = "";
  beforeAll(() => {
    folder = makeFolder();
  });
  beforeEach(() => {
    spawnSync("find", [join(folder, "w"), "-mindepth", "1", "-delete"]);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function observe(user: number | null, profile: string, command: string[]) {
    const path = join(folder, "observed");
    const fd = openSync(path, "w");
    const ran = run(folder, user, ["--profile", profile, "--observe", "3", "--", ...command], {
      stdio: ["ignore", "pipe", "pipe", fd],
    });
    closeSync(fd);
    return { ran, lines: parse(readFileSync(path, "utf8")) };
  }

  describe.each(RUNS)("in mode $name", ({ mode, user }) => {
    test("a script's: paths as links have them, each once, the one that failed too", () => {
      const script = `cd ${folder}/w && mkdir real && ln -s real link && echo hi > link/f && cat link/../real/f && cat real/f
        mv link/f g; ln g h; rm g; truncate -s 3 h; /bin/chmod 600 h; cat none/x; echo no > /usr/no`;
      const { lines } = observe(user, usual(folder, mode, ["observe explain"]), ["/bin/sh", "-c", script]);
      const at = (name: string) => `${folder}/w/${name}`;
      const expected = [
        { op: "make", path: at("real") },
        { op: "symlink", path: at("link"), target: "real" },
        { op: "open", path: at("real/f"), write: true, create: true },
        { op: "open", path: at("real/f"), write: false, create: false },
        { op: "rename", from: at("real/f"), to: at("g") },
        { op: "link", from: at("g"), to: at("h") },
        { op: "remove", path: at("g") },
        { op: "mode", path: at("h") },
        { op: "open", path: at("none/x"), write: false, create: false },
        { op: "open", path: "/usr/no", write: true, create: true },
      ];
      for (const one of expected) expect(lines).toContainEqual({ ...one, pid: expect.any(Number) });
      expect(lines.filter(({ op, path }) => op === "exec" && /\/cat$/.test(String(path)))).toHaveLength(1);
      expect(
        lines.filter(({ op, path, write }) => op === "open" && path === at("real/f") && write === false),
      ).toHaveLength(1);
    });

    test("nothing waits for a reader that is full or gone", () => {
      const profile = usual(folder, mode, ["observe explain"]);
      for (const path of ["/dev/full", "/dev/null"]) {
        const fd = openSync(path, "w");
        const ran = run(
          folder,
          user,
          [
            "--profile",
            profile,
            "--observe",
            "3",
            "--",
            "/bin/sh",
            "-c",
            "cat /etc/passwd >/dev/null; exit 5",
          ],
          {
            stdio: ["ignore", "pipe", "pipe", fd],
          },
        );
        closeSync(fd);
        expect(ran.status).toBe(5);
      }
    });

    test("what is not read in time is counted as lost, and the rest comes after it", async () => {
      const fifo = join(folder, `fifo-${mode}-${user}`);
      spawnSync("mkfifo", [fifo]);
      const fd = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
      const script = `cd ${folder}/w; i=0; while [ $i -lt 1500 ]; do true < absent-$i; i=$((i+1)); done 2>/dev/null
        : > full; while [ ! -e go ]; do sleep 0.05; done; true < last`;
      const [program, args] = [
        user === null ? join(folder, "launcher") : "setpriv",
        user === null
          ? []
          : [`--reuid=${user}`, `--regid=${user}`, "--clear-groups", join(folder, "launcher")],
      ];
      const profile = usual(folder, mode, ["observe explain"]);
      const child = spawn(
        program,
        [...args, "--profile", profile, "--observe", "3", "--", "/bin/sh", "-c", script],
        {
          stdio: ["ignore", "ignore", "ignore", fd],
        },
      );
      const ended = new Promise((resolve) => child.once("exit", resolve));
      for (let tries = 0; tries < 2000 && !existsSync(join(folder, "w/full")); tries++)
        await new Promise((resolve) => setTimeout(resolve, 10));
      expect(existsSync(join(folder, "w/full"))).toBe(true);
      const drain = () => {
        const bytes = Buffer.alloc(1 << 20);
        try {
          return bytes.toString("utf8", 0, readSync(fd, bytes));
        } catch {
          return "";
        }
      };
      let text = "";
      for (let part = drain(); part !== ""; part = drain()) text += part;
      writeFileSync(join(folder, "w/go"), "");
      await ended;
      for (let part = drain(); part !== ""; part = drain()) text += part;
      closeSync(fd);
      const lines = parse(text);
      const lost = lines.findIndex(({ op }) => op === "lost");
      expect(lines[lost]?.lines).toBeGreaterThan(100);
      expect(lines.slice(lost).some(({ path }) => path === `${folder}/w/last`)).toBe(true);
      expect(lines.slice(0, lost).some(({ path }) => path === `${folder}/w/absent-0`)).toBe(true);
    });
  });

  test("a Unix address ends where its length says, not where memory does", () => {
    const number = process.arch === "arm64" ? 203 : 42;
    const client = `use Socket; socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die $!;
      my $to = pack("S", AF_UNIX) . "/tmp/nobody" . "-and-what-lies-behind"; syscall(${number}, fileno($s), $to, 2 + length "/tmp/nobody"); print $! + 0`;
    const profile = usual(folder, "full", ["observe explain", "unix"]);
    const { lines } = observe(null, profile, ["/usr/bin/perl", "-e", client]);
    expect(lines.filter(({ op }) => op === "connect")).toEqual([
      { op: "connect", path: "/tmp/nobody", pid: expect.any(Number) },
    ]);
  });
});
