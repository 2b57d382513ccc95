/** The way from a policy's text to verified records, with the real command; and the shapes of its JSON. */
import { chmodSync, existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Folder } from "./command.ts";

const folder = new Folder();
afterAll(() => folder.remove());

function ok(words: string, input = ""): string {
  const ran = folder.run(words.split(" "), input);
  expect(ran.stderr, words).toBe("");
  expect(ran.status, words).toBe(0);
  return ran.stdout;
}

function json(words: string, input = "", status = 0): Record<string, unknown> {
  const ran = folder.run(words.split(" "), input);
  expect(ran.status, `${words}: ${ran.stderr}`).toBe(status);
  return JSON.parse(ran.stdout) as Record<string, unknown>;
}

const CALL = '{"agent":"shop","tool":"orders/get","args":{"id":"O-1"}}\n';
const POLICY =
  'agent "shop" {\n  redact orders/get args ["id"]\n  rules {\n    permit orders/get when id != ""\n  }\n}\n';

beforeAll(() => {
  folder.write("policies/a.fpl", POLICY);
  folder.write("policies/sub/b.fpl", 'agent "other" { rules { permit t } }\n');
  folder.write("policies/.hidden/c.fpl", "not a policy");
  ok("keygen release -o keys");
  ok("keygen second -o keys");
  ok("trust init trust.json keys/release.pub");
});

describe("keys and trust", () => {
  it("the private key is readable by its owner alone, and nothing is overwritten", () => {
    expect(statSync(join(folder.path, "keys/release.key")).mode & 0o777).toBe(0o600);
    const before = folder.text("keys/release.key");
    expect(folder.run(["keygen", "release", "-o", "keys"]).status).toBe(2);
    expect(folder.run(["trust", "init", "trust.json", "keys/second.pub"]).status).toBe(2);
    expect(folder.text("keys/release.key")).toBe(before);
  });

  it("a threshold of two, and what is refused", () => {
    ok("trust init two.json keys/release.pub");
    ok("trust add two.json keys/second.pub --threshold 2");
    expect(folder.run(["trust", "add", "two.json", "keys/second.pub"]).stderr).toContain("twice");
    expect(folder.run(["trust", "add", "two.json", "--threshold", "3"]).status).toBe(1);
    ok("build policies -o two.fplb --sign keys/release.key --sequence 5");
    expect(json("verify two.fplb --trust two.json --json", "", 1)).toMatchObject({
      ok: false,
      code: "threshold_not_met",
    });
    ok("sign two.fplb --key keys/second.key");
    const verified = json("verify two.fplb --trust two.json --json");
    expect(verified).toMatchObject({ ok: true, sequence: 5, threshold: 2 });
    expect([...(verified.keys as string[])].sort()).toEqual(["release", "second"]);
    expect(folder.run(["sign", "two.fplb", "--key", "keys/second.key"]).status).toBe(1);
    expect(folder.run(["sign", "two.fplb", "--key", "keys/second.key", "--sequence", "6"]).status).toBe(2);
    expect(json("verify two.fplb --trust two.json --minimum-sequence 6 --json", "", 1)).toMatchObject({
      code: "sequence_below_minimum",
    });
  });
});

