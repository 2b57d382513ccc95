import type { RecordLog } from "../../control/ports.ts";
import { all, behind, chain, equal, GENESIS, rejects } from "./check.ts";
import type { Case, Place } from "./suite.ts";

function ofLog(
  name: string,
  run: (log: RecordLog, place: Place) => Promise<void>,
  options: { shared?: true } = {},
): Case {
  return {
    name: `log: ${name}`,
    needs: ["log"],
    ...options,
    run: async (place) => run((await place.open()).log!, place),
  };
}

export const LOG_CASES: readonly Case[] = [
  ofLog("begins at 0 behind zeros", async (log) => {
    equal(await log.tip(), GENESIS);
    equal(await all(log.read(0)), []);
    equal(await log.append(GENESIS, []), { ok: true });
    equal(await log.tip(), GENESIS);
  }),
  ofLog("gives back what was appended, from any sequence on", async (log, place) => {
    const records = chain(place, GENESIS, 150);
    equal(await log.append(GENESIS, records.slice(0, 1)), { ok: true });
    equal(await log.append(behind(records[0]!), records.slice(1, 140)), { ok: true });
    equal(await log.append(behind(records[139]!), records.slice(140)), { ok: true });
    equal(await log.tip(), behind(records.at(-1)!));
    for (const from of [0, 1, 63, 64, 65, 128, 149, 150, 151, 1_000_000]) {
      equal(await all(log.read(from)), records.slice(from), `from ${from}`);
    }
  }),
  ofLog("writes nothing when the tip has moved on, and gives the tip", async (log, place) => {
    const [first, second] = chain(place, GENESIS, 2);
    equal(await log.append(GENESIS, [first!]), { ok: true });
    const conflict = { ok: false, tip: behind(first!) };
    equal(await log.append(GENESIS, [place.seal(GENESIS, "other")]), conflict);
    equal(await log.append(GENESIS, []), conflict);
    equal(await log.append(behind(second!), [place.seal(behind(second!), "ahead")]), conflict);
    const fork = { sequence: 1, previous: place.seal(GENESIS, "other").hash };
    equal(await log.append(fork, [place.seal(fork, "fork")]), conflict);
    equal(await log.append(behind(first!), [second!]), { ok: true });
    equal(await all(log.read(0)), [first, second]);
  }),
  ofLog("refuses records that do not follow, and stays as it is", async (log, place) => {
    const [first, second, third] = chain(place, GENESIS, 3);
    await rejects(log.append(GENESIS, [first!, third!]));
    equal(await all(log.read(0)), []);
    equal(await log.tip(), GENESIS);
    await log.close();
    const again = (await place.open()).log!;
    await rejects(again.append(GENESIS, [second!]));
    equal(await again.tip(), GENESIS);
  }),
  ofLog("a reading ends where the log did when it was asked for", async (log, place) => {
    const records = chain(place, GENESIS, 5);
    await log.append(GENESIS, records.slice(0, 3));
    const reading = log.read(1)[Symbol.asyncIterator]();
    const first = await reading.next();
    await log.append(behind(records[2]!), records.slice(3));
    equal(first.value, records[1]);
    const rest = await all({ [Symbol.asyncIterator]: () => reading });
    equal(rest, [records[2]]);
  }),
  ofLog("a large record and a large batch", async (log, place) => {
    const large = place.seal(GENESIS, "x".repeat(400_000));
    equal(await log.append(GENESIS, [large]), { ok: true });
    const many = chain(place, behind(large), 1000);
    equal(await log.append(behind(large), many), { ok: true });
    equal(await all(log.read(0)), [large, ...many]);
  }),
  ofLog("what is given out is not what is kept", async (log, place) => {
    const [record] = chain(place, GENESIS, 1);
    await log.append(GENESIS, [record!]);
    const tip = await log.tip();
    tip.previous.fill(0);
    for (const one of await all(log.read(0))) one.record.fill(0);
    equal(await all(log.read(0)), [record]);
    equal(await log.tip(), behind(record!));
  }),
  ofLog("what is appended is there after closing and opening", async (log, place) => {
    const records = chain(place, GENESIS, 10);
    await log.append(GENESIS, records);
    await log.close();
    await log.close();
    await rejects(log.append(behind(records.at(-1)!), chain(place, behind(records.at(-1)!), 1)));
    const again = (await place.open()).log!;
    equal(await again.tip(), behind(records.at(-1)!));
    equal(await all(again.read(0)), records);
  }),
  ofLog(
    "of appends at one tip one succeeds",
    async (first, place) => {
      const logs = [first, (await place.open()).log!, (await place.open()).log!];
      let acknowledged = 0;
      const write = async (log: RecordLog, who: number): Promise<void> => {
        for (let done = 0, tip = await log.tip(), attempts = 0; done < 15; attempts++) {
          if (attempts > 10_000) throw new Error("no append comes through");
          const record = place.seal(tip, `writer ${who}, ${done}`);
          const result = await log.append(tip, [record]);
          if (result.ok) acknowledged++;
          if (result.ok) done++;
          tip = result.ok ? behind(record) : result.tip;
        }
      };
      await Promise.all(logs.map(write));
      const records = await all(first.read(0));
      equal([records.length, acknowledged], [45, 45]);
      equal(await first.tip(), behind(records.at(-1)!));
    },
    { shared: true },
  ),
];
