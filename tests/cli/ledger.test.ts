/** The commands of operators on a database instead of a folder: SQLite and PostgreSQL. */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migratePostgres } from "../../hosts/node/stores/postgres.ts";
import { BINARIES, type Server, startServer } from "../stores/postgres-server.ts";
import { Folder } from "./command.ts";

const folder = new Folder();
let server: Server | null = null;
let environment: Record<string, string> = {};

beforeAll(async () => {
  if (BINARIES === null) return;
  server = await startServer();
  expect(await migratePostgres({ ...server.address, schema: "plane" })).toMatchObject({ ok: true });
  environment = { PLANE: postgresUrl("plane", ":secret") };
});
afterAll(async () => {
  folder.remove();
  await server?.remove();
});

function postgresUrl(schema: string, password = ""): string {
  const { host, user, database } = server!.address;
  return `postgres://${user}${password}@${encodeURIComponent(host)}/${database}?schema=${schema}`;
}

folder.write(
  "policy.fpl",
  `agent "shop" {
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
`,
);
folder.write("salt.key", randomBytes(32).toString("hex"));
folder.write("short.key", "short");

const refund = (amount: number, more: object = {}) =>
  JSON.stringify({ agent: "shop", session: "s-1", tool: "stripe/refund", args: { amount, ...more } });

function ran(words: string[], input = "") {
  const { status, stdout, stderr } = folder.run(words, input, environment);
  return { status, stderr, lines: stdout.split("\n").slice(0, -1) };
}

function json(words: string[]) {
  const { status, lines, stderr } = ran([...words, "--json"]);
  if (lines.length === 0) throw new Error(stderr);
  return { status, value: JSON.parse(lines.join("\n")) };
}

const PLACES = [
  { name: "SQLite", skip: false, ledger: () => "sqlite:plane.db" },
  { name: "PostgreSQL", skip: BINARIES === null, ledger: () => "env:PLANE" },
];

for (const { name, skip, ledger } of PLACES) {
  describe.skipIf(skip)(name, () => {
    const at = () => ["--ledger", ledger()];

    it("opens a session, decides, approves and shows", () => {
      const opening = ["session", "open", "policy.fpl", "s-1", "--purpose", "support", ...at()];
      expect(json(opening).value).toMatchObject({ ok: true, sequence: 0, via: "ledger" });
      const calls = `${refund(90, { card: "4111" })}\n${refund(120)}\n`;
      const decided = ran(["decide", "policy.fpl", "--salt-key", "salt.key", ...at()], calls);
      expect(decided.status).toBe(0);
      const verdicts = decided.lines.map((line) => JSON.parse(line));
      expect(verdicts.map(({ code, sequence }) => [code, sequence])).toEqual([
        ["rule_permit", 1],
        ["rule_defer", 2],
      ]);
      expect(json(["approve", "policy.fpl", "2", "--by", "ada", ...at()]).value).toMatchObject({ ok: true });
      expect(json(["reject", "policy.fpl", "2", "--by", "ada", ...at()]).value).toMatchObject({ ok: true });
      expect(ran(["approve", "policy.fpl", "1", "--by", "ada", ...at()]).stderr).toContain("a permit");
      expect(ran(["approve", "policy.fpl", "99", "--by", "ada", ...at()]).stderr).toContain("no record 99");
      const { value } = json(["session", "show", "policy.fpl", "s-1", ...at()]);
      expect(value.parties[0]).toMatchObject({ purpose: "support", calls: 1, limits: [{ used: "90" }] });
      const explained = ran(["explain", "policy.fpl", "--json", ...at()], refund(80));
      expect(JSON.parse(explained.lines.join("\n")).verdict.code).toBe("budget_exceeded");
    });

    it("freezes, revokes and ends", () => {
      expect(json(["freeze", "policy.fpl", "shop", "--by", "ops", ...at()]).value.ok).toBe(true);
      const denied = ran(["decide", "policy.fpl", "--salt-key", "salt.key", ...at()], refund(1));
      expect(JSON.parse(denied.lines[0]!).code).toBe("agent_frozen");
      expect(json(["unfreeze", "policy.fpl", "shop", ...at()]).value.ok).toBe(true);
      const revoke = ["delegate", "revoke", "a".repeat(64), "--agent", "shop", "--policy", "policy.fpl"];
      expect(json([...revoke, ...at()]).value.ok).toBe(true);
      expect(json(["session", "close", "policy.fpl", "s-1", ...at()]).value.ok).toBe(true);
    });

    it("denies what needs a salt and has none, and refuses another key", () => {
      expect(json(["session", "open", "policy.fpl", "s-2", ...at()]).value.ok).toBe(true);
      const call = refund(1, { card: "4111" }).replace("s-1", "s-2");
      const denied = ran(["decide", "policy.fpl", ...at()], call);
      expect([denied.status, denied.lines]).toEqual([2, []]);
      expect(denied.stderr).toContain("--salt-key");
      const short = ran(["decide", "policy.fpl", "--salt-key", "short.key", ...at()], call);
      expect(short).toMatchObject({ status: 2, lines: [] });
    });

    it("gives its records to a folder, and later the new ones", () => {
      const copy = ["audit", "copy", `copy-${name}`, ...at()];
      const { value } = json(copy);
      expect(value).toMatchObject({ copied: value.records });
      expect(value.records).toBeGreaterThan(8);
      expect(json(["freeze", "policy.fpl", "shop", ...at()]).value.ok).toBe(true);
      expect(json(copy).value).toEqual({ ...value, copied: 1, records: value.records + 1 });
      expect(json(copy).value.copied).toBe(0);
      expect(ran(["audit", "verify", `copy-${name}`]).status).toBe(0);
      // Another log of the same length, and a folder that has more than the database.
      const other = ["session", "open", "policy.fpl", "x", "--folder", `other-${name}`];
      expect(ran(other).status).toBe(0);
      const foreign = ran(["audit", "copy", `other-${name}/records`, ...at()]);
      expect(foreign.status).toBe(1);
      expect(foreign.stderr).toContain("record 0 of the folder is not in the database");
      ran(["session", "open", "policy.fpl", "x", "--ledger", "sqlite:empty.db"]);
      const older = ran(["audit", "copy", `copy-${name}`, "--ledger", "sqlite:empty.db"]);
      expect(older).toMatchObject({ status: 1, lines: [] });
    });
  });
}

