/** The control plane in a Durable Object, in workerd: what it remembers over a restart, what it counts, and its records. */
import { expect, test } from "vitest";
import { verifyLines } from "../../../control/audit/verify.ts";
import { startOrigin } from "../../policy/origin-server.ts";
import { fileOf, refundPolicy } from "../policies.ts";
import { temporaryFolder } from "../records.ts";
import {
  AHEAD_MS,
  ask,
  bearer,
  decide,
  deciding,
  key,
  large,
  OPERATOR_TOKEN,
  poll,
  refund,
  small,
  startWorker,
  type Worker,
} from "./worker.ts";

interface Line {
  sequence: number;
  code: string;
  bundle: string;
  action_digest: string;
}

/** All records, read page by page, in an intact chain. */
async function recordsOf(worker: Worker): Promise<Line[]> {
  let log = "";
  const count = (): number => log.split("\n").length - 1;
  for (;;) {
    const response = await worker.fetch(`/v1/records?from=${count()}`, { headers: bearer(OPERATOR_TOKEN) });
    expect(response.status).toBe(200);
    const page = await response.text();
    if (page === "") break;
    log += page;
  }
  expect(verifyLines(new TextEncoder().encode(log))).toMatchObject({ fault: null, records: count() });
  return log
    .trimEnd()
    .split("\n")
    .map((line) => (JSON.parse(line) as { record: Line }).record);
}

test("after a restart: the last good bundle decides as stale while the origin is down, and an older one stays out", async () => {
  const folder = temporaryFolder();
  const origin = await startOrigin(large);
  const before = await startWorker({ ADDRESS: origin.address }, folder);
  expect(await deciding(before)).toBe("large");
  await before.end();

  origin.fault = "error";
  const down = await startWorker({ ADDRESS: origin.address }, folder);
  expect(await deciding(down)).toBe("large");
  const status = await poll(down);
  expect(status).toMatchObject({ identity: { sequence: 2, signed: true }, confirmedMs: null });
  expect(status.refusal.code).toBe("origin_refused");
  expect(status.staleSinceMs).toBeGreaterThan(0);
  expect(await (await down.fetch("/healthz")).json()).toEqual({ status: "stale" });
  expect((await decide(down, 20)).sequence).toBe(2);
  await down.end();

  origin.fault = null;
  origin.file = small;
  const older = await startWorker({ ADDRESS: origin.address }, folder);
  expect((await poll(older)).refusal.code).toBe("sequence_older");
  expect(await deciding(older)).toBe("large");
  origin.file = large;
  origin.answers.length = 0;
  expect(await poll(older)).toMatchObject({ staleSinceMs: null, refusal: null });
  expect(origin.answers).toEqual([304]);
  expect((await recordsOf(older)).map(({ sequence }) => sequence)).toEqual([0, 1, 2, 3]);
});

test("a bundle of several rows is kept whole", async () => {
  const folder = temporaryFolder();
  const rules = Array.from(
    { length: 12_000 },
    (_, index) => `    permit tool/number_${index}_${"x".repeat(40)}`,
  );
  const text = refundPolicy(1_000).replace("  rules {", `  rules {\n${rules.join("\n")}`);
  const file = fileOf(text, 7, key);
  expect(file.length).toBeGreaterThan(1_100_000);
  const origin = await startOrigin(file);
  const before = await startWorker({ ADDRESS: origin.address }, folder);
  expect(await deciding(before)).toBe("large");
  await before.end();
  await origin.close();
  const after = await startWorker({ ADDRESS: origin.address }, folder);
  expect(await deciding(after)).toBe("large");
});

test("a kept bundle that the trust file of now does not stand is not used", async () => {
  const folder = temporaryFolder();
  const origin = await startOrigin(large);
  const before = await startWorker({ ADDRESS: origin.address }, folder);
  expect(await deciding(before)).toBe("large");
  await before.end();
  await origin.close();
  const year = 366 * 24 * 3_600_000;
  const later = await startWorker({ ADDRESS: origin.address, AHEAD_MS: AHEAD_MS + year }, folder);
  expect(await deciding(later)).toBe("none");
});

test("each tenant's object has its own policy and records", async () => {
  const folder = temporaryFolder();
  const origin = await startOrigin(small);
  const shop = await startWorker({ ADDRESS: origin.address }, folder);
  expect((await decide(shop, 20)).sequence).toBe(0);
  expect((await decide(shop, 20)).sequence).toBe(1);
  await shop.end();
  const other = await startWorker({ ADDRESS: origin.address, TENANT: "other" }, folder);
  expect((await decide(other, 20)).sequence).toBe(0);
});

const BUDGETED = `agent "shop" {
  cost stripe/refund args.amount

  budget session {
    max = $100
  }

  rules {
    defer stripe/refund when amount > $80
    permit stripe/*
  }
}
`;

