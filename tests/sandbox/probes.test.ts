/** Every attempt gets through without a sandbox, and none through the launcher but for what exceptions.ts names. */
import { beforeAll, describe, expect, it } from "vitest";
import { EXCEPTIONS, exceptionOf } from "./exceptions.ts";
import { type Column, listProbes, runColumn } from "./matrix.ts";
import { CONTROL, launcher, type Sandbox, type User } from "./sandboxes.ts";

const PATIENCE_MS = 180_000;
const probes = listProbes();
const failures = (column: Column) =>
  [...column.results].filter(([, result]) => result.outcome === "through").map(([name]) => name);

describe.skipIf(process.platform !== "linux" || process.getuid?.() !== 0)("probes", () => {
  const controls = new Map<User, Column>();

  beforeAll(async () => {
    for (const user of CONTROL.users) controls.set(user, await runColumn(CONTROL, user));
  }, PATIENCE_MS);

  it("each control gets through as root or as an ordinary user, or says why it cannot be tried here", () => {
    const silent = probes.filter(({ name }) => {
      const results = [...controls.values()].map((column) => column.results.get(name));
      if (results.some((result) => result === undefined)) return true;
      if (results.some((result) => result!.outcome === "through")) return false;
      return !results.some((result) => result!.outcome === "untried" && result!.why !== "");
    });
    expect(silent.map(({ name }) => name)).toEqual([]);
    expect(failures(controls.get("root")!).length).toBeGreaterThan(probes.length * 0.85);
  });

  const modes: Sandbox[] = [launcher("full"), launcher("restricted"), launcher("root")];
  for (const sandbox of modes) {
    for (const user of sandbox.users) {
      it(
        `${sandbox.name} as ${user} stops all but the exceptions`,
        async () => {
          const column = await runColumn(sandbox, user);
          expect(
            probes.filter(({ name }) => !column.results.has(name)),
            column.said,
          ).toEqual([]);
          const open = failures(column).filter((name) => exceptionOf(name, sandbox.name, user) === undefined);
          expect(open.map((name) => `${name}: ${column.results.get(name)!.why}`)).toEqual([]);
          /* What could be tried outside is tried inside: only what depends on the command's user may not be. */
          const untried = probes.filter(
            ({ name }) =>
              column.results.get(name)!.outcome === "untried" &&
              controls.get(user)!.results.get(name)!.outcome === "through",
          );
          expect(untried).toEqual([]);
        },
        PATIENCE_MS,
      );
    }
  }

  it("names only probes that there are as exceptions", () => {
    const names = new Set(probes.map(({ name }) => name));
    expect(EXCEPTIONS.filter(({ probe }) => !names.has(probe))).toEqual([]);
  });
});
