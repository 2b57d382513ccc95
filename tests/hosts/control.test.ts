import { createHash } from "node:crypto";
import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { generateKey } from "../../bundles/trust/index.ts";
import {
  type Control,
  ControlRefused,
  type Keeping,
  openControl,
  PolicyRefused,
  RECORDS_NAME,
  rebuild,
  SALT_KEY_NAME,
  STATE_NAME,
  verifyLog,
} from "../../hosts/node/index.ts";
import { openSqlite } from "../../hosts/node/stores/sqlite.ts";
import { fileOf, NOW_MS, trustIn } from "./policies.ts";
import { temporaryFolder } from "./records.ts";

const key = generateKey(new Uint8Array(32).fill(1), "key-1");
const clock = { now: () => NOW_MS };
const OPEN = { agent: "shop", session: "s" };

/** The session's budget goes before the others, or does not. */
function policyOf(limit: number, more = ""): string {
  return `agent "shop" {
  cost stripe/refund args.amount
  ${more}
  budget session { max = $${limit} }
  redact stripe/refund args: ["card"]
  rules {
    permit orders/get
    permit stripe/refund
  }
}
`;
}

function refund(amount: number, more: object = {}) {
  return { ...OPEN, action: { ...OPEN, tool: "stripe/refund", args: { amount, ...more } } };
}

async function opened(
  keeping: string | (Keeping & { clock?: typeof clock }),
  policy = fileOf(policyOf(100), 1, key),
): Promise<Control> {
  const kept = typeof keeping === "string" ? { folder: keeping } : keeping;
  const control = await openControl({ policy, trust: trustIn(key), nowMs: clock.now, clock, ...kept });
  onTestFinished(() => control.close());
  return control;
}

async function codeOf(control: Control, amount: number): Promise<string> {
  return (await control.decide(refund(amount))).verdict.code;
}

async function refusedWith(opening: Promise<unknown>): Promise<string> {
  const error = await opening.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ControlRefused)) throw new Error(`not refused: ${error}`);
  expect(error.message.length > 0 && error.help.length > 0).toBe(true);
  return error.code;
}

describe("a call whose text names another session than the request", () => {
  const cases: [string, string | null, string | null][] = [
    ["no session in the request", null, "s"],
    ["no session in the text", "s", null],
    ["another session in the text", "s", "t"],
    ["another session in the request", "t", "s"],
  ];
  test.each(cases)("is denied, and the state follows from the records: %s", async (_, session, named) => {
    const folder = temporaryFolder();
    let now = NOW_MS;
    const keeping = { folder, clock: { now: () => now++ } };
    const control = await opened(keeping);
    expect((await control.openSession(OPEN)).verdict.code).toBe("event_applied");
    expect(await codeOf(control, 1)).toBe("rule_permit");
    const action = { agent: "shop", tool: "stripe/refund", args: { amount: 1 }, session: named };
    const { verdict } = await control.decide({ agent: "shop", session, action });
    expect(verdict.effect).toBe("deny");
    expect(await codeOf(control, 2)).toBe("rule_permit");
    await control.close();
    expect(await rebuild(folder)).toBe(4);
    const again = await opened(keeping);
    expect(await codeOf(again, 98)).toBe("budget_exceeded");
    expect(await codeOf(again, 97)).toBe("rule_permit");
  });
});