test("a session, its budget over two requests, settling, refunding and approving", async () => {
  const origin = await startOrigin(fileOf(BUDGETED, 1, key));
  const worker = await startWorker({ ADDRESS: origin.address });
  const event = (body: object) => ask(worker, "/v1/events", { agent: "shop", session: "S-1", ...body });
  const spend = (amount: number) =>
    ask(worker, "/v1/decide?agent=shop&session=S-1", { ...refund(amount), session: "S-1" });

  expect((await event({ type: "session_open" })).code).toBe("event_applied");
  const first = await spend(60);
  expect(first).toMatchObject({ effect: "permit", sequence: 1, reservation: 1 });
  expect(first.hash).toMatch(/^[0-9a-f]{64}$/);
  expect((await spend(60)).effect).toBe("deny");
  expect((await event({ type: "settle", reservation: 1, money: "10.5" })).code).toBe("event_applied");
  expect((await event({ type: "settle", reservation: 1, money: "1" })).code).toBe("reservation_unknown");
  const second = await spend(60);
  expect(second.effect).toBe("permit");
  expect((await event({ type: "refund", reservation: second.reservation })).code).toBe("event_applied");

  const deferred = await spend(85);
  expect(deferred).toMatchObject({ effect: "defer" });
  const record = (await recordsOf(worker)).at(-1)!;
  const approval = {
    type: "approve",
    agent: "shop",
    session: "S-1",
    action_digest: record.action_digest,
    approver: "ann",
    expires: Date.UTC(2027, 6, 1),
  };
  // An agent's token approves nothing.
  expect((await ask(worker, "/v1/operations", approval)).status).toBe(401);
  expect((await ask(worker, "/v1/events", approval)).error?.code).toBe("request_malformed");
  expect((await ask(worker, "/v1/operations", approval, OPERATOR_TOKEN)).code).toBe("event_applied");
  expect((await spend(85)).effect).toBe("permit");
  // Once.
  expect((await spend(85)).effect).toBe("defer");
  expect((await spend(20)).effect).toBe("deny");
  expect((await ask(worker, "/v1/records")).status).toBe(401);

  const freeze = { type: "freeze", agent: "shop", by: "ann" };
  expect((await ask(worker, "/v1/operations", freeze, OPERATOR_TOKEN)).code).toBe("event_applied");
  expect((await spend(1)).effect).toBe("deny");
  expect((await event({ type: "session_close", reason: "done" })).status).toBe(200);
  await recordsOf(worker);
});

test("swaps under load: every call is decided by one bundle wholly, and none is lost or mixed", async () => {
  const origin = await startOrigin(small);
  const worker = await startWorker({ ADDRESS: origin.address });
  const expected = new Map<string, string>([[(await poll(worker)).identity.bundle, "rule_defer"]]);
  const heard = new Map<number, string>();
  let done = false;
  const callers = Array.from({ length: 8 }, async () => {
    while (!done) {
      const { sequence, code } = await decide(worker, 500);
      expect(heard.has(sequence!)).toBe(false);
      heard.set(sequence!, code!);
    }
  });
  for (let sequence = 2; sequence <= 9; sequence++) {
    const isLarge = sequence % 2 === 0;
    origin.file = fileOf(refundPolicy(isLarge ? 1_000 : 100), sequence, key);
    const { identity } = await poll(worker);
    expect(identity.sequence).toBe(sequence);
    expected.set(identity.bundle, isLarge ? "rule_permit" : "rule_defer");
    const before = heard.size;
    while (heard.size < before + 20) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  done = true;
  await Promise.all(callers);
  const records = await recordsOf(worker);
  expect(records.length).toBe(heard.size);
  const codes = new Map<string, number>();
  for (const { sequence, bundle, code } of records) {
    expect(code).toBe(expected.get(bundle));
    expect(code).toBe(heard.get(sequence));
    codes.set(code, (codes.get(code) ?? 0) + 1);
  }
  expect(codes.get("rule_permit")).toBeGreaterThan(50);
  expect(codes.get("rule_defer")).toBeGreaterThan(50);
});

test("what redacts has a salt that is not told", async () => {
  const policy = refundPolicy(100).replace("  rules {", '  redact stripe/* args ["note"]\n\n  rules {');
  const origin = await startOrigin(fileOf(policy, 1, key));
  const worker = await startWorker({ ADDRESS: origin.address });
  const action = { agent: "shop", tool: "stripe/refund", args: { amount: 20, note: "to Ann Example" } };
  expect(await ask(worker, "/v1/decide?agent=shop", action)).toMatchObject({ effect: "permit" });
  const [line] = await recordsOf(worker);
  expect(JSON.stringify(line)).not.toContain("Ann Example");
});

test("a policy that asks for checkpoints is refused where nobody makes them", async () => {
  const origin = await startOrigin(small);
  const worker = await startWorker({ ADDRESS: origin.address });
  expect(await deciding(worker)).toBe("small");
  const asking = `runtime {\n  checkpoint_every = 10\n}\n\n${refundPolicy(1_000)}`;
  origin.file = fileOf(asking, 2, key);
  expect((await poll(worker)).refusal.code).toBe("checkpoints_missing");
  expect(await deciding(worker)).toBe("small");
  const elsewhere = await startWorker({ ADDRESS: origin.address, CHECKPOINTS: "elsewhere" });
  expect(await deciding(elsewhere)).toBe("large");
});

test("a cron trigger polls", async () => {
  const origin = await startOrigin(small);
  const worker = await startWorker({ ADDRESS: origin.address });
  expect(await deciding(worker)).toBe("small");
  origin.file = large;
  const handlers = (await worker.miniflare.getWorker()) as unknown as {
    scheduled(event: { cron: string }): Promise<unknown>;
  };
  await handlers.scheduled({ cron: "* * * * *" });
  expect(await deciding(worker)).toBe("large");
});
