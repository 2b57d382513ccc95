/** The stores of a Durable Object, in workerd. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CASES } from "./suite.ts";

let script: string;
let folder: string;
let worker: Miniflare;

/** workerd with what was stored before. */
async function start(): Promise<Miniflare> {
  const started = new Miniflare({
    modules: true,
    script,
    compatibilityDate: "2026-04-01",
    durableObjects: { STORES: { className: "StoresObject", useSQLite: true } },
    durableObjectsPersist: folder,
  });
  await started.ready;
  return started;
}

async function ask(path: string, query: Record<string, string>, body?: string): Promise<unknown> {
  const url = `http://localhost${path}?${new URLSearchParams(query)}`;
  const response = await worker.dispatchFetch(url, body === undefined ? {} : { method: "POST", body });
  return response.json();
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "faramesh-objects-"));
  const built = await build({
    entryPoints: [fileURLToPath(new URL("worker.ts", import.meta.url))],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
  });
  script = built.outputFiles[0]!.text;
  worker = await start();
});
afterAll(async () => {
  await worker?.dispose();
  await rm(folder, { recursive: true });
});

describe("Durable Object", () => {
  for (const { name } of CASES) {
    it(name, async () => expect(await ask("/case", { object: name, name })).toEqual({ ok: true }));
  }

  it("clients at once never overspend one budget, and spend all of it", async () => {
    const client = async (): Promise<(number | null)[]> => {
      const found: (number | null)[] = [];
      for (let index = 0; index < 40; index++) {
        const answer = (await ask("/spend", { object: "budget", limit: "50" })) as { before: number | null };
        found.push(answer.before);
      }
      return found;
    };
    const answers = (await Promise.all([client(), client()])).flat();
    const spent = answers.filter((before) => before !== null).sort((a, b) => a - b);
    expect(spent).toEqual(Array.from({ length: 50 }, (_, index) => index));
    expect(await ask("/found", { object: "budget" })).toEqual({ sum: 50, records: 80, chained: true });
  });

  it("everything is there in another process", async () => {
    for (let index = 0; index < 5; index++) await ask("/spend", { object: "kept", limit: "100" });
    await worker.dispose();
    worker = await start();
    expect(await ask("/found", { object: "kept" })).toEqual({ sum: 5, records: 5, chained: true });
    expect(await ask("/spend", { object: "kept", limit: "100" })).toEqual({ before: 5 });
  });

  it("refuses tables of another version or application, and damaged ones", async () => {
    const version = { object: "version", limit: "1" };
    await ask("/found", version);
    await ask("/sql", version, "UPDATE faramesh_meta SET version = 2");
    expect(await ask("/spend", version)).toMatchObject({ code: "store_version" });
    const foreign = { object: "foreign", limit: "1" };
    await ask("/sql", foreign, "CREATE TABLE faramesh_meta (application TEXT, version INTEGER)");
    expect(await ask("/spend", foreign)).toMatchObject({ code: "store_foreign" });
    const damaged = { object: "damaged", limit: "1" };
    await ask("/found", damaged);
    await ask("/sql", damaged, "UPDATE faramesh_chain SET previous = x'00'");
    expect(await ask("/spend", damaged)).toMatchObject({ code: "state_unavailable" });
  });
});
