import type { Ledger, LedgerOutcome, LedgerView } from "../../control/ports.ts";
import { all, behind, bytesOf, equal, GENESIS, numberOf, rejects, textOf } from "./check.ts";
import type { Case, Place } from "./suite.ts";

function ofLedger(
  name: string,
  run: (ledger: Ledger, place: Place) => Promise<void>,
  options: { shared?: true; needs?: Case["needs"] } = {},
): Case {
  const { needs = ["ledger"], ...rest } = options;
  return {
    name: `ledger: ${name}`,
    needs,
    ...rest,
    run: async (place) => run((await place.open()).ledger!, place),
  };
}

/** One more in `key` when that stays within `limit`, with a record that says so. @returns the sum before. */
export function spend(
  place: Place,
  key: string,
  limit: number,
): (view: LedgerView) => LedgerOutcome<number | null> {
  return (view) => {
    const before = numberOf(view.get(key));
    const record = place.seal(view.tip, before < limit ? `spent ${before + 1}` : "refused");
    if (before >= limit) return { records: [record], writes: new Map(), value: null };
    return { records: [record], writes: new Map([[key, bytesOf(`${before + 1}`)]]), value: before };
  };
}

const nothing = <Value>(value: Value): LedgerOutcome<Value> => ({ records: [], writes: new Map(), value });

const views: Case[] = [
  ofLedger(
    "a transaction sees the tip and the state, and what it makes of them is seen by the next",
    async (ledger, place) => {
      const first = place.seal(GENESIS, "first");
      const value = await ledger.transact(["a", "b"], (view) => {
        equal(view.tip, GENESIS);
        equal([view.get("a"), view.get("b")], [null, null]);
        return { records: [first], writes: new Map([["a", bytesOf("1")]]), value: "done" };
      });
      equal(value, "done");
      const seen = await ledger.transact(["a", "b"], (view) => {
        return nothing([view.tip, textOf(view.get("a")), view.get("b")]);
      });
      equal(seen, [behind(first), "1", null]);
      equal((await ledger.read(["b", "a"])).map(textOf), [null, "1"]);
      equal(await ledger.list("", null, 10), ["a"]);
    },
  ),
  ofLedger("several records and writes, and removal", async (ledger, place) => {
    const first = place.seal(GENESIS, "first");
    const second = place.seal(behind(first), "second");
    const writes = new Map([
      ["a", bytesOf("1")],
      ["b", new Uint8Array(0)],
    ]);
    await ledger.transact(["a", "b"], () => ({ records: [first, second], writes, value: null }));
    equal(await ledger.read(["a", "b"]), [bytesOf("1"), new Uint8Array(0)]);
    const removed = new Map([
      ["a", null],
      ["none", null],
    ]);
    await ledger.transact(["a", "none"], (view) => {
      equal(view.tip, behind(second));
      return { records: [place.seal(view.tip, "third")], writes: removed, value: null };
    });
    equal(await ledger.list("", null, 10), ["b"]);
  }),
  ofLedger("no other key is seen or written", async (ledger) => {
    const writes = new Map([["b", bytesOf("1")]]);
    await rejects(
      ledger.transact(["a"], (view) => nothing(view.get("b"))),
      "RangeError",
    );
    await rejects(
      ledger.transact(["a"], () => ({ records: [], writes, value: null })),
      "RangeError",
    );
    await rejects(
      ledger.transact([""], () => nothing(null)),
      "RangeError",
    );
    await rejects(
      ledger.transact(["\ud800"], () => nothing(null)),
      "RangeError",
    );
    equal(await ledger.list("", null, 10), []);
  }),
  ofLedger("nothing is written or removed without a record", async (ledger, place) => {
    const records = [place.seal(GENESIS, "first")];
    const writes = new Map([["a", bytesOf("1")]]);
    await ledger.transact(["a"], () => ({ records, writes, value: null }));
    for (const bytes of [bytesOf("2"), null]) {
      const alone = new Map([["a", bytes]]);
      await rejects(
        ledger.transact(["a"], () => ({ records: [], writes: alone, value: null })),
        "TypeError",
      );
    }
    equal((await ledger.read(["a"])).map(textOf), ["1"]);
    equal(await ledger.transact([], (view) => nothing(view.tip)), behind(records[0]!));
  }),
  ofLedger("what a work does wrong fails its own call alone", async (ledger, place) => {
    const wrong = new Error("the work's own");
    const calls = [
      ledger.transact(["sum"], spend(place, "sum", 100)),
      ledger.transact(["sum"], () => {
        throw wrong;
      }),
      ledger.transact(["sum"], ({ tip }) => {
        const ahead = place.seal({ sequence: tip.sequence + 1, previous: tip.previous }, "ahead");
        return { records: [ahead], writes: new Map([["sum", bytesOf("99")]]), value: null };
      }),
      ledger.transact(["sum"], ({ tip }) => {
        const writes = new Map([["sum", new Uint8Array(1_048_577)]]);
        return { records: [place.seal(tip, "too large")], writes, value: null };
      }),
      ledger.transact(["sum"], spend(place, "sum", 100)),
    ];
    const results = await Promise.allSettled(calls);
    equal(
      results.map(({ status }) => status),
      ["fulfilled", "rejected", "rejected", "rejected", "fulfilled"],
    );
    equal((results[1] as PromiseRejectedResult).reason === wrong, true, "the work's own error");
    equal(numberOf((await ledger.read(["sum"]))[0]), 2);
  }),
  ofLedger("large values and many keys", async (ledger, place) => {
    const keys = Array.from({ length: 100 }, (_, index) => `k${index}`);
    const large = new Uint8Array(1_048_576).fill(7);
    const record = place.seal(GENESIS, "x".repeat(200_000));
    const writes = new Map(keys.map((key) => [key, key === "k50" ? large : bytesOf(key)]));
    await ledger.transact(keys, () => ({ records: [record], writes, value: null }));
    const read = await ledger.read(keys);
    equal(
      read.map((bytes) => bytes?.length),
      keys.map((key) => writes.get(key)!.length),
    );
    equal(read[50], large);
    equal((await ledger.list("k", null, 1000)).length, 100);
  }),
];

