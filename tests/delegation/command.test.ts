/** `faramesh delegate` as a program. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Folder } from "../cli/command.ts";

const POLICY = `agent "lead" {
  delegate "clerk" {
    scope = ["orders/*"]
    ttl = 1h
  }
  delegate "idle" {}
  rules { permit orders/* }
}
agent "clerk" { rules { permit orders/* } }
agent "idle" {}
`;

const folder = new Folder();
afterAll(() => folder.remove());
beforeAll(() => {
  folder.write("policy.fpl", POLICY);
  for (const name of ["root", "clerk"]) expect(folder.run(["keygen", name]).status).toBe(0);
});

const GRANT = ["delegate", "grant", "--policy", "policy.fpl", "--from", "lead", "--to", "clerk"];
const FULL = [...GRANT, "--scope", "orders/read", "--ttl", "15m", "--key", "root.key"];

describe("grant", () => {
  it("writes a chain that verifies, and is no wider than it says", () => {
    expect(folder.run([...FULL, "-o", "clerk.chain"]).status).toBe(0);
    const { status, stdout } = folder.run([
      "delegate",
      "verify",
      "clerk.chain",
      "--root-key",
      "root.pub",
      "--agent",
      "clerk",
      "--json",
    ]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      chain: ["lead", "clerk"],
      grants: [{ depth: 0, holder: null, parent: null }],
    });
  });

  it("leaves a file that stands there alone", () => {
    folder.write("taken", "mine");
    expect(folder.run([...FULL, "-o", "taken"]).status).toBe(2);
    expect(folder.text("taken")).toBe("mine");
  });

  const without = (name: string) =>
    FULL.filter((_, index) => FULL[index] !== name && FULL[index - 1] !== name);
  const rows: [string, string[], number, string][] = [
    ["no policy", without("--policy"), 2, "`--policy SRC` is missing"],
    ["no scope", without("--scope"), 2, "is missing"],
    ["no time", without("--ttl"), 2, "is missing"],
    ["no key", without("--key"), 2, "give one `--key KEY`"],
    ["two keys", [...FULL, "--key", "clerk.key"], 2, ""],
    ["a time that is none", [...without("--ttl"), "--ttl", "15"], 2, "cannot be `15`"],
    ["more time than allowed", [...without("--ttl"), "--ttl", "2h"], 1, "1h at most"],
    ["nobody allowed", [...without("--to"), "--to", "other"], 1, "does not let `lead` delegate to `other`"],
    ["no grantor of that name", [...without("--from"), "--from", "other"], 1, "no agent `other`"],
    ["a block that grants nothing", [...without("--to"), "--to", "idle"], 1, "has no scope"],
    ["a scope that is none", [...without("--scope"), "--scope", "a b"], 1, "F212"],
    [
      "a scope that asks who calls",
      [...without("--scope"), "--scope", "a:principal.id == nil"],
      1,
      "cannot ask of `principal`",
    ],
    ["depth without a holder", [...FULL, "--depth", "1"], 2, "`--holder KEY.pub` is missing"],
    ["a holder without depth", [...FULL, "--holder", "clerk.pub"], 2, "further"],
    ["too deep", [...FULL, "--depth", "8"], 2, "cannot be `8`"],
    ["a ceiling that is none", [...FULL, "--ceiling", "maybe"], 2, "cannot be `maybe`"],
    ["a public key to sign with", [...without("--key"), "--key", "root.pub"], 1, "key"],
    ["another's parent", [...FULL, "--parent", "clerk.chain"], 1, "chain_broken"],
  ];
  it.each(rows)("%s", (_, words, status, message) => {
    const ran = folder.run(words);
    expect(ran.stderr).toContain(message);
    expect(ran.status).toBe(status);
    expect(ran.stdout).toBe("");
  });
});

describe("verify, show, revoke", () => {
  it("say what is wrong with a chain", () => {
    const faults = [
      [["--root-key", "clerk.pub"], "root_unknown"],
      [["--root-key", "root.pub", "--agent", "lead"], "delegate_wrong"],
      [["--root-key", "root.pub", "--at", "2099-01-01T00:00:00Z"], "grant_expired"],
      [["--root-key", "root.pub", "--at", "2001-09-10T00:00:00Z"], "grant_not_yet_valid"],
    ] as const;
    for (const [words, fault] of faults) {
      const { status, stdout } = folder.run(["delegate", "verify", "clerk.chain", ...words, "--json"]);
      expect(JSON.parse(stdout)).toMatchObject({ ok: false, fault });
      expect(status).toBe(1);
    }
    folder.write("bad.chain", "{}\n");
    expect(folder.run(["delegate", "show", "bad.chain"])).toMatchObject({ status: 1, stdout: "" });
    folder.write("empty.chain", "");
    expect(folder.run(["delegate", "show", "empty.chain"]).status).toBe(1);
    expect(folder.run(["delegate", "verify", "clerk.chain"]).status).toBe(2);
  });

  it("show says that nothing was verified", () => {
    expect(folder.run(["delegate", "show", "clerk.chain"]).stdout).toContain("not verified");
  });

  it("revoke is an event of the folder", () => {
    const words = [
      "delegate",
      "revoke",
      "clerk.chain",
      "--policy",
      "policy.fpl",
      "--folder",
      "plane",
      "--by",
      "ops",
    ];
    const mistyped = folder.run(words);
    expect(mistyped).toMatchObject({ status: 2, stdout: "" });
    expect(mistyped.stderr).toContain("no control plane's folder");
    folder.run(
      ["decide", "policy.fpl", "--folder", "plane"],
      '{"agent":"lead","tool":"orders/read","args":{}}\n',
    );
    const { status, stdout } = folder.run([...words, "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, code: "event_applied", sequence: 1 });
    expect(status).toBe(0);
    expect(
      folder.run(["delegate", "revoke", "a".repeat(64), "--policy", "policy.fpl", "--folder", "plane"])
        .status,
    ).toBe(2);
    expect(folder.run(["delegate", "revoke", "clerk.chain", "--policy", "policy.fpl"]).status).toBe(2);
  });
});