describe("a folder", () => {
  test("holds what was decided: chain and state go on when it is opened again", async () => {
    const folder = join(temporaryFolder(), "kept");
    const control = await opened(folder);
    expect(control.identity).toMatchObject({ signed: true, sequence: 1 });
    await control.openSession(OPEN);
    const decision = await control.decide(refund(60, { card: "4111" }));
    expect(decision).toMatchObject({ sequence: 1, reservation: 1, verdict: { effect: "permit" } });
    await control.close();
    expect((await control.decide(refund(1))).verdict.code).toBe("record_unwritable");
    expect(readdirSync(folder)).toEqual(expect.arrayContaining([RECORDS_NAME, SALT_KEY_NAME, STATE_NAME]));
    expect(statSync(join(folder, SALT_KEY_NAME)).mode & 0o777).toBe(0o600);

    const again = await opened(folder);
    expect(await codeOf(again, 41)).toBe("budget_exceeded");
    expect(await codeOf(again, 40)).toBe("rule_permit");
    expect(await codeOf(again, 1)).toBe("session_exhausted");
    await again.close();
    expect(await verifyLog(join(folder, RECORDS_NAME))).toMatchObject({ records: 5, fault: null });
  });

  test("an event for one bundle is not judged by another, that was taken into use while it waited", async () => {
    const control = await opened(temporaryFolder());
    let others = 0;
    const { bundle } = control.identity!;
    const under = control.under(bundle, () => {
      others++;
    });
    expect(await under.freeze({ agent: "shop" })).toMatchObject({ sequence: 0 });
    const reloaded = await control.reload(fileOf(policyOf(200), 2, key));
    expect(reloaded.ok).toBe(true);
    const late = await under.unfreeze({ agent: "shop" });
    expect(late).toMatchObject({ sequence: null, verdict: { effect: "deny" } });
    expect(others).toBe(1);
    expect((await control.unfreeze({ agent: "shop" })).sequence).toBe(1);
  });

  test("goes on whatever a caller does to the hash that it was given", async () => {
    const folder = temporaryFolder();
    const control = await opened(folder);
    const first = await control.openSession(OPEN);
    const second = control.decide(refund(1));
    first.hash!.fill(0);
    new Uint8Array(first.hash!.buffer).fill(0);
    expect(first.hash!.buffer.byteLength).toBe(32);
    expect((await second).verdict.code).toBe("rule_permit");
    expect(await codeOf(control, 2)).toBe("rule_permit");
    await control.close();
    expect(await verifyLog(join(folder, RECORDS_NAME))).toMatchObject({ records: 3, fault: null });
  });

  test("is held by one at a time", async () => {
    const folder = temporaryFolder();
    const control = await opened(folder);
    expect(await refusedWith(opened(folder))).toBe("log_locked");
    await control.close();
    await opened(folder);
  });

  test("records with text of every kind in them verify", async () => {
    const folder = temporaryFolder();
    const control = await opened(folder);
    await control.openSession({ ...OPEN, purpose: "é \ud83d\ude00" });
    const args = { note: 'é \u0000 \u2028 \ud83d\ude00 "\\', 10: "ten", 9: [-0, 1e-7, 0.1, null, {}] };
    const facts = { model: "m", parent: "x", causes: ["\u2028"] };
    const action = { ...OPEN, tool: "orders/get", args };
    expect((await control.decide({ ...OPEN, action, facts })).verdict.effect).toBe("permit");
    const big = JSON.stringify({ ...OPEN, tool: "orders/get", args: { text: "y".repeat(1_000_000) } });
    const bigFacts = JSON.stringify({ model: "z".repeat(1_000_000) });
    expect((await control.decide({ ...OPEN, action: big, facts: bigFacts })).verdict.effect).toBe("permit");
    expect((await control.decide({ ...OPEN, action: "{" })).verdict.code).toBe("invalid_json");
    const { scheme } = { scheme: "none" };
    const refused = [
      await control.openSession(OPEN),
      await control.setPhase({ ...OPEN, phase: "\ud800" }),
      await control.openSession({ ...OPEN, credential: { scheme } }),
      await control.decide({ ...refund(1), credential: { scheme } }),
      await control.decide({ ...refund(1), session: null }),
    ];
    const codes = [
      "session_exists",
      "lone_surrogate",
      "identity_invalid",
      "identity_invalid",
      "session_unknown",
    ];
    expect(refused.map(({ verdict }) => verdict.code)).toEqual(codes);
    await control.recordIncident({ agent: "shop", id: "I-1" });
    await control.close();
    expect(await verifyLog(join(folder, RECORDS_NAME))).toMatchObject({ records: 10, fault: null });
  });

  test("whose store is lost or damaged: the log makes it again", async () => {
    const folder = temporaryFolder();
    const control = await opened(folder);
    await control.openSession(OPEN);
    await control.decide(refund(60));
    await control.close();
    const state = join(folder, STATE_NAME);
    rmSync(state);
    const second = await opened(folder);
    expect(await codeOf(second, 41)).toBe("budget_exceeded");
    await second.close();

    truncateSync(state, 5_000);
    expect(await refusedWith(opened(folder))).toBe("store_damaged");
    for (const name of readdirSync(folder)) if (name.startsWith(STATE_NAME)) rmSync(join(folder, name));
    expect(await rebuild(folder)).toBe(3);
    expect(await codeOf(await opened(folder), 41)).toBe("budget_exceeded");
  });

  test("whose log is not the store's: refused", async () => {
    const folder = temporaryFolder();
    const control = await opened(folder);
    await control.openSession(OPEN);
    await control.close();
    rmSync(join(folder, RECORDS_NAME), { recursive: true });
    expect(await refusedWith(opened(folder))).toBe("state_ahead");
    expect(await rebuild(folder)).toBe(0);
    expect((await (await opened(folder)).openSession(OPEN)).sequence).toBe(0);
  });

  test("with a key of another size: refused, and nothing stays open", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, SALT_KEY_NAME), "short");
    expect(await refusedWith(opened(folder))).toBe("salt_key_unusable");
    expect(await refusedWith(opened(folder))).toBe("salt_key_unusable");
    expect(readFileSync(join(folder, SALT_KEY_NAME), "utf8")).toBe("short");
  });

  test("is not touched when the policy is refused", async () => {
    const folder = join(temporaryFolder(), "kept");
    const policy = fileOf(policyOf(100), 1);
    await expect(opened(folder, policy)).rejects.toThrow(PolicyRefused);
    expect(existsSync(folder)).toBe(false);
  });
});

