/** Learning: a proposal compiles, and the same command runs under it. Explaining: what was stopped, by what, and what to add. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { compileSources } from "../../examples/compiled.ts";
import { learn, Observations, proposal } from "../../hosts/node/sandbox/index.ts";
import { RunPlace, whyNot } from "./place.ts";

const why = whyNot();
const place = { home: "/home/ada", directory: "/home/ada/app" };
const observed = (...lines: object[]) => {
  const observations = new Observations();
  for (const line of lines) observations.add(JSON.stringify(line));
  return observations;
};
const open = (path: string, write = false) => ({ op: "open", path, write, create: write, pid: 2 });

describe("what is learnt", () => {
  it.each([
    ["nothing", [], { read: [], write: [] }],
    [
      "of the system nothing",
      [
        open("/usr/lib/x"),
        open("/etc/hosts"),
        open("/dev/null", true),
        open("/tmp/x", true),
        open("/proc/self/maps"),
      ],
      { read: [], write: [] },
    ],
    [
      "all in one folder of the start",
      [open("/home/ada/app/dist/a", true), open("/home/ada/app/dist/b/c", true)],
      { write: ["./dist"] },
    ],
    ["a file of the start", [open("/home/ada/app/out", true)], { write: ["."] }],
    [
      "a program's own folders in the home",
      [open("/home/ada/.npm/a/b", true), open("/home/ada/.config/tool/x")],
      { read: ["~/.config/tool"], write: ["~/.npm"] },
    ],
    [
      "folders elsewhere, and not their parents",
      [open("/opt/node/bin/node"), open("/opt/node/lib/a"), open("/srv/data/x/y")],
      { read: ["/opt/node", "/srv/data"] },
    ],
    [
      "what is written is read too",
      [open("/home/ada/app/dist/a", true), open("/home/ada/app/dist/a")],
      { read: [], write: ["./dist"] },
    ],
    [
      "secrets are told, not proposed",
      [open("/home/ada/.ssh/id_ed25519"), open("/home/ada/.config/gh/hosts.yml")],
      { read: [], secrets: ["~/.config/gh", "~/.ssh"] },
    ],
    [
      "what others run",
      [{ op: "make", path: "/home/ada/app/.git/hooks/x" }],
      { write: ["."], unprotected: [".git/hooks"] },
    ],
    [
      "sockets",
      [
        { op: "connect", path: "/run/db.sock" },
        { op: "connect", address: "10.0.0.1", port: 80 },
      ],
      { sockets: ["/run/db.sock"] },
    ],
    [
      "both ends of a rename",
      [{ op: "rename", from: "/home/ada/app/a/x", to: "/home/ada/app/b/x" }],
      { write: ["./a", "./b"] },
    ],
  ])("%s", (_, lines, expected) => {
    const learned = learn(observed(...lines).all(), [], place, () => true);
    expect(learned).toMatchObject(expected);
    const text = proposal("x", learned);
    const { diagnostics } = compileSources([{ name: "policy.fpl", text }]);
    expect(
      diagnostics.filter(({ severity }) => severity !== "note"),
      text,
    ).toEqual([]);
  });

  it("hosts, and the tools by which they were asked for", () => {
    const contacts = [
      { tool: "net/connect", host: "api.example.com", port: 443 },
      { tool: "net/request", host: "2001:db8::1", port: 80 },
    ];
    const learned = learn([], contacts, place, () => true);
    expect(learned.hosts).toEqual(["[2001:db8::1]:80", "api.example.com:443"]);
    const text = proposal('a "b"', learned);
    expect(compileSources([{ name: "policy.fpl", text }]).diagnostics, text).toEqual([]);
  });

  it("lines that are none of the launcher's are passed over, lost ones are counted", () => {
    const observations = observed({ op: "lost", lines: 3 }, { op: "open", path: "relative" }, { op: 7 });
    observations.add("{");
    observations.add("null");
    expect(observations.lost).toBe(3);
    expect(observations.all()).toEqual([]);
  });
});

describe.skipIf(why !== null)(`with the launcher${why === null ? "" : `: ${why}`}`, () => {
  it("what `--learn` proposes lets the same command through, which was stopped before", () => {
    const at = new RunPlace();
    at.policy("enforcement { network none }\nrules { permit sandbox/start }");
    at.write("home/.tool/config", "c\n");
    const command = [
      "sh",
      "-c",
      'cat "$0" && mkdir -p build && echo done > build/out',
      join(at.home, ".tool/config"),
    ];
    expect(at.run([], command).status).not.toBe(0);
    const learnt = at.run(["--learn"], command);
    expect(learnt.status, learnt.stderr).toBe(0);
    expect(at.actions().at(-1)!.args.observe).toBe("learn");
    const text = learnt.stderr.slice(learnt.stderr.indexOf("agent "), learnt.stderr.lastIndexOf("\n}") + 3);
    at.write("policy.fpl", text);
    const checked = at.faramesh(["check", join(at.path, "policy.fpl"), "--strict"]);
    expect(checked.status, `${checked.stdout}${text}`).toBe(0);
    const again = at.run([], command);
    expect(again, text).toMatchObject({ status: 0, stdout: "c\n" });
  });

  it("`--explain` tells what was stopped once, by which block, and what to add", () => {
    const at = new RunPlace();
    at.policy('enforcement {\n network none\n write ["."]\n}\nrules { permit sandbox/start }');
    at.write("home/.tool/config", "c\n");
    mkdirSync(join(at.path, "beside"));
    const config = join(at.home, ".tool/config");
    const ran = at.run(
      ["--explain"],
      [
        "sh",
        "-c",
        `cat ${config}; cat ${config}; echo x > ${at.path}/beside/a; echo x > .envrc; echo x > fine`,
      ],
    );
    const { stderr } = ran;
    expect(stderr.match(/read ~\/\.tool\/config: the home is private/g)).toHaveLength(1);
    expect(stderr).toContain('enforcement of agent "x", policy.fpl:2');
    expect(stderr).toContain(`to allow it: read = ["${config}"]`);
    expect(stderr).toMatch(/write to \S+beside\/a: outside the writable roots/);
    expect(stderr).toContain('to allow it: unprotected = [".envrc"]');
    expect(stderr).not.toContain("fine");
  });

  it("`--why` runs nothing and opens nothing", () => {
    const at = new RunPlace();
    at.policy('enforcement { network none write ["./out"] }\nrules { permit sandbox/start }');
    mkdirSync(join(at.work, "out"));
    const policy = join(at.path, "policy.fpl");
    const ask = (path: string) => at.faramesh(["run", "--policy", policy, "--why", path]);
    expect(ask("./out/a")).toMatchObject({ status: 0 });
    expect(ask("~/.ssh/config")).toMatchObject({ status: 1 });
    expect(ask("~/.ssh/config").stdout).toContain("✗ read");
    const { allowed } = JSON.parse(
      at.faramesh(["run", "--policy", policy, "--json", "--why", "./a"]).stdout,
    ).write;
    expect(allowed).toBe(false);
    expect(at.faramesh(["audit", "verify", at.plane]).status).toBe(2);
  });
});
