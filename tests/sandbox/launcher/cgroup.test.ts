/** Limits of the tree all together. Small ones: what is tried here stays below a hundred megabytes and processes. */
import { spawn, spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ABSENT, IS_ROOT, makeFolder, NOBODY, RUNS, run, shell, usual } from "./launcher.ts";

const MIB = 1024 * 1024;
/** Each of `count` processes holds `mebibytes` until all have them; the number of those that came so far is said. */
const holders = (count: number, mebibytes: number) =>
  `for i in $(seq ${count}); do perl -e '$x = "a" x (${mebibytes} << 20); $x .= "b"; print "held\\n"; sleep 1' & done; wait`;

function reportOf(folder: string, user: number | null, profile: string): Record<string, unknown> {
  const path = join(folder, `report-${user}-${Math.random()}`);
  const fd = openSync(path, "w");
  const ran = run(folder, user, ["--profile", profile, "--report", "3", "--", "/bin/true"], {
    stdio: ["ignore", "pipe", "pipe", fd],
  });
  closeSync(fd);
  const text = readFileSync(path, "utf8");
  return { ...JSON.parse(text.split("\n")[0]!), stderr: ran.stderr };
}

function directoriesOf(name: string): string[] {
  const found = spawnSync("find", ["/sys/fs/cgroup", "-name", name], { encoding: "utf8" });
  return found.stdout.split("\n").filter((line) => line !== "");
}

const AS_ROOT = RUNS.filter(({ user }) => IS_ROOT && user === null);

describe.skipIf(ABSENT !== "")(`the tree's cgroup${ABSENT && ` (skipped: ${ABSENT})`}`, () => {
  let folder = "";
  beforeAll(() => {
    folder = makeFolder();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  describe.each(AS_ROOT)("in mode $name", ({ mode }) => {
    const limited = () => usual(folder, mode, [`memory ${64 * MIB}`, "processes 32", "require cgroup"]);

    test("memory is that of all processes together", () => {
      const within = shell(folder, null, limited(), holders(2, 10));
      expect(within.stdout.match(/held/g)?.length).toBe(2);
      const beyond = shell(folder, null, limited(), holders(5, 20));
      expect(beyond.stdout.match(/held/g)?.length ?? 0).toBeLessThan(5);
      const control = shell(folder, null, usual(folder, mode), holders(5, 20));
      expect(control.stdout.match(/held/g)?.length).toBe(5);
    });

    test("one that takes all of it is ended, and the launcher is not", () => {
      const ran = shell(
        folder,
        null,
        limited(),
        `perl -e '$x = "a" x (200 << 20); $x .= "b"'; echo status $?`,
      );
      expect(ran.stdout).toMatch(/^status (137|1|12)$/m);
      expect(ran.status).toBe(0);
    });

    test("a fork bomb stays within the number, and ends with the command", () => {
      const word = `${3600 + Math.floor(Math.random() * 100_000)}.5`;
      const started = "perl -e '$n = 0; while ($n < 100) { $p = fork; last unless defined $p; ";
      const script = `${started} if (!$p) { exec "sleep", "${word}" } $n++ } print "$n\\n"'`;
      const bounded = shell(folder, null, limited(), script);
      expect(Number(bounded.stdout)).toBeGreaterThan(10);
      expect(Number(bounded.stdout)).toBeLessThan(32);
      expect(spawnSync("pgrep", ["-f", `sleep ${word}`], { encoding: "utf8" }).stdout).toBe("");
      expect(shell(folder, null, usual(folder, mode), script).stdout).toBe("100\n");
      expect(spawnSync("pgrep", ["-f", `sleep ${word}`], { encoding: "utf8" }).stdout).toBe("");
    });
  });

  test.skipIf(!IS_ROOT)(
    "what a killed launcher left is removed by the next one, a living one's is not",
    async () => {
      const profile = usual(folder, "restricted", ["processes 32", "require cgroup"]);
      const start = () =>
        spawn(join(folder, "launcher"), ["--profile", profile, "--", "/bin/sleep", "60"], {
          stdio: "ignore",
        });
      const [killed, living] = [start(), start()];
      const named = ({ pid }: { pid?: number | undefined }) => `faramesh-*-${pid}`;
      for (let tries = 0; tries < 500; tries++) {
        if ([killed, living].every((one) => directoriesOf(named(one)).length > 0)) break;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      const left = directoriesOf(named(killed));
      expect(left.length).toBeGreaterThan(0);
      const ended = new Promise((resolve) => killed.once("exit", resolve));
      killed.kill("SIGKILL");
      await ended;
      expect(shell(folder, null, profile, "exit 3").status).toBe(3);
      expect(left.filter((path) => existsSync(path))).toEqual([]);
      expect(directoriesOf(named(living)).length).toBeGreaterThan(0);
      const done = new Promise((resolve) => living.once("exit", resolve));
      living.kill("SIGTERM");
      await done;
      expect(directoriesOf(named(living))).toEqual([]);
    },
  );

  test.skipIf(!IS_ROOT)(
    "where none may be made: absent with the reason, and a refusal when it is required",
    () => {
      const report = reportOf(folder, NOBODY, usual(folder, "full", [`memory ${64 * MIB}`]));
      expect(report.absent).toContainEqual({
        layer: "cgroup",
        why: expect.stringContaining("cgroup can be made"),
      });
      const refused = reportOf(
        folder,
        NOBODY,
        usual(folder, "full", [`memory ${64 * MIB}`, "require cgroup"]),
      );
      expect(refused).toMatchObject({
        report: "ended",
        status: 125,
        stderr: expect.stringContaining("cgroup"),
      });
    },
  );
});
