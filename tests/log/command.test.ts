/** `faramesh audit` as a program, over a log that the command itself wrote. */
import { spawn } from "node:child_process";
import { cpSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { csvField, ocsfEvent } from "../../cli/report/audit-export.ts";
import { openLog, readRecords } from "../../hosts/node/log/index.ts";
import { Folder, ROOT } from "../cli/command.ts";

const folder = new Folder();
afterAll(() => folder.remove());
const call = (tool: string, args: object, more: object = {}) =>
  `${JSON.stringify({ action: { agent: "shop", tool, args, ...more }, principal: { id: "=1+1" } })}\n`;

function ok(line: string, input = ""): string {
  const ran = folder.run(line.split(" "), input);
  expect([ran.status, ran.stderr], line).toEqual([0, ""]);
  return ran.stdout;
}

function fails(line: string, status: number): string {
  const ran = folder.run(line.split(" "));
  expect(ran.status, `${line}: ${ran.stdout}${ran.stderr}`).toBe(status);
  return ran.stderr;
}

beforeAll(() => {
  folder.write(
    "policy.fpl",
    'agent "shop" { rules { permit orders/get deny orders/delete reason "=HYPERLINK(1)" } }\n',
  );
  for (const name of ["log", "other", "witness"]) ok(`keygen ${name}`);
  const calls =
    call("orders/get", { id: 1 }) + call("orders/delete", {}, { call_id: "c-1" }) + call("x/y", {});
  ok("decide policy.fpl --log records --now", calls.repeat(200));
});

describe("searching", () => {
  test("ls filters by each property, and stats counts", () => {
    const count = (filter: string) =>
      JSON.parse(ok(`audit ls records --json ${filter}`)).records.length as number;
    expect(count("--effect permit")).toBe(200);
    expect(count("--effect deny --code default_deny")).toBe(200);
    expect(count("--tool orders/*")).toBe(400);
    expect(count("--agent nobody")).toBe(0);
    expect(count("--session s")).toBe(0);
    expect(count("--type decision --since 1h")).toBe(600);
    expect(count("--until 1h")).toBe(0);
    expect(count("--until 2020-01-01T00:00:00Z")).toBe(0);
    const stats = JSON.parse(ok("audit stats records --json"));
    expect(stats).toMatchObject({
      ok: true,
      records: 600,
      effect: { deny: 400, permit: 200 },
      tool: { "orders/get": 200, "orders/delete": 200, "x/y": 200 },
      agent: { shop: 600 },
    });
    expect(ok("audit stats records")).toMatch(/deny +400 +█{30}\n +permit +200 +█{15}\n/);
  });

  test("show finds a record by number and by hash", () => {
    const byNumber = JSON.parse(ok("audit show records 400 --json"));
    expect(byNumber.record).toMatchObject({ sequence: 400, code: "rule_deny" });
    expect(JSON.parse(ok(`audit show records ${byNumber.hash.slice(0, 20)} --json`))).toEqual(byNumber);
    expect(fails("audit show records 600", 1)).toContain("there is no record 600");
    expect(fails("audit show records x!", 2)).toContain("no record is named");
  });

  test("tail shows the last ones, and waits for more", async () => {
    expect(
      ok("audit tail records -n 2 --json")
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).record.sequence),
    ).toEqual([598, 599]);
    cpSync(join(folder.path, "records"), join(folder.path, "followed"), { recursive: true });
    const child = spawn(
      process.execPath,
      [join(ROOT, "cli/faramesh.mjs"), "audit", "tail", "followed", "-f", "--json", "-n", "1"],
      {
        cwd: folder.path,
        timeout: 20_000,
      },
    );
    onTestFinished(() => void child.kill("SIGKILL"));
    let text = "";
    const seen = (sequence: number) =>
      new Promise<void>((resolve, reject) => {
        const look = (): void => void (text.includes(`"sequence":${sequence},`) && resolve());
        child.stdout.on("data", look);
        child.on("close", () => reject(new Error(`tail ended: ${text}`)));
        look();
      });
    child.stdout.on("data", (chunk) => {
      text += chunk;
    });
    await seen(599);
    ok("decide policy.fpl --log followed", call("x/z", {}).repeat(2));
    await seen(601);
  });
});