test("with no place for records, or two, is a programmer's error, and nothing is made", async () => {
  const folder = join(temporaryFolder(), "kept");
  const given = { policy: fileOf(policyOf(100), 1, key), trust: trustIn(key), nowMs: clock.now };
  await expect(openControl(given as never)).rejects.toThrow("either `folder` or `ledger`");
  await expect(openControl({ ...given, folder, ledger: {} } as never)).rejects.toThrow(TypeError);
  await expect(openControl({ ...given, ledger: {} } as never)).rejects.toThrow("`salts`");
  expect(existsSync(folder)).toBe(false);
});

test("a call's outcome names the action as its record does, an event's does not", async () => {
  const control = await opened(temporaryFolder());
  expect((await control.openSession(OPEN)).actionDigest).toBeNull();
  const decision = await control.decide(refund(1, { action_digest: "0".repeat(64) }));
  const canonical = `{"agent":"shop","args":{"action_digest":"${"0".repeat(64)}","amount":1},"session":"s","tool":"stripe/refund"}`;
  expect(decision.actionDigest).toBe(createHash("sha256").update(canonical).digest("hex"));
  const malformed = await control.decide({ ...OPEN, action: '{"agent":' });
  expect(malformed.actionDigest).toBe(createHash("sha256").update('{"agent":').digest("hex"));
  // Refused by a port, with its reason beside it.
  const refused = await control.decide({ ...refund(2), credential: { scheme: "none" } });
  expect([refused.verdict.code, refused.failure === null]).toEqual(["identity_invalid", false]);
  expect(refused.actionDigest).toMatch(/^[0-9a-f]{64}$/);
  await control.close();
  expect((await control.decide(refund(1))).actionDigest).toBeNull();
});

test.skipIf(process.platform === "win32")("a folder and what is in it are their owner's alone", async () => {
  const folder = join(temporaryFolder(), "new", "plane");
  const control = await opened(folder);
  await control.openSession(OPEN);
  const names = (readdirSync(folder, { recursive: true }) as string[]).filter((name) => !name.includes("-"));
  const modes = [".", "..", ...names].map((name) => {
    const status = statSync(join(folder, name));
    return [name, status.mode & 0o777, status.isDirectory() ? 0o700 : 0o600];
  });
  expect(modes.length).toBe(7);
  expect(modes.filter(([, mode, expected]) => mode !== expected)).toEqual([]);
});

describe("a policy that is replaced", () => {
  test("goes on with what was counted, also under other meters", async () => {
    const folder = temporaryFolder();
    const control = await opened(folder);
    await control.openSession(OPEN);
    const before = await control.decide(refund(60));
    const wider = policyOf(100, "budget daily { max = $1000 }\n  rate_limit orders/* 5 per minute");
    expect(await control.reload(fileOf(wider, 2, key))).toMatchObject({
      ok: true,
      identity: { sequence: 2 },
    });
    expect(await codeOf(control, 41)).toBe("budget_exceeded");
    expect((await before.settle({ money: 10 })).verdict.code).toBe("event_applied");
    expect(await codeOf(control, 91)).toBe("budget_exceeded");
    expect(await control.reload(fileOf(policyOf(200), 3, key))).toMatchObject({ ok: true });
    expect(await codeOf(control, 190)).toBe("rule_permit");
    expect(await control.reload(fileOf(policyOf(9000), 1, key))).toMatchObject({
      ok: false,
      code: "sequence_older",
    });
    expect(await codeOf(control, 1)).toBe("session_exhausted");
    await control.close();
    rmSync(join(folder, STATE_NAME));
    expect(await codeOf(await opened(folder, fileOf(policyOf(200), 3, key)), 1)).toBe("session_exhausted");
  });
});

test("a database is a ledger for several", async () => {
  const path = join(temporaryFolder(), "all.sqlite");
  const controls = await Promise.all(
    [1, 2].map(async () => {
      const sqlite = await openSqlite(path);
      if (!sqlite.ok) throw new Error(sqlite.message);
      const salts = { at: () => "0123456789abcdef" };
      return opened({ ledger: sqlite.stores.ledger, salts });
    }),
  );
  await controls[0]!.openSession(OPEN);
  const codes = await Promise.all([0, 1, 0, 1].map((index) => codeOf(controls[index]!, 40)));
  expect(codes.sort()).toEqual(["budget_exceeded", "budget_exceeded", "rule_permit", "rule_permit"]);
});