describe("what names no database", () => {
  const cases: [string, string[], string][] = [
    ["both", ["--ledger", "sqlite:plane.db", "--folder", "plane"], "exclude each other"],
    ["neither", [], "`--folder` is missing"],
    ["another word", ["--ledger", "plane.db"], "names no database"],
    ["another scheme", ["--ledger", "mysql://a/b"], "names no database"],
    ["an empty file name", ["--ledger", "sqlite:"], "names no database"],
    ["a file that is not there", ["--ledger", "sqlite:nowhere.db"], "no such database"],
    ["a variable that is not there", ["--ledger", "env:NOWHERE"], "is empty"],
    ["a password that others can read", ["--ledger", "postgres://u:secret@localhost/d"], "env:NAME"],
    ["a password in the query", ["--ledger", "postgres://localhost/d?password=secret"], "env:NAME"],
    ["another schema's name", ["--ledger", "postgres://localhost/d?schema=A-B"], "cannot name a schema"],
  ];
  it.each(cases)("%s", (_, words, says) => {
    const { status, stderr, lines } = ran(["freeze", "policy.fpl", "shop", ...words]);
    expect([status, lines]).toEqual([2, []]);
    expect(stderr).toContain(says);
    expect(stderr).not.toContain("secret");
  });

  it("a server that is not there, with nothing of its password", () => {
    environment = { ...environment, GONE: "postgres://u:secret@127.0.0.1:1/d" };
    const { status, stderr } = ran(["freeze", "policy.fpl", "shop", "--ledger", "env:GONE"]);
    expect(status).toBe(2);
    expect(stderr).toContain("store_unavailable");
    expect(stderr).not.toContain("secret");
  });

  it.skipIf(BINARIES === null)("a schema without the tables", () => {
    const { status, stderr } = ran(["freeze", "policy.fpl", "shop", "--ledger", postgresUrl("nothing")]);
    expect(status).toBe(2);
    expect(stderr).toContain("store_unmigrated");
  });
});