describe("export", () => {
  test("jsonl is the log itself", () => {
    const [segment] = readdirSync(join(folder.path, "records")).filter((name) => name.endsWith(".jsonl"));
    expect(ok("audit export records")).toBe(folder.text(`records/${segment}`));
    folder.write("exported.jsonl", ok("audit export records"));
    ok("audit verify exported.jsonl");
    const part = ok("audit export records").split("\n").slice(10, 20).join("\n");
    folder.write("part.jsonl", `${part}\n`);
    expect(fails("audit verify part.jsonl", 1)).toContain("sequence_mismatch");
    expect(ok("audit verify part.jsonl --partial")).toContain("records 10 to 19");
  });

  test("csv is no formula for a spreadsheet", () => {
    const rows = ok("audit export records --format csv").split("\r\n");
    expect(rows[2]).toContain(`"orders/delete","","'=1+1"`);
    expect(rows[2]).toContain(`"'=HYPERLINK(1)"`);
    expect(rows).toHaveLength(602);
    for (const risky of ["=1", "+1", "-1", "@x", "\tx", "\rx", "\nx", "＝1", "＋1", "－1", "＠x"])
      expect(csvField(risky)).toBe(`"'${risky}"`);
    expect(csvField('a"b\n')).toBe('"a""b\n"');
    expect(csvField(-1)).toBe('"-1"');
  });

  test("ocsf events have the required fields of API Activity, in their types", () => {
    const events = ok("audit export records --format ocsf")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events).toHaveLength(600);
    for (const event of events.slice(0, 3)) expect(ocsfFaults(event)).toEqual([]);
    expect(events[1]).toMatchObject({
      api: { operation: "orders/delete", request: { uid: "c-1" } },
      action_id: 2,
      disposition_id: 2,
      status_id: 2,
      metadata: { sequence: 1 },
    });
    const raw = JSON.parse(events[0].raw_data);
    expect(raw.sequence).toBe(0);
    const { time: _, ...record } = raw;
    const timeless = ocsfEvent({ hash: "a".repeat(64), record: { ...record, time: null } }, "{}");
    expect(ocsfFaults(timeless)).toEqual([]);
  });
});

/** The class API Activity of OCSF 1.3 (6003) with the profile security_control: required attributes, their types and enums. */
const OCSF: Record<string, (value: unknown) => boolean> = {
  activity_id: (value) => [0, 1, 2, 3, 4, 99].includes(value as number),
  action_id: (value) => [0, 1, 2, 3, 4, 99].includes(value as number),
  disposition_id: (value) => Number.isInteger(value) && ((value as number) <= 27 || value === 99),
  category_uid: (value) => value === 6,
  class_uid: (value) => value === 6003,
  severity_id: (value) => [0, 1, 2, 3, 4, 5, 6, 99].includes(value as number),
  status_id: (value) => [0, 1, 2, 99].includes(value as number),
  time: (value) => Number.isSafeInteger(value),
  type_uid: (value) => value === 600_399,
  actor: (value) => ["app_name", "user", "session"].some((name) => name in (value as object)),
  api: (value) => typeof (value as { operation: unknown }).operation === "string",
  src_endpoint: (value) => typeof (value as { name: unknown }).name === "string",
  metadata: (value) => {
    const { product, version, profiles } = value as Record<string, unknown>;
    const { vendor_name: vendor } = product as Record<string, unknown>;
    return typeof vendor === "string" && version === "1.3.0" && Array.isArray(profiles);
  },
};

function ocsfFaults(event: Record<string, unknown>): string[] {
  return Object.entries(OCSF)
    .filter(([name, holds]) => !(name in event) || !holds(event[name]))
    .map(([name]) => name);
}