describe("build", () => {
  it("gives the same bundle from any place, and counts the sequence up when it changes", () => {
    ok("build policies -o p.fplb --sign keys/release.key");
    const first = json("inspect p.fplb --json");
    ok(`build ${folder.path}/policies -o q.fplb --sign keys/second.key`);
    expect(json("inspect q.fplb --json").digest).toBe(first.digest);
    expect(json("build policies -o p.fplb --sign keys/release.key --json")).toMatchObject({
      sequence: 1,
      keys: ["release"],
    });
    folder.write("policies/sub/b.fpl", 'agent "other" { rules { permit u } }\n');
    expect(json("build policies -o p.fplb --sign keys/release.key --json")).toMatchObject({ sequence: 2 });
    const { manifest, signature } = json("inspect p.fplb --json") as {
      manifest: { sources: { name: string }[] };
      signature: unknown;
    };
    expect(manifest.sources.map(({ name }) => name)).toEqual(["a.fpl", "sub/b.fpl"]);
    expect(signature).toMatchObject({ verified: false, sequence: 2 });
  });

  it("writes nothing when the policy has an error or the folder is read-only", () => {
    folder.write("bad.fpl", "rule");
    folder.write("kept.fplb", "old");
    expect(folder.run(["build", "bad.fpl", "-o", "kept.fplb"]).status).toBe(1);
    expect(folder.text("kept.fplb")).toBe("old");
    folder.write("closed/kept.fplb", "old");
    chmodSync(join(folder.path, "closed"), 0o500);
    if (process.getuid?.() !== 0)
      expect(folder.run(["build", "policies", "-o", "closed/kept.fplb"]).status).toBe(2);
    chmodSync(join(folder.path, "closed"), 0o700);
    expect(folder.files().filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it("reads the environment in settings", () => {
    folder.write("env.fpl", 'runtime { listen = env("PLACE") }\nagent "a" { rules { permit t } }\n');
    const missing = folder.run(["check", "--json", "env.fpl"]);
    expect(JSON.parse(missing.stdout).diagnostics.map(({ code }: { code: string }) => code)).toContain(
      "F701",
    );
    const given = folder.run(["check", "--json", "env.fpl"], "", { PLACE: "here" });
    expect(JSON.parse(given.stdout).diagnostics.map(({ code }: { code: string }) => code)).not.toContain(
      "F701",
    );
  });
});

describe("decide", () => {
  it("needs a verified bundle, or to be told not to", () => {
    ok("build policies -o d.fplb --sign keys/release.key");
    expect(JSON.parse(ok("decide d.fplb --trust trust.json", CALL))).toMatchObject({
      effect: "permit",
      code: "rule_permit",
    });
    ok("build policies -o plain.fplb");
    const unsigned = folder.run(["decide", "plain.fplb", "--trust", "trust.json"], CALL);
    expect([unsigned.status, unsigned.stdout]).toEqual([1, ""]);
    expect(unsigned.stderr).toContain("(unsigned)");
    expect(JSON.parse(ok("decide plain.fplb --insecure", CALL)).effect).toBe("permit");
    const stranger = folder.run(["decide", "q.fplb", "--trust", "trust.json"], CALL);
    expect([stranger.status, stranger.stderr.includes("(signature_unknown_key)")]).toEqual([1, true]);
  });

  it("takes a file for what its name says, so that a source cannot stand in for a signed bundle", () => {
    folder.write("swapped.fplb", 'agent "shop" { rules { permit * } }\n');
    const ran = folder.run(["decide", "swapped.fplb", "--trust", "trust.json"], CALL);
    expect([ran.status, ran.stdout]).toEqual([1, ""]);
    folder.write("swapped", 'agent "shop" { rules { permit * } }\n');
    const unnamed = folder.run(["decide", "swapped", "--trust", "trust.json"], CALL);
    expect([unnamed.status, unnamed.stdout]).toEqual([2, ""]);
    expect(unnamed.stderr).toContain("neither a bundle, nor a policy file, nor a folder");
  });

  it("answers every line in order, and exits 1 when one was malformed", () => {
    const lines = [
      '{"tool":"orders/get","args":{"id":"x"}}',
      "",
      '{"action":{"agent":"shop","tool":"zzz","args":{}}}',
      '{"a":1,"a":2}',
      "\u0000",
    ];
    const ran = folder.run(["decide", "policies", "--agent", "shop"], lines.join("\r\n"));
    expect(ran.status).toBe(1);
    const verdicts = ran.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(verdicts.map(({ code }) => code)).toEqual([
      "rule_permit",
      "default_deny",
      "duplicate_key",
      "invalid_json",
    ]);
    expect(Object.keys(verdicts[0]!)).toEqual([
      "effect",
      "code",
      "rule",
      "reason",
      "obligations",
      "detail",
      "agent",
    ]);
    expect(verdicts[0]!.rule).toMatchObject({ file: "a.fpl", line: 4 });
  });

  it("refuses the action of another agent than the host's", () => {
    const ran = folder.run(["decide", "policies", "--agent", "other"], CALL);
    expect([ran.status, JSON.parse(ran.stdout).code]).toEqual([0, "agent_mismatch"]);
  });

  it("traces, and gives the time on request", () => {
    folder.write("time.fpl", 'agent "a" { rules { permit t when time.unix > 0 } }\n');
    const call = '{"agent":"a","tool":"t","args":{}}';
    expect(JSON.parse(ok("decide time.fpl", call)).effect).toBe("deny");
    const traced = JSON.parse(ok("decide time.fpl --now --trace", call)) as {
      effect: string;
      trace: { rules: unknown[] }[];
    };
    expect(traced.effect).toBe("permit");
    expect(traced.trace).toHaveLength(6);
    expect(traced.trace[4]!.rules).toHaveLength(1);
  });

  it("decides many lines from a file, and goes on deciding where the reader is slow", () => {
    folder.write("many.jsonl", CALL.repeat(20_000));
    const verdicts = ok("decide policies many.jsonl").trimEnd().split("\n");
    expect(verdicts).toHaveLength(20_000);
    expect(new Set(verdicts).size).toBe(1);
  });
});

describe("records", () => {
  it("are chained over several runs, say whether the bundle was signed, and hide what is redacted", () => {
    ok("build policies -o r.fplb --sign keys/release.key");
    ok("decide r.fplb --trust trust.json --log records", CALL.repeat(300));
    ok("decide policies --log records", CALL);
    expect(existsSync(join(folder.path, "records/lock"))).toBe(false);
    const verified = json("audit verify records --json") as {
      records: number;
      head: { sequence: number; hash: string };
    };
    expect(verified).toMatchObject({ ok: true, records: 301, head: { sequence: 300 }, fault: null });
    const log = folder.text("records/0000000000000000.jsonl");
    expect(log).not.toContain("O-1");
    const records = log
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).record as { signed: boolean; engine: string });
    expect(records.filter(({ signed }) => signed)).toHaveLength(300);
    expect(records[0]!.engine).toMatch(/^(?!0+$)[0-9a-f]{64}$/);
    ok(`audit verify records --head 300:${verified.head.hash}`);
    folder.write("cut.log", `${log.trimEnd().split("\n").slice(0, -1).join("\n")}\n`);
    ok("audit verify cut.log");
    expect(json(`audit verify cut.log --json --head 300:${verified.head.hash}`, "", 1)).toMatchObject({
      ok: false,
      fault: { code: "head_missing" },
    });
  });

  it("that were altered are found, shown up to there, and not appended to", () => {
    const lines = folder.text("records/0000000000000000.jsonl").trimEnd().split("\n");
    lines[299] = lines[299]!.replace('"effect":"permit"', '"effect":"denied"');
    folder.write("bad/0000000000000000.jsonl", `${lines.join("\n")}\n`);
    const shown = json("audit ls bad --json --limit 2", "", 1) as {
      records: { record: { sequence: number } }[];
      fault: { place: string; message: string };
    };
    expect(shown.records.map(({ record }) => record.sequence)).toEqual([297, 298]);
    expect(shown.fault.message).toMatch(/0000000000000000\.jsonl:300: .*\(hash_mismatch\)/);
    expect(json("audit verify bad --json", "", 1)).toMatchObject({
      ok: false,
      records: 299,
      fault: { code: "hash_mismatch", line: 300 },
    });
    const ran = folder.run(["decide", "policies", "--log", "bad"], CALL);
    expect([ran.status, ran.stdout]).toEqual([1, ""]);
    expect(ran.stderr).toContain("does not verify at its end");
  });

  it("are shown by effect and agent", () => {
    const calls = `${CALL}{"agent":"other","tool":"zzz","args":{}}\n`;
    ok("decide policies --log s --table", calls);
    expect(ok("audit ls s --effect deny")).toMatch(/^#.*\n1 .*deny.*other.*zzz.*default_deny\n$/);
    expect(ok("audit ls s --agent shop --agent nobody").trimEnd().split("\n")).toHaveLength(2);
    expect(ok("audit ls s --agent nobody")).toBe("no records\n");
  });
});

describe("imports", () => {
  const SHARED = 'agent "default" { rules { deny! shell/* reason "no shell" } }\n';
  const MAIN =
    'import "shared/base@1.0.0" as base\nagent "a" {\n  rules {\n    include base\n    permit *\n  }\n}\n';

  it("are compiled only as the lock pins them", () => {
    folder.write("app/main.fpl", MAIN);
    folder.write("app/shared/base.fpl", SHARED);
    const codes = (status: number) =>
      (json("check app --json", "", status).diagnostics as { code: string; severity: string }[])
        .filter(({ severity }) => severity === "error")
        .map(({ code }) => code);
    expect(codes(1)).toEqual(["F801"]);
    ok("lock app");
    expect(codes(0)).toEqual([]);
    expect(JSON.parse(ok("decide app", '{"agent":"a","tool":"shell/x","args":{}}')).code).toBe("deny_always");
    folder.write("app/shared/base.fpl", `${SHARED}# more\n`);
    expect(codes(1)).toEqual(["F802"]);
    ok("lock app");
    expect(codes(0)).toEqual([]);
  });

  it("are signed where the lock names a signer", () => {
    ok("sign app/shared/base.fpl --key keys/release.key");
    expect(folder.run(["lock", "app"]).stderr).toContain("no trust file");
    ok("lock app --trust trust.json");
    expect(json("check app --json", "", 1).diagnostics).toMatchObject([
      { code: "F803", file: "app/main.fpl", line: 1 },
    ]);
    ok("check app --trust trust.json");
    const signature = folder.bytes("app/shared/base.fpl.sig");
    folder.write("app/shared/base.fpl.sig", "{}");
    expect(json("check app --trust trust.json --json", "", 1).diagnostics).toMatchObject([{ code: "F803" }]);
    folder.write("app/shared/base.fpl.sig", signature);
    ok("sign app/shared/base.fpl --key keys/second.key");
    expect(json("check app --trust trust.json --json", "", 1).diagnostics).toMatchObject([{ code: "F803" }]);
  });

  it("of a library take no file out of the policy", () => {
    folder.write("taken/main.fpl", 'import "lib@1.0.0" as l\nagent "a" { rules { include l permit * } }\n');
    folder.write("taken/lib.fpl", 'import "guard@1.0.0" as g\nagent "default" { rules { deny! shell/* } }\n');
    folder.write("taken/guard.fpl", "system { rules { deny! rm/* } }\n");
    ok("lock taken");
    const errors = () =>
      (json("check taken --json", "", 1).diagnostics as { code: string; severity: string }[]).filter(
        ({ severity }) => severity === "error",
      );
    expect(errors()).toMatchObject([{ code: "F804", file: "taken/lib.fpl", line: 1 }]);
    expect(folder.run(["decide", "taken"], '{"agent":"a","tool":"rm/x","args":{}}').stdout).not.toContain(
      "permit",
    );
    // Two that import each other are out of nobody's choice but their own.
    folder.write("taken/lib.fpl", 'import "guard@1.0.0" as g\nsystem { rules { deny! shell/* } }\n');
    folder.write("taken/guard.fpl", 'import "lib@1.0.0" as l\nsystem { rules { deny! rm/* } }\n');
    folder.write("taken/main.fpl", 'agent "a" { rules { permit * } }\n');
    ok("lock taken");
    expect(errors().filter(({ code }) => code === "F804")).toHaveLength(2);
    // The policy's own file may choose it.
    folder.write(
      "taken/main.fpl",
      'import "lib@1.0.0" as l\nimport "guard@1.0.0" as g\nagent "a" { rules { include l include g permit * } }\n',
    );
    folder.write(
      "taken/lib.fpl",
      'import "guard@1.0.0" as g\nagent "default" { rules { include g deny! shell/* } }\n',
    );
    folder.write("taken/guard.fpl", 'agent "default" { rules { deny! rm/* } }\n');
    ok("lock taken");
    expect(JSON.parse(ok("decide taken", '{"agent":"a","tool":"rm/x","args":{}}')).code).toBe("deny_always");
  });

  it("that do not exist are named", () => {
    folder.write("lone/main.fpl", 'import "none@1.0.0" as n\nagent "a" { rules { include n permit * } }\n');
    const ran = folder.run(["lock", "lone"]);
    expect([
      ran.status,
      ran.stderr.includes("lone/main.fpl:1:8: error: nothing to import for `none@1.0.0`"),
    ]).toEqual([1, true]);
    expect(folder.files()).not.toContain("lone/fpl.lock");
  });
});

describe("fmt, init and test", () => {
  it("formats in place, once", () => {
    folder.write("f/x.fpl", "agent a{rules{allow t}}");
    expect(ok("fmt --write f")).toBe("f/x.fpl\n");
    expect(ok("fmt --write f")).toBe("");
    ok("fmt --check f");
    expect(ok("fmt -", "agent a{rules{allow t}}")).toBe(folder.text("f/x.fpl"));
  });

  it("starts a policy that checks, tests and formats", () => {
    const { packs } = json("init --list --json") as { packs: { name: string; summary: string }[] };
    expect(packs.map(({ name }) => name)).toContain("payments");
    for (const { summary } of packs) expect(summary.length).toBeGreaterThan(10);
    ok("init start --pack payments");
    ok("check start --strict");
    ok("test start --threshold 50");
    const again = folder.run(["init", "start", "--pack", "research"]);
    expect([again.status, again.stderr.includes("it exists already")]).toEqual([2, true]);
  });

  it("reports tests as JSON and JUnit, and holds the threshold", () => {
    folder.write("t/p.fpl", 'agent "a" {\n  rules {\n    permit t when x == 1\n    deny u\n  }\n}\n');
    folder.write(
      "t/p.cases",
      'case "one & <two>"\n action {"agent":"a","tool":"t","args":{"x":1}}\n expect permit\ncase "three"\n action {"agent":"a","tool":"u","args":{}}\n expect permit rule 3\n',
    );
    const report = json("test t --json --junit out.xml", "", 1) as Record<string, unknown>;
    expect(Object.keys(report)).toEqual(["suites", "coverage", "summary"]);
    expect(report.summary).toEqual({ cases: 2, passed: 1, failed: 1, threshold: null });
    expect(report.coverage).toMatchObject([
      {
        rules: { covered: 2, total: 2, percent: 100 },
        conditions: { covered: 1, total: 2, percent: 50 },
        uncovered: { conditions: [{ never: ["false"] }] },
      },
    ]);
    const xml = folder.text("out.xml");
    expect(xml).toContain('<testsuites name="faramesh test" tests="2" failures="1">');
    expect(xml).toContain('<testcase name="one &amp; &lt;two&gt;"');
    expect(xml).toContain('<failure message="expected permit, got deny (rule_deny)">');
    folder.write(
      "t/p.cases",
      'case "one"\n action {"agent":"a","tool":"t","args":{"x":1}}\n expect permit\n',
    );
    expect(folder.run(["test", "t", "--threshold", "50"]).status).toBe(0);
    const low = folder.run(["test", "t", "--threshold", "60"]);
    expect([low.status, low.stdout.includes("below 60 %")]).toEqual([1, true]);
  });
});

describe("the shape of diagnostics", () => {
  it("is the documented one", () => {
    folder.write("bad/x.fpl", 'agent "a" {\n  rules {\n    premit t\n  }\n}\n');
    expect(json("check bad --json", "", 1)).toEqual({
      diagnostics: [
        {
          file: "bad/x.fpl",
          line: 3,
          column: 5,
          severity: "error",
          code: "F008",
          message: "unknown effect `premit`",
          help: "did you mean `permit`?",
        },
      ],
    });
    expect(json("check - --json", 'agent "a" { rules { permit t } }')).toEqual({ diagnostics: [] });
  });
});
