/** A Worker and its Durable Object, as the tests of the stores run them in workerd. */
import { chainHash } from "../../control/audit/line.ts";
import type { ChainTip, SealedRecord } from "../../control/ports.ts";
import {
  type ObjectStorage,
  type ObjectStores,
  openObjectStores,
} from "../../hosts/workers/stores/durable-object.ts";
import { numberOf } from "./check.ts";
import { CASES, type Faces } from "./suite.ts";
import { spend } from "./suite-ledger.ts";

function seal(tip: ChainTip, note: string): SealedRecord {
  const record = new TextEncoder().encode(JSON.stringify({ note, sequence: tip.sequence }));
  return { sequence: tip.sequence, record, hash: chainHash(tip.previous, record) };
}

export class StoresObject {
  readonly #storage: ObjectStorage;
  #stores: Promise<ObjectStores> | null = null;

  constructor(context: { storage: ObjectStorage }) {
    this.#storage = context.storage;
  }

  async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    try {
      if (pathname === "/case") return Response.json(await this.#runCase(searchParams.get("name")!));
      if (pathname === "/spend") return Response.json(await this.#spend(Number(searchParams.get("limit"))));
      if (pathname === "/found") return Response.json(await this.#found());
      if (pathname === "/sql") return Response.json(this.#storage.sql.exec(await request.text()).toArray());
      return new Response(null, { status: 404 });
    } catch (error) {
      const { name, message, code } = error as Error & { code?: string };
      return Response.json({ failed: `${name}: ${message}`, code });
    }
  }

  async #runCase(name: string): Promise<{ ok: true }> {
    const one = CASES.find((other) => other.name === name)!;
    const open = async (): Promise<Faces> => openObjectStores(this.#storage);
    await one.run({ open, seal });
    return { ok: true };
  }

  async #spend(limit: number): Promise<{ before: number | null }> {
    this.#stores ??= openObjectStores(this.#storage);
    const { ledger } = await this.#stores;
    return {
      before: await ledger.transact(["sum"], spend({ open: () => Promise.reject(), seal }, "sum", limit)),
    };
  }

  async #found(): Promise<{ sum: number; records: number; chained: boolean }> {
    const { ledger, log } = await openObjectStores(this.#storage);
    let [records, previous, chained] = [0, new Uint8Array(32), true];
    for await (const { record, hash } of log.read(0)) {
      const expected = chainHash(previous, record);
      chained &&= expected.every((byte, index) => byte === hash[index]);
      previous = new Uint8Array(hash);
      records++;
    }
    return { sum: numberOf((await ledger.read(["sum"]))[0]), records, chained };
  }
}

interface Namespace {
  idFromName(name: string): unknown;
  get(id: unknown): { fetch(request: Request): Promise<Response> };
}

export default {
  fetch(request: Request, env: { STORES: Namespace }): Promise<Response> {
    const name = new URL(request.url).searchParams.get("object") ?? "one";
    return env.STORES.get(env.STORES.idFromName(name)).fetch(request);
  },
};
