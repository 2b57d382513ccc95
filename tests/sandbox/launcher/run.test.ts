import { spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ABSENT, asUser, makeFolder, RUNS, run, shell, usual, writeProfile } from "./launcher.ts";

const ALWAYS = [
  "no_new_privs",
  "capabilities",
  "descriptors",
  "environment",
  "rlimits",
  "seccomp",
  "landlock",
];
const NAMESPACES = ["mount", "pid", "ipc", "uts", "cgroup-namespace"];

/** Processes whose command line has this word. */
function withWord(word: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(word);
      } catch {
        return false;
      }
    })
    .map(Number);
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return text === "" ? [] : text.split(" ").map(Number);
}

async function until(holds: () => boolean): Promise<boolean> {
  for (let attempt = 0; attempt < 500; attempt++) {
    if (holds()) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return false;
}

describe.skipIf(ABSENT !== "")(`the launcher${ABSENT && ` (skipped: ${ABSENT})`}`, () => {
  let folder = "";
  beforeAll(() => {
    folder = makeFolder();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  describe.each(RUNS)("in mode $name", ({ mode, user }) => {
    test("gives back the command's exit code", () => {
      const profile = usual(folder, mode);
      expect(shell(folder, user, profile, "exit 7").status).toBe(7);
      expect(shell(folder, user, profile, "kill -TERM $$").status).toBe(143);
      expect(shell(folder, user, profile, "kill -9 $$").status).toBe(137);
      const none = run(folder, user, ["--profile", profile, "--", "no-such-program"]);
      expect([none.status, none.stderr]).toEqual([
        127,
        expect.stringMatching(/^faramesh-sandbox: exec: no-such-program: /),
      ]);
      const data = run(folder, user, ["--profile", profile, "--", "/etc/passwd"]);
      expect([data.status, data.stderr]).toEqual([
        126,
        expect.stringMatching(/^faramesh-sandbox: exec: \/etc\/passwd: /),
      ]);
    });

    test("reports what is in force, before the command, and its end", () => {
      const args = [
        "--profile",
        usual(folder, mode),
        "--report",
        "1",
        "--",
        "/bin/sh",
        "-c",
        "echo said; exit 3",
      ];
      const [started, said, ended] = run(folder, user, args).stdout.trim().split("\n");
      const report = JSON.parse(started!);
      expect(report).toMatchObject({ report: "started", launcher: "0.1.0", mode, absent: [] });
      expect(report.layers).toEqual([
        ...ALWAYS,
        ...(mode === "full" ? ["user"] : []),
        ...(mode === "restricted" ? [] : NAMESPACES),
        "network",
        "tree",
      ]);
      expect(said).toBe("said");
      expect(JSON.parse(ended!)).toEqual({ report: "ended", status: 3, signal: null });
    });

    test("shows the roots and nothing else", () => {
      const secret = join(folder, "secret");
      writeFileSync(secret, "s3cret", { mode: 0o666 });
      const profile = usual(folder, mode);
      const script = [
        `cat ${secret}`,
        "cat /etc/shadow",
        "ls /root /home /var",
        `echo in > ${folder}/w/made && cat ${folder}/w/made`,
        `echo out > ${folder}/other`,
        "echo x > /usr/x",
        "head -c 4 /dev/zero | wc -c",
        "echo gone > /dev/null && echo null",
        "grep -c MemTotal /proc/meminfo",
      ].join("; ");
      const result = shell(folder, user, profile, script);
      expect(result.stdout).toBe("in\n4\nnull\n1\n");
      expect(existsSync(join(folder, "other"))).toBe(false);
      rmSync(join(folder, "w/made"));
    });

    test("passes no secret and nothing that injects code", () => {
      const profile = usual(folder, mode, ["env MY_TOKEN", "set GREETING=good day", "set TZ=Asia/Tokyo"]);
      const env = {
        PATH: process.env.PATH,
        LANG: "C.UTF-8",
        LC_ALL: "C",
        LD_PRELOAD: "/nowhere.so",
        NODE_OPTIONS: "--no-warnings",
        PYTHONSTARTUP: "/x",
        AWS_SECRET_ACCESS_KEY: "k",
        MY_TOKEN: "t",
        OTHER_TOKEN: "t",
        TZ: "UTC",
      };
      const result = run(folder, user, ["--profile", profile, "--", "/usr/bin/env"], { env });
      const names = result.stdout.trim().split("\n").sort();
      expect(names).toEqual(
        [
          "GREETING=good day",
          "HOME=/tmp",
          "LANG=C.UTF-8",
          "LC_ALL=C",
          "MY_TOKEN=t",
          `PATH=${process.env.PATH}`,
          "TMPDIR=/tmp",
          "TZ=Asia/Tokyo",
        ].sort(),
      );
    });

    test("lets no descriptor through", () => {
      const fd = openSync("/etc/hostname", "r");
      const args = [
        "--profile",
        usual(folder, mode),
        "--",
        "/bin/sh",
        "-c",
        "ls /proc/self/fd | tr '\\n' ' '",
      ];
      const result = run(folder, user, args, { stdio: ["ignore", "pipe", "pipe", fd, fd, fd] });
      closeSync(fd);
      expect(result.stdout.trim()).toBe("0 1 2 3"); // 3: what ls itself opened
    });

    test("starts only when told to", () => {
      const profile = usual(folder, mode);
      for (const [byte, status] of [
        ["g", 0],
        ["x", 125],
        ["", 125],
      ] as const) {
        const file = join(folder, "go");
        writeFileSync(file, byte);
        const fd = openSync(file, "r");
        const made = join(folder, "w/started");
        const args = ["--profile", profile, "--go", "3", "--", "/bin/sh", "-c", `echo > ${made}`];
        const result = run(folder, user, args, { stdio: ["ignore", "pipe", "pipe", fd] });
        closeSync(fd);
        expect(result.status).toBe(status);
        expect(existsSync(made)).toBe(status === 0);
        rmSync(made, { force: true });
      }
    });

    test("passes on signals", async () => {
      const [program, args] = asUser(folder, user, [
        "--profile",
        usual(folder, mode),
        "--",
        "/bin/sh",
        "-c",
        "trap 'echo got; exit 9' TERM; echo ready; while :; do sleep 0.05; done",
      ]);
      const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
      let output = "";
      child.stdout.on("data", (data) => {
        output += data;
        if (output === "ready\n") child.kill("SIGTERM");
      });
      const code = await new Promise((resolve) => child.on("close", resolve));
      expect([code, output]).toEqual([9, "ready\ngot\n"]);
    });

    test.each(["the launcher", "the process inside", "the command"])(
      "leaves nothing when %s is killed",
      async (victim) => {
        const word = `97.${process.pid}${Math.floor(Math.random() * 1e6)}1`;
        const script = `(setsid sh -c "sleep ${word} & sleep ${word} &" &) ; setsid sleep ${word} & exec sleep ${word}`;
        const [program, args] = asUser(folder, user, [
          "--profile",
          usual(folder, mode),
          "--",
          "/bin/sh",
          "-c",
          script,
        ]);
        const child = spawn(program, args, { stdio: "ignore" });
        const exited = new Promise((resolve) => child.on("exit", resolve));
        expect(await until(() => withWord(`sleep\0${word}`).length === 4)).toBe(true);
        const inside = childrenOf(child.pid!)[0]!;
        const command = childrenOf(inside)[0]!;
        process.kill(
          victim === "the launcher" ? child.pid! : victim === "the command" ? command : inside,
          "SIGKILL",
        );
        await exited;
        expect(await until(() => withWord(word).length === 0)).toBe(true);
      },
    );

    test("ends with its parent when it was told to start by it", async () => {
      const word = `98.${process.pid}${Math.floor(Math.random() * 1e6)}1`;
      const go = join(folder, "go");
      writeFileSync(go, "g");
      const [program, args] = asUser(folder, user, [
        "--profile",
        usual(folder, mode),
        "--go",
        "3",
        "--",
        "/bin/sleep",
        word,
      ]);
      const line = [program, ...args].map((part) => `'${part}'`).join(" ");
      const parent = spawn("/bin/sh", ["-c", `${line} 3< ${go}; true`], { stdio: "ignore" });
      expect(
        await until(() =>
          withWord(`/bin/sleep\0${word}`).some(
            (pid) => readFileSync(`/proc/${pid}/comm`, "utf8") === "sleep\n",
          ),
        ),
      ).toBe(true);
      parent.kill("SIGKILL");
      expect(await until(() => withWord(word).length === 0)).toBe(true);
    });

    test("limits what a process may use", () => {
      const profile = usual(folder, mode, ["cpu-time 1"]);
      expect(shell(folder, user, profile, "ulimit -c; ulimit -t").stdout).toBe("0\n1\n");
      expect([137, 152]).toContain(shell(folder, user, profile, "while :; do :; done").status);
    });

    test("a layer that is required and cannot be had is a refusal", () => {
      const result = shell(folder, user, usual(folder, mode, ["require capture"]), "true");
      expect(result.stderr).toMatch(/^faramesh-sandbox: layers: required and not in force: capture/);
      expect(result.status).toBe(125);
    });

    test("a directory as a standard descriptor is refused", () => {
      const fd = openSync("/", "r");
      const result = run(folder, user, ["--profile", usual(folder, mode), "--", "/bin/true"], {
        stdio: [fd, "pipe", "pipe"],
      });
      closeSync(fd);
      expect([result.status, result.stderr]).toEqual([125, expect.stringContaining("is a directory")]);
    });
  });

  describe.each(RUNS.filter(({ mode }) => mode !== "restricted"))(
    "the view of mode $name",
    ({ mode, user }) => {
      test("what is denied or protected stays so, there or not, and can be moved away by nobody", () => {
        const place = join(folder, `w/view-${mode}-${user}`);
        const all = { recursive: true, mode: 0o777 } as const;
        const mask = process.umask(0);
        mkdirSync(join(place, "git/hooks"), all);
        mkdirSync(join(place, "keys"), all);
        writeFileSync(join(place, "keys/one"), "s3cret", { mode: 0o666 });
        writeFileSync(join(place, "git/hooks/old"), "old", { mode: 0o666 });
        process.umask(mask);
        const profile = usual(folder, mode, [
          `protect ${place}/git/hooks`,
          `deny ${place}/keys`,
          `protect ${place}/settings`,
          `deny ${place}/a/b/c`,
        ]);
        const script = [
          `cd ${place}`,
          "cat git/hooks/old",
          "echo new > git/hooks/old; echo new > git/hooks/new; rm git/hooks/old; mv git moved; mv git/hooks git/other",
          "cat keys/one; ls keys; chmod 700 keys; mv keys other; rmdir keys",
          "echo x > settings; rm settings; mv settings other; mkdir settings; ln -f git/config settings",
          "mkdir a/b/c; echo x > a/b/c; mv a/b a/x; mv a x; rm -r a",
          "echo ok > git/config; cat git/config",
        ].join("; ");
        const result = shell(folder, user, profile, script);
        expect(result.stdout).toBe("oldok\n");
        expect(readdirSync(place).sort()).toEqual(["git", "keys"]);
        expect(readdirSync(join(place, "git")).sort()).toEqual(["config", "hooks"]);
        expect(readdirSync(join(place, "git/hooks"))).toEqual(["old"]);
        expect(readFileSync(join(place, "git/hooks/old"), "utf8")).toBe("old");
      });

      test("a home is private, empty and writable", () => {
        const profile = usual(folder, mode, ["home /home/agent"]);
        const result = shell(folder, user, profile, "pwd; echo $HOME; ls -A; echo x > x && cat x");
        expect(result.stdout).toBe("/home/agent\n/home/agent\nx\n");
        expect(existsSync("/home/agent/x")).toBe(false);
      });

      test("the whole machine can be shown without what is private", () => {
        const lines = [
          `mode ${mode}`,
          "network none",
          "read /",
          ...(mode === "root" ? ["user 65534 65534"] : []),
        ];
        const result = shell(
          folder,
          user,
          writeProfile(folder, lines),
          "ls /tmp /run /sys | grep -v :; ls -d /var /usr; cat /etc/shadow",
        );
        expect(
          result.stdout
            .trim()
            .split("\n")
            .filter((line) => line !== ""),
        ).toEqual(["/usr", "/var"]);
      });

      test("sizes of private directories are limited", () => {
        const profile = usual(folder, mode, ["tmp 1000000"]);
        expect(
          shell(folder, user, profile, "head -c 5000000 /dev/zero > /tmp/x; wc -c < /tmp/x").stdout.trim(),
        ).toMatch(/^(9|10)\d+$/);
      });
    },
  );
});