describe("evidence", () => {
  test("checkpoints, cosignatures, proofs and retention", () => {
    cpSync(join(folder.path, "records"), join(folder.path, "kept"), { recursive: true });
    expect(fails("audit verify kept --key log.pub", 1)).toContain("no checkpoint");
    expect(fails("audit prove kept 3", 1)).toContain("no checkpoint");
    ok("audit checkpoint kept make --key log.key --origin example.org/log");
    ok("decide policy.fpl --log kept", call("x/y", {}).repeat(10));
    const newest = JSON.parse(ok("audit checkpoint kept make --key log.key --origin example.org/log --json"));
    expect(newest).toMatchObject({ made: true, size: 610, origin: "example.org/log" });
    expect(newest.key).toMatch(/^example\.org\/log\+[0-9a-f]{8}\+/);

    const pinned = "--key log.pub --origin example.org/log";
    expect(ok(`audit verify kept ${pinned}`)).toContain(
      "2 checkpoints up to 610 of example.org/log, signatures verified",
    );
    expect(fails("audit verify kept --key log.pub", 1)).toContain("checkpoint_origin");
    expect(fails("audit verify kept --key other.pub --origin example.org/log", 1)).toContain(
      "checkpoint_unsigned",
    );
    expect(fails(`audit verify kept ${pinned} --witness witness.pub`, 1)).toContain("checkpoint_unwitnessed");
    const witness = "--key witness.key --log-key log.pub --origin example.org/log --seen seen";
    ok(`audit checkpoint kept cosign ${witness}`);
    ok(`audit verify kept ${pinned} --witness witness.pub`);
    ok(`audit checkpoint kept verify ${pinned} --witness witness.pub`);
    expect(ok("audit checkpoint kept list").trimEnd().split("\n")).toHaveLength(4);

    ok("audit prove kept 17 -o one.json");
    ok("audit prove kept 17 --to 600 -o early.json");
    ok("audit prove kept 600 610 --consistency -o both.json");
    expect(ok(`audit verify --proof one.json ${pinned}`)).toContain(
      "record 17 is in the log `example.org/log` of 610 records",
    );
    expect(ok(`audit verify --proof early.json ${pinned}`)).toContain("of 600 records");
    expect(ok(`audit verify --proof both.json ${pinned}`)).toContain("begins with its first 600 records");
    expect(fails("audit verify --proof one.json --key other.pub --origin example.org/log", 1)).toContain(
      "not signed",
    );
    expect(fails("audit verify --proof one.json", 2)).toContain("without the log's key");
    const forged = folder.text("one.json").replaceAll("x/y", "x/z");
    folder.write("forged.json", forged);
    expect(fails(`audit verify --proof forged.json ${pinned}`, 1)).toContain("hash_mismatch");
    folder.write("broken.json", folder.text("one.json").slice(0, -3));
    expect(fails(`audit verify --proof broken.json ${pinned}`, 1)).toContain("no proof file");

    expect(ok("audit prune kept 300 --key log.key --origin example.org/log")).toBe(
      "the first record that is kept is 0\n",
    );
    expect(fails("audit prune kept 300 --key other.key --origin example.org/log", 1)).toContain("not signed");
  });

  test("a pruned log verifies, and removed records are proven from an archive", async () => {
    const small = join(folder.path, "small");
    const opened = await openLog(small, { segmentBytes: 50_000 });
    if (!opened.ok) throw new Error(opened.message);
    for await (const record of readRecords(join(folder.path, "records"), { from: 0, to: null })) {
      await opened.log.append(await opened.log.tip(), [record]);
    }
    await opened.log.close();
    folder.write("archive.jsonl", ok("audit export small"));
    ok("audit checkpoint small make --key log.key");
    const first = Number(/\d+/.exec(ok("audit prune small 500 --key log.key"))![0]);
    expect(first > 400 && first <= 500).toBe(true);
    expect(ok("audit verify small --key log.pub")).toContain(
      `records ${first} to 599\n1 checkpoint up to 600`,
    );
    expect(JSON.parse(ok("audit ls small --json")).records).toHaveLength(600 - first);
    expect(fails("audit show small 5", 2)).toContain(`the first one kept is ${first}`);
    expect(fails("audit prove small 5", 2)).toContain("no longer kept");
    ok("audit prove small 5 --archive archive.jsonl -o removed.json");
    expect(ok("audit verify --proof removed.json --key log.pub")).toContain("record 5 is in the log");
    ok("decide policy.fpl --log small", call("x/y", {}));
    ok("audit checkpoint small make --key log.key");
    expect(ok("audit verify small --key log.pub")).toContain("2 checkpoints up to 601");
    const segment = `small/${String(first).padStart(16, "0")}.jsonl`;
    expect(ok(`audit verify ${segment}`)).toContain(`records ${first} to `);
  });

  test("a witness does not cosign a log that was written anew", () => {
    const make = (log: string) => ok(`audit checkpoint ${log} make --key log.key`);
    const witness = "--key witness.key --log-key log.pub --seen memory";
    ok("decide policy.fpl --log first", call("a/b", {}).repeat(5));
    make("first");
    ok(`audit checkpoint first cosign ${witness}`);
    ok("decide policy.fpl --log second", call("a/c", {}).repeat(9));
    make("second");
    expect(fails(`audit checkpoint second cosign ${witness}`, 1)).toContain("checkpoint_inconsistent");
    ok("decide policy.fpl --log shorter", call("a/b", {}).repeat(4));
    make("shorter");
    expect(fails(`audit checkpoint shorter cosign ${witness}`, 1)).toContain("checkpoint_rolled_back");
  });
});

test("what cannot be meant is refused with the way out", () => {
  expect(fails("audit verify", 2)).toContain("LOG is missing");
  folder.write("elsewhere/notes.txt", "no records\n");
  expect(fails("audit verify elsewhere", 2)).toContain("a folder without a record log");
  expect(fails("audit tail policy.fpl", 2)).toContain("it is a file");
  expect(fails("audit ls records --since yesterday", 2)).toContain("a time like");
  expect(fails("audit ls records --code rule_permitt", 2)).toContain("did you mean `rule_permit`");
  expect(fails("audit checkpoint records sign", 2)).toContain("one of make, list, verify, cosign");
  expect(fails("audit checkpoint records make", 2)).toContain("give it with `--key`");
  expect(fails("audit ls records 5", 2)).toContain("unexpected `5`");
});
