/**
 * One process of several on one store. Arguments: a JSON text of `ChildArguments`. Says on its output, one line each: `ready` when the
 * store is open, `ack SEQUENCE ID` for every transaction that has resolved, `refused` for one over the limit, `failed MESSAGE`.
 */
import { writeSync } from "node:fs";
import type { Ledger } from "../../control/ports.ts";
import { openPostgres, type PostgresOptions } from "../../hosts/node/stores/postgres.ts";
import { openSqlite } from "../../hosts/node/stores/sqlite.ts";
import { recordAt } from "../log/records.ts";
import { bytesOf, numberOf } from "./check.ts";

export interface ChildArguments {
  readonly store: { readonly sqlite: string } | { readonly postgres: PostgresOptions };
  /** Tells the records of this process from those of others. */
  readonly name: string;
  readonly callers: number;
  /** Ends when that many transactions are acknowledged, or when the budget is spent. */
  readonly transactions: number;
  readonly limit: number;
}

export const SUM = "budget/sum";
const say = (line: string): void => void writeSync(1, `${line}\n`);

async function openLedger({ store }: ChildArguments): Promise<Ledger> {
  const opened = "sqlite" in store ? await openSqlite(store.sqlite) : await openPostgres(store.postgres);
  if (!opened.ok) throw new Error(`${opened.code}: ${opened.message}`);
  return opened.stores.ledger;
}

async function main(): Promise<void> {
  const given = JSON.parse(process.argv[2]!) as ChildArguments;
  const ledger = await openLedger(given);
  say("ready");
  let begun = 0;
  const caller = async (): Promise<void> => {
    while (begun < given.transactions) {
      const id = `${given.name}-${begun++}`;
      const sequence = await ledger.transact([SUM, `own/${given.name}`], (view) => {
        const sum = numberOf(view.get(SUM));
        if (sum >= given.limit) return { records: [], writes: new Map(), value: null };
        const own = numberOf(view.get(`own/${given.name}`));
        const writes = new Map([
          [SUM, bytesOf(`${sum + 1}`)],
          [`own/${given.name}`, bytesOf(`${own + 1}`)],
        ]);
        return { records: [recordAt(view.tip, id)], writes, value: view.tip.sequence };
      });
      if (sequence === null) return say("refused");
      say(`ack ${sequence} ${id}`);
    }
  };
  await Promise.all(Array.from({ length: given.callers }, caller));
  await ledger.close();
}

try {
  await main();
} catch (error) {
  say(`failed ${(error as Error).name} ${(error as Error).message}`);
  process.exitCode = 1;
}
