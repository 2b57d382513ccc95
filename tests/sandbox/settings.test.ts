/** The manifest's `enforcement` as typed settings, and the mode that they choose. */
import { describe, expect, it } from "vitest";
import {
  chooseMode,
  DEFAULT_SETTINGS,
  type Machine,
  type Mode,
  readProbe,
  settingsIn,
} from "../../hosts/node/sandbox/index.ts";
import { manifestWith } from "./profiles.ts";

const of = (inside: string) => settingsIn(manifestWith(inside), "x");

const manifest = (settings: object) =>
  JSON.stringify({ deployment: [{ agent: "x", kind: "enforcement", name: null, settings }] });

describe("settings", () => {
  it("are the defaults where there is no block, or it is another agent's", () => {
    expect(of("rules { permit a/b }")).toEqual(DEFAULT_SETTINGS);
    expect(settingsIn(manifestWith("enforcement { network none }"), "y")).toEqual(DEFAULT_SETTINGS);
  });

  it("are read as written, with place and hosts", () => {
    const inside = `
      enforcement { mode root layers [landlock, ebpf] network proxy read "/opt" write ["."] max_memory 512mb max_processes 64
        max_cpu_time 1500ms local_sockets true environment ["CI"] private_addresses ["10.0.0.0/8"] }
      egress { allow ["api.example.com:443"] }`;
    expect(of(inside.replace("1500ms", "90s"))).toEqual({
      ...DEFAULT_SETTINGS,
      written: true,
      at: "policy.fpl:3",
      egress: ["api.example.com:443"],
      mode: "root",
      layers: ["landlock", "ebpf"],
      read: ["/opt"],
      memoryBytes: 512 * 1024 * 1024,
      processes: 64,
      cpuSeconds: 90,
      localSockets: true,
      environment: ["CI"],
      privateAddresses: ["10.0.0.0/8"],
    });
  });

  it("open nothing where a block names nothing", () => {
    expect(of("enforcement { network none }")).toMatchObject({ read: [], write: [], network: "none" });
  });

  it.each([
    [{ mode: "soft" }, "mode"],
    [{ layers: ["landlok"] }, "layers"],
    [{ network: "open" }, "network"],
    [{ read: 5 }, "read"],
    [{ max_memory: 0 }, "max_memory"],
    [{ max_processes: 1.5 }, "max_processes"],
    [{ unprotected: [".git"] }, "unprotected"],
  ])("refuse what this release cannot keep: %j", (settings, name) => {
    expect(() => settingsIn(manifest(settings), "x")).toThrow(new RegExp(`^enforcement: \`${name}\``));
  });
});

const yes = { available: true, why: null };
const no = { available: false, why: "not here" };
/** What every launcher says it has, and what a test says otherwise. */
const USUAL = [
  ...["no_new_privs", "capabilities", "descriptors", "environment", "rlimits", "seccomp", "landlock", "user"],
  ...[
    "mount",
    "pid",
    "ipc",
    "uts",
    "cgroup-namespace",
    "network",
    "bridge",
    "capture",
    "cgroup",
    "bpf",
    "tree",
  ],
];
const machine = (
  modes: Partial<Machine["modes"]>,
  layers: [string, typeof yes | typeof no][] = [],
): Machine => ({
  launcher: "0.1.0",
  architecture: "x86_64",
  kernel: "6.18",
  landlock: 7,
  modes: { full: no, restricted: no, root: no, ...modes },
  layers: new Map([...USUAL.map((name): [string, typeof yes] => [name, yes]), ...layers]),
});

describe("the mode", () => {
  const choose = (inside: string, on: Machine, asked: Mode | null = null, hasUser = true) =>
    chooseMode({ settings: of(inside), machine: on, asked, hasUser });
  const NONE = "enforcement { network none }";

  it("is the first that is there: full, root, restricted", () => {
    expect(choose(NONE, machine({ full: yes, root: yes, restricted: yes }))).toEqual({
      ok: true,
      mode: "full",
    });
    expect(choose(NONE, machine({ root: yes, restricted: yes }))).toEqual({ ok: true, mode: "root" });
    expect(choose(NONE, machine({ root: yes, restricted: yes }), null, false)).toEqual({
      ok: true,
      mode: "restricted",
    });
  });

  it("is refused with all that is missing", () => {
    const refused = choose(
      "enforcement { layers [cgroup] }",
      machine({ full: yes }, [
        ["cgroup", no],
        ["landlock", no],
      ]),
    );
    expect(refused).toMatchObject({ ok: false });
    expect((refused as { message: string }).message).toContain("layer cgroup: not here");
    expect((refused as { message: string }).message).toContain("mode restricted: not here");
    expect((refused as { help: string }).help).toContain("faramesh doctor");
  });

  it("is none where the launcher does not speak of a layer", () => {
    const silent = { ...machine({ full: yes }), layers: new Map() };
    expect((choose(NONE, silent) as { message: string }).message).toContain(
      "layer mount: the launcher does not say",
    );
  });

  it("is never another than the policy's, nor a lesser one for a layer that it asks for", () => {
    const all = machine({ full: yes, root: yes, restricted: yes });
    expect(choose("enforcement { mode full }", all, "restricted")).toMatchObject({ ok: false });
    expect(choose("enforcement { mode full }", machine({ restricted: yes }))).toMatchObject({ ok: false });
    expect(choose("enforcement { layers [namespaces] }", machine({ restricted: yes }))).toMatchObject({
      ok: false,
    });
    expect(choose("enforcement { layers [ebpf] }", all)).toEqual({ ok: true, mode: "root" });
  });
});

describe("the probe's report", () => {
  it("is read, and what it does not say is not there", () => {
    const read = readProbe(
      '{"report":"probe","landlock":7,"modes":{"full":{"available":false,"why":"EPERM"},"root":{"available":true}},"layers":[{"layer":"bpf","available":true}]}',
    );
    expect(read?.modes).toEqual({
      full: { available: false, why: "EPERM" },
      restricted: { available: false, why: "the launcher does not say" },
      root: yes,
    });
    expect(read?.layers.get("bpf")).toEqual(yes);
    expect(readProbe("{}")).toBe(null);
    expect(readProbe("no")).toBe(null);
  });
});
