/** Commands over a control plane's folder: sessions, approvals, frozen agents, replay, backtests; and cases of several steps. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { chainHash, formatLine, genesis } from "../../control/audit/line.ts";
import { Folder } from "./command.ts";

const folder = new Folder();
afterAll(() => folder.remove());

const POLICY = `agent "shop" {
  cost stripe/refund args.amount
  redact stripe/refund args ["card"]

  budget session {
    max = $150
  }

  rules {
    permit stripe/refund if amount <= 100
    defer stripe/refund reason "a refund over 100"
  }
}
`;
folder.write("policy.fpl", POLICY);
folder.write("wider.fpl", POLICY.replace("$150", "$500"));

const refund = (amount: number, more: object = {}) =>
  JSON.stringify({ agent: "shop", session: "s-1", tool: "stripe/refund", args: { amount, ...more } });

function json(words: string[], input = "") {
  const { stdout, status, stderr } = folder.run([...words, "--json"], input);
  if (stdout === "") throw new Error(stderr);
  return { status, value: JSON.parse(stdout) };
}

describe("a control plane's folder", () => {
  const plane = ["--folder", "plane"];

  it("opens a session once, and counts what its calls spend", () => {
    expect(
      folder.run(["session", "open", "policy.fpl", "s-1", ...plane, "--purpose", "support"]).status,
    ).toBe(0);
    const again = folder.run(["session", "open", "policy.fpl", "s-1", ...plane]);
    expect(again.status).toBe(1);
    expect(again.stderr).toContain("session_exists");
    const calls = [refund(90, { card: "4111" }), refund(80), refund(120)].join("\n");
    const { stdout, status } = folder.run(["decide", "policy.fpl", ...plane], calls);
    expect(status).toBe(0);
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ code, sequence, reservation }) => [code, sequence, reservation])).toEqual([
      ["rule_permit", 2, 2],
      ["budget_exceeded", 3, null],
      ["rule_defer", 4, null],
    ]);
    const { value } = json(["session", "show", "policy.fpl", "s-1", ...plane]);
    expect(value.parties).toHaveLength(1);
    expect(value.parties[0]).toMatchObject({
      agent: "shop",
      standing: "open",
      purpose: "support",
      calls: 1,
      cost: "90",
      limits: [{ family: "budget", name: "session", used: "90", limit: "150" }],
      reservations: [{ sequence: 2, money: "90" }],
    });
  });

  it("folds open reservations of nothing into their number", () => {
    const policy =
      'agent "shop" {\n  cost pay/* args.amount\n  budget session {\n    max = $9\n  }\n  rules {\n    permit pay/*\n  }\n}\n';
    folder.write("free.fpl", policy);
    const at = ["--folder", "free"];
    folder.run(["session", "open", "free.fpl", "f-1", ...at]);
    const pay = (amount: number) =>
      JSON.stringify({ agent: "shop", session: "f-1", tool: "pay/it", args: { amount } });
    const reservations = () => {
      const { stdout } = folder.run(["session", "show", "free.fpl", "f-1", ...at]);
      return stdout.slice(stdout.indexOf("open reservations")).replaceAll(/\d+s ago/g, "Ns ago");
    };
    folder.run(["decide", "free.fpl", ...at], Array(20).fill(pay(0)).join("\n"));
    expect(reservations()).toBe("open reservations 20\n    20 calls of $0\n");
    folder.run(["decide", "free.fpl", ...at], [pay(2), pay(0), pay(3)].join("\n"));
    expect(reservations()).toMatch(
      /^open reservations 23\n {4}21 +\$2 +Ns ago\n {4}23 +\$3 +Ns ago\n {4}21 calls of \$0\n$/,
    );
    expect(json(["session", "show", "free.fpl", "f-1", ...at]).value.parties[0].reservations).toHaveLength(
      23,
    );
  });

  it("makes the state anew from the records, after it is lost", () => {
    const before = json(["session", "show", "policy.fpl", "s-1", ...plane]).value.parties;
    for (const suffix of ["", "-wal", "-shm"])
      rmSync(join(folder.path, `plane/state.sqlite${suffix}`), { force: true });
    expect(json(["rebuild", "plane"])).toEqual({ status: 0, value: { folder: "plane", records: 5 } });
    const after = json(["session", "show", "policy.fpl", "s-1", ...plane]).value.parties;
    expect(after[0].limits).toEqual(before[0].limits);
    const nowhere = folder.run(["rebuild", "plain"]);
    expect(nowhere.status).toBe(2);
    expect(nowhere.stderr).toContain("no control plane's folder");
  });

  it("explains on the state without changing it", () => {
    const explained = json(["explain", "policy.fpl", ...plane], refund(80));
    expect(explained.value).toMatchObject({ state: "folder", verdict: { code: "budget_exceeded" } });
    expect(explained.value.limits).toMatchObject([{ used: "90", adds: "80", limit: "150", over: true }]);
    expect(json(["session", "show", "policy.fpl", "s-1", ...plane]).value.parties[0].calls).toBe(1);
  });

  it("approves a deferred call by its record, never another, never by the agent itself", () => {
    const approve = (...words: string[]) => folder.run(["approve", "policy.fpl", ...words, ...plane]);
    expect(approve("2", "--by", "ada").stderr).toContain("no deferred call");
    expect(approve("99", "--by", "ada").status).toBe(1);
    expect(approve("4", "--by", "shop").stderr).toContain("self_approval");
    expect(approve("4", "--by", "ada", "--for", "ever").status).toBe(2);
    expect(approve("4").stderr).toContain("`--by` is missing");
    expect(approve("4", "--by", "ada").status).toBe(0);
    const { stdout } = folder.run(["decide", "policy.fpl", ...plane], refund(120));
    expect(JSON.parse(stdout)).toMatchObject({ effect: "deny", code: "budget_exceeded" });
    expect(folder.run(["reject", "policy.fpl", "4", "--by", "ada", ...plane]).status).toBe(0);
  });

  it("freezes and unfreezes", () => {
    const decide = () => JSON.parse(folder.run(["decide", "policy.fpl", ...plane], refund(1)).stdout).code;
    expect(folder.run(["freeze", "policy.fpl", "shop", ...plane, "--by", "ops"]).status).toBe(0);
    expect(decide()).toBe("agent_frozen");
    expect(folder.run(["unfreeze", "policy.fpl", "shop", ...plane]).status).toBe(0);
    expect(decide()).toBe("rule_permit");
  });

  it("replays to the same bytes, also what is redacted when the original is given", () => {
    const plain = json(["replay", "plane", "policy.fpl"]);
    expect(plain).toMatchObject({ status: 0, value: { ok: true, redacted: 1, difference: null } });
    folder.write("originals.jsonl", `{"sequence":2,"action":${refund(90, { card: "4111" })}}\n`);
    const whole = json(["replay", "plane", "policy.fpl", "--actions", "originals.jsonl"]);
    expect(whole.value).toMatchObject({ ok: true, redacted: 0, replayed: plain.value.records });
    folder.write("originals.jsonl", `{"sequence":2,"action":${refund(90, { card: "4112" })}}\n`);
    const other = json(["replay", "plane", "policy.fpl", "--actions", "originals.jsonl"]);
    expect(other.status).toBe(1);
    expect(other.value.difference.fields.map(({ field }: { field: string }) => field)).toContain(
      "action_digest",
    );
    expect(folder.run(["replay", "plane", "wider.fpl"]).stderr).toContain("not among the policies given");
  });

  it("says so when another core made the records", () => {
    const lines = readFileSync(join(folder.path, "plane/records/0000000000000000.jsonl"), "utf8").split("\n");
    let { previous } = genesis();
    const foreign = lines.slice(0, -1).map((line) => {
      const { record } = JSON.parse(line) as { record: Record<string, unknown> };
      const hex = Buffer.from(previous).toString("hex");
      const bytes = Buffer.from(JSON.stringify({ ...record, engine: "0".repeat(64), previous: hex }));
      previous = chainHash(previous, bytes);
      return Buffer.from(formatLine(previous, bytes)).toString();
    });
    folder.write("foreign.jsonl", foreign.join(""));
    expect(folder.run(["audit", "verify", "foreign.jsonl"]).status).toBe(0);
    const { status, stdout } = folder.run(["replay", "foreign.jsonl", "policy.fpl"]);
    expect(stdout).toContain("record 0: another core made it");
    expect(status).toBe(1);
  });

  it("shows every verdict that another policy changes", () => {
    const same = json(["replay", "plane", "--bundle", "policy.fpl"]);
    expect(same).toMatchObject({ status: 0, value: { ok: true, changed: [] } });
    const wider = json(["replay", "plane", "--bundle", "wider.fpl"]);
    expect(wider.status).toBe(1);
    const [first] = wider.value.changed;
    expect(first).toMatchObject({
      sequence: 3,
      old: { code: "budget_exceeded" },
      new: { code: "rule_permit" },
    });
    expect(wider.value.summary.narrowed).toBe(0);
    expect(folder.run(["replay", "plane", "--bundle", "wider.fpl", "--allow"]).status).toBe(0);
  });

  it("audits the log in the control plane's folder", () => {
    const whole = json(["audit", "verify", "plane"]);
    expect(whole).toMatchObject({ status: 0, value: { ok: true } });
    expect(json(["audit", "verify", "plane/records"]).value).toEqual(whole.value);
  });

  it("closes the session", () => {
    expect(folder.run(["session", "close", "policy.fpl", "s-1", ...plane]).status).toBe(0);
    expect(folder.run(["session", "ls", "policy.fpl", ...plane]).stdout).toMatch(/s-1 +shop +closed/);
    expect(folder.run(["session", "show", "policy.fpl", "s-2", ...plane]).stderr).toContain(
      "did you mean `s-1`?",
    );
  });

  it.each([
    [
      "a folder that is none",
      ["session", "show", "policy.fpl", "s-1", "--folder", "nowhere"],
      "no control plane's folder",
    ],
    [
      "to freeze in a folder that is none",
      ["freeze", "policy.fpl", "shop", "--folder", "nowhere"],
      "no control plane's folder",
    ],
    [
      "an agent without its policy",
      ["freeze", "shop", "--folder", "plane"],
      "the order is `faramesh freeze POLICY AGENT`",
    ],
    [
      "a session without its policy",
      ["session", "show", "s-1", "--folder", "plane"],
      "the order is `faramesh session show POLICY SESSION`",
    ],
    ["a session without what to do", ["session", "policy.fpl"], "unknown action `policy.fpl`"],
    ["a checkpoint without its log", ["audit", "checkpoint", "make", "plane"], "the log comes first"],
    ["no folder", ["freeze", "policy.fpl", "shop"], "`--folder` is missing"],
    [
      "a log for a policy that remembers",
      ["decide", "policy.fpl", "--log", "records"],
      "`--log` keeps no state",
    ],
    ["folder and log", ["decide", "policy.fpl", "--log", "a", "--folder", "b"], "exclude each other"],
    ["--allow alone", ["replay", "plane", "policy.fpl", "--allow"], "goes with `--bundle`"],
    ["no policy", ["replay", "plane"], "POLICY is missing"],
  ])("refuses %s", (_, words, message) => {
    const { status, stderr } = folder.run(words, "");
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });

  it("refuses a time of the caller's", () => {
    const line = JSON.stringify({ action: JSON.parse(refund(1)), time: 1_800_000_000_000 });
    const { status, stderr } = folder.run(["decide", "policy.fpl", ...plane], line);
    expect(status).toBe(1);
    expect(stderr).toContain("`time` cannot be given with `--folder`");
  });
});

describe("cases of several steps", () => {
  it("names the step that failed, and shows the limits there", () => {
    const steps = `  session "s-1"\n  action ${refund(90)}\n  expect permit\n  action ${refund(90)}\n  expect permit\n`;
    folder.write("policy.cases", `case "twice"\n${steps}`);
    const { status, stdout } = folder.run(["test", "policy.fpl"]);
    expect(status).toBe(1);
    expect(stdout).toContain("line 5: expected permit, got deny (budget_exceeded)");
    expect(stdout).toMatch(/● budget session +\$90 of \$150 +\+ \$90 +in the session +over: deny/);
  });

  it("fails an event that is refused, unless that is expected", () => {
    folder.write(
      "policy.cases",
      `case "unknown"\n  action ${refund(1)}\n  expect deny code session_unknown\n  settle\n`,
    );
    expect(folder.run(["test", "policy.fpl"]).stdout).toContain("settle: expected permit");
    folder.write(
      "policy.cases",
      `case "opened twice"\n  session "s-1"\n  action ${refund(1)}\n  expect permit\n  session "s-1" expect deny code session_exists\n`,
    );
    expect(folder.run(["test", "policy.fpl"]).status).toBe(0);
  });
});