const order: Case[] = [
  ofLedger("calls at once on one connection take effect one after the other", async (ledger, place) => {
    const calls = Array.from({ length: 300 }, () => ledger.transact(["sum"], spend(place, "sum", 1_000_000)));
    const before = await Promise.all(calls);
    equal(
      before,
      Array.from({ length: 300 }, (_, index) => index),
      "sums in the order of the calls",
    );
    equal(await ledger.transact([], (view) => nothing(view.tip.sequence)), 300);
    equal(numberOf((await ledger.read(["sum"]))[0]), 300);
  }),
  ofLedger(
    "connections that spend from one budget never overspend it, and spend all of it",
    async (first, place) => {
      const ledgers = [first];
      while (ledgers.length < 4) ledgers.push((await place.open()).ledger!);
      const worker = async (ledger: Ledger): Promise<(number | null)[]> => {
        const found: (number | null)[] = [];
        for (let index = 0; index < 20; index++)
          found.push(await ledger.transact(["sum"], spend(place, "sum", 100)));
        return found;
      };
      const results = (await Promise.all(ledgers.flatMap((one) => [worker(one), worker(one)]))).flat();
      const spent = results.filter((one) => one !== null).sort((a, b) => a - b);
      equal(
        spent,
        Array.from({ length: 100 }, (_, index) => index),
        "every unit once",
      );
      equal(numberOf((await first.read(["sum"]))[0]), 100);
      equal(await first.transact([], (view) => nothing(view.tip.sequence)), results.length);
    },
    { shared: true },
  ),
  ofLedger("reads are of one moment", async (ledger, place) => {
    let writing = true;
    const write = async (): Promise<void> => {
      for (let count = 0; count < 100; count++) {
        const writes = new Map(["a", "b"].map((key) => [key, bytesOf(`${count}`)]));
        await ledger.transact(["a", "b"], ({ tip }) => {
          return { records: [place.seal(tip, `${count}`)], writes, value: null };
        });
        equal(numberOf((await ledger.read(["a"]))[0]), count, "what has resolved");
      }
      writing = false;
    };
    const look = async (): Promise<void> => {
      for (let count = 0; writing && count < 100_000; count++) {
        const [a, b] = await ledger.read(["a", "b"]);
        equal(a, b, "values written together");
      }
    };
    await Promise.all([write(), look()]);
  }),
];

const ends: Case[] = [
  ofLedger(
    "all is there after closing and opening; `close` waits for what is under way",
    async (ledger, place) => {
      const calls = Array.from({ length: 20 }, () => ledger.transact(["sum"], spend(place, "sum", 100)));
      await Promise.resolve();
      const closing = ledger.close();
      const settled = await Promise.allSettled(calls);
      await closing;
      await ledger.close();
      await rejects(ledger.transact(["sum"], spend(place, "sum", 100)));
      await rejects(ledger.read(["sum"]));
      const done = settled.filter(({ status }) => status === "fulfilled").length;
      const again = (await place.open()).ledger!;
      equal([done, numberOf((await again.read(["sum"]))[0])], [20, 20]);
      equal(
        await again.transact(["sum"], (view) => nothing([view.tip.sequence, numberOf(view.get("sum"))])),
        [20, 20],
      );
    },
  ),
  {
    name: "ledger: state, log and ledger of one database show the same",
    needs: ["state", "log", "ledger"],
    run: async (place) => {
      const faces = await place.open();
      const [store, log, ledger] = [faces.state!, faces.log!, faces.ledger!];
      const first = place.seal(GENESIS, "first");
      const put = (text: string) => new Map([["k", bytesOf(text)]]);
      const second = place.seal(behind(first), "second");
      await ledger.transact(["k"], () => ({ records: [first], writes: put("1"), value: null }));
      await ledger.transact(["k"], () => ({ records: [second], writes: put("2"), value: null }));
      equal(await store.read(["k"]), [{ bytes: bytesOf("2"), version: 2 }]);
      equal(await store.commit([{ key: "k", expected: 2, bytes: bytesOf("3") }]), { ok: true });
      equal(await log.tip(), behind(second));
      const third = place.seal(behind(second), "third");
      equal(await log.append(behind(second), [third]), { ok: true });
      const seen = await ledger.transact(["k"], (view) => nothing([textOf(view.get("k")), view.tip]));
      equal(seen, ["3", behind(third)]);
      equal(await all(log.read(0)), [first, second, third]);
    },
  },
];

export const LEDGER_CASES: readonly Case[] = [...views, ...order, ...ends];
