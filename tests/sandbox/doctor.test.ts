/** What a machine can enforce, what to do about the rest, and what is said where there is no launcher. */
import { describe, expect, it } from "vitest";
import { adviceFor } from "../../cli/sandbox/advice.ts";
import { refusedElsewhere } from "../../hosts/node/sandbox/elsewhere.ts";
import {
  DEFAULT_SETTINGS,
  type Machine,
  type SandboxOptions,
  startElsewhere,
  whatIsMissing,
} from "../../hosts/node/sandbox/index.ts";
import { RunPlace, whyNot } from "./place.ts";

const why = whyNot();
const yes = { available: true, why: null };
const no = { available: false, why: "EPERM" };
const machine = (full: boolean, landlock = 7): Machine => ({
  launcher: "0.1.0",
  architecture: "x86_64",
  kernel: "6.8",
  landlock,
  modes: { full: full ? yes : no, restricted: yes, root: no },
  layers: new Map(),
});

describe("advice", () => {
  const told = (of: Machine, settings: Record<string, string> = {}) =>
    adviceFor(of, "/opt/faramesh-sandbox", (name) => settings[name] ?? null).join("\n");

  it("is none where nothing is missing", () => {
    expect(told(machine(true))).toBe("");
  });

  it("names AppArmor's restriction with the profile to add", () => {
    const text = told(machine(false), { "kernel/apparmor_restrict_unprivileged_userns": "1" });
    expect(text).toContain("profile faramesh-sandbox /opt/faramesh-sandbox flags=(unconfined) {\n  userns,");
    expect(text).toContain("mode = restricted");
  });

  it("names the kernel's settings, containers, and Landlock", () => {
    expect(told(machine(false), { "kernel/unprivileged_userns_clone": "0" })).toContain(
      "unprivileged_userns_clone=1",
    );
    expect(told(machine(false), { "user/max_user_namespaces": "0" })).toContain("max_user_namespaces");
    expect(told(machine(false))).toContain("container");
    expect(told(machine(true, 0))).toContain("lsm=");
  });
});

describe.skipIf(why !== null)(`the command${why === null ? "" : `: ${why}`}`, () => {
  it("lists modes and layers", () => {
    const at = new RunPlace();
    const { status, stdout } = at.faramesh(["doctor"]);
    expect(stdout).toMatch(/mode full.*mode restricted.*mode root/s);
    expect(status).toBe(0);
    const { modes, landlock } = JSON.parse(at.faramesh(["doctor", "--json"]).stdout);
    expect(Object.keys(modes)).toEqual(["full", "restricted", "root"]);
    expect(landlock).toBeGreaterThan(0);
  });

  it("says whether a policy can be enforced", () => {
    const at = new RunPlace();
    const policy = at.policy('enforcement { network none write ["."] }');
    const good = at.faramesh(["doctor", "--policy", policy]);
    expect(good.stdout).toContain("the policy of x can be enforced here");
    expect(good.status).toBe(0);
    at.policy('enforcement { mode restricted write ["."] protect ["./x"] }');
    const bad = at.faramesh(["doctor", "--policy", policy]);
    expect(bad.status).toBe(1);
    expect(bad.stdout).toContain("cannot be enforced here: mode `restricted` cannot keep");
  });
});

describe("elsewhere", () => {
  const written = { ...DEFAULT_SETTINGS, written: true };

  it("says what is not in force", () => {
    expect(whatIsMissing("darwin")).toContain("on macOS there is no launcher: only the proxy is in force");
    expect(whatIsMissing("win32")).toContain("seccomp");
  });

  it("refuses what cannot be kept", () => {
    expect(refusedElsewhere(DEFAULT_SETTINGS, "darwin")).toBe(null);
    expect(refusedElsewhere({ ...written, layers: ["proxy"] }, "darwin")).toBe(null);
    for (const settings of [
      written,
      { ...written, layers: ["proxy", "landlock"] as const },
      { ...written, layers: ["proxy"] as const, network: "none" as const },
      { ...written, layers: ["proxy"] as const, mode: "full" as const },
    ])
      expect(refusedElsewhere(settings, "win32")).toMatchObject({ ok: false });
  });

  it("starts with the proxy alone when that is permitted, and the record says so", async () => {
    const at = new RunPlace();
    const actions: { args: { mode: string; layers: string[]; absent: string[] } }[] = [];
    const decide =
      (effect: string) =>
      async ({ action }: { action: unknown }) => {
        actions.push(JSON.parse(action as string));
        return {
          verdict: { effect, code: "rule", reason: null },
          sequence: 1,
          failure: null,
          actionDigest: null,
        };
      };
    const options = (effect: string) =>
      ({
        control: { decide: decide(effect) },
        agent: "x",
        session: "s",
        settings: DEFAULT_SETTINGS,
        command: ["sh", "-c", "case $HTTP_PROXY in http://*:*@127.0.0.1:*) exit 5;; esac"],
        place: { home: at.home, directory: at.work },
        mode: null,
        observe: null,
        added: { read: [], write: [] },
        hidden: [],
        kept: [],
        user: null,
        environment: process.env,
        onEgress: () => {},
        onObservation: () => {},
      }) as unknown as SandboxOptions;
    expect(await startElsewhere(options("deny"), "darwin")).toMatchObject({ ok: false, exit: 125 });
    const running = await startElsewhere(options("permit"), "darwin");
    expect(running.ok && (await running.exited)).toBe(5);
    expect(actions.at(-1)!.args).toMatchObject({ mode: "proxy", layers: ["proxy"] });
    expect(actions.at(-1)!.args.absent).toContain("landlock");
  });
});
