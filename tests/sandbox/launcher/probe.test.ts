/** What the probe says is what starts: every mode and layer that it names is asked for, with and without success. */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ABSENT, asUser, IS_ROOT, type Mode, makeFolder, NOBODY, run, shell, usual } from "./launcher.ts";

interface Ability {
  available: boolean;
  why?: string;
}
interface Probe {
  report: string;
  kernel: string;
  architecture: string;
  landlock: number;
  modes: Record<Mode, Ability>;
  layers: (Ability & { layer: string })[];
}

const USERS = IS_ROOT ? [null, NOBODY] : [null];
const MODES: Mode[] = ["full", "restricted", "root"];
/** Layers that any profile can ask for, with what makes them possible. */
const ASKED: [string, Mode[], string[]][] = [
  ["seccomp", MODES, []],
  ["landlock", MODES, []],
  ["tree", MODES, []],
  ["user", ["full"], []],
  ["mount", ["full", "root"], []],
  ["pid", ["full", "root"], []],
  ["ipc", ["full", "root"], []],
  ["uts", ["full", "root"], []],
  ["cgroup-namespace", ["full", "root"], []],
  ["network", ["full", "root"], []],
  ["cgroup", MODES, ["memory 67108864", "processes 64"]],
];

describe.skipIf(ABSENT !== "")(`the probe${ABSENT && ` (skipped: ${ABSENT})`}`, () => {
  let folder = "";
  beforeAll(() => {
    folder = makeFolder();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const probe = (user: number | null): Probe => {
    const ran = run(folder, user, ["--probe"]);
    expect([ran.status, ran.stderr, ran.stdout.split("\n").length]).toEqual([0, "", 2]);
    return JSON.parse(ran.stdout);
  };

  describe.each(USERS)("as user %s", (user) => {
    test("names the machine", () => {
      const found = probe(user);
      expect([found.report, found.kernel]).toEqual([
        "probe",
        spawnSync("uname", ["-r"], { encoding: "utf8" }).stdout.trim(),
      ]);
      expect(found.architecture).toBe(process.arch === "x64" ? "x86_64" : "arm64");
      expect(found.modes.root.available).toBe(IS_ROOT && user === null);
    });

    test("a mode starts exactly where it is said to, and what is not there has a reason", () => {
      const { modes, layers } = probe(user);
      for (const mode of MODES) {
        expect([mode, shell(folder, user, usual(folder, mode), "exit 4").status === 4]).toEqual([
          mode,
          modes[mode].available,
        ]);
        if (!modes[mode].available) expect(modes[mode].why).toMatch(/\w+/);
      }
      for (const { layer, available, why } of layers)
        expect([layer, available || (why ?? "") !== ""]).toEqual([layer, true]);
    });

    test("a layer can be required exactly where it is said to be there", () => {
      const { modes, layers } = probe(user);
      for (const [layer, of, more] of ASKED) {
        const said = layers.find((one) => one.layer === layer)!.available;
        for (const mode of of.filter((one) => modes[one].available)) {
          const ran = shell(folder, user, usual(folder, mode, [...more, `require ${layer}`]), "exit 4");
          expect([layer, mode, ran.status]).toEqual([layer, mode, said ? 4 : 125]);
        }
      }
    });

    test("without user namespaces: no mode `full`, with the reason, and the rest stays", () => {
      const limit = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$0" --probe';
      const [program, args] = asUser(folder, user, []);
      const before = args.slice(0, -1);
      const launcher = join(folder, "launcher");
      const shut = ["unshare", "-Ur", "/bin/sh", "-c", limit, launcher];
      const ran =
        program === launcher
          ? spawnSync(shut[0]!, shut.slice(1), { encoding: "utf8" })
          : spawnSync(program, [...before, ...shut], { encoding: "utf8" });
      const { modes } = JSON.parse(ran.stdout) as Probe;
      expect(modes.full).toEqual({ available: false, why: expect.stringMatching(/ENOSPC|EUSERS/) });
      expect(modes.restricted).toEqual({ available: true });
    });
  });

  test("nothing of it lasts", () => {
    const cgroups = () =>
      spawnSync("find", ["/sys/fs/cgroup", "-name", "faramesh-*"], { encoding: "utf8" }).stdout;
    const ran = spawnSync(join(folder, "launcher"), ["--probe"], { encoding: "utf8" });
    const left = cgroups()
      .split("\n")
      .filter((path) => path.endsWith(`-${ran.pid}`));
    expect([ran.status, left]).toEqual([0, []]);
  });
});
