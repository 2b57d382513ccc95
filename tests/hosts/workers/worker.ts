/** Starts the tests' Worker in workerd, and asks it. */
import { Miniflare } from "miniflare";
import { onTestFinished } from "vitest";
import { printTrustFile } from "../../../bundles/trust/index.ts";
import { fileOf, keyOf, NOW_MS, refundPolicy, trustIn } from "../policies.ts";
import { modulesOf, scriptOf } from "./script.ts";

export const TOKEN = "a-token-of-the-tests";
/** Of all Workers of a test file alike: time does not go back over a restart. */
export const AHEAD_MS = NOW_MS - Date.now();
export const OPERATOR_TOKEN = "another-token-of-the-tests";
export const key = keyOf(1);
export const small = fileOf(refundPolicy(100), 1, key);
export const large = fileOf(refundPolicy(1_000), 2, key);

let script: Promise<string> | null = null;

export interface Worker {
  readonly miniflare: Miniflare;
  /** Ends it now, and not with the test. */
  end(): Promise<void>;
  fetch(
    path: string,
    init?: Parameters<Miniflare["dispatchFetch"]>[1],
  ): ReturnType<Miniflare["dispatchFetch"]>;
}

export type Bindings = Readonly<Record<string, string | number | undefined>>;

/** @param folder where its objects are kept, when that is longer than its life. */
export async function startWorker(bindings: Bindings, folder?: string): Promise<Worker> {
  script ??= scriptOf("tests/hosts/workers/entry.ts");
  const all = {
    KIND: "control",
    ORIGIN: "web",
    TRUST: new TextDecoder().decode(printTrustFile(trustIn(key))),
    TOKEN,
    OPERATOR_TOKEN,
    SALT_KEY: "07".repeat(32),
    TENANT: "shop",
    AHEAD_MS,
    INTERVAL_MS: 3_600_000,
    TIMEOUT_MS: 30_000,
    ...bindings,
  };
  const given = Object.entries(all).filter(([, value]) => value !== undefined);
  const miniflare = new Miniflare({
    modules: modulesOf(await script),
    modulesRoot: "/",
    cf: false,
    compatibilityDate: "2026-04-01",
    bindings: Object.fromEntries(given) as Record<string, string | number>,
    durableObjects: { CONTROL: { className: "Control", useSQLite: true } },
    kvNamespaces: ["KV"],
    r2Buckets: ["R2"],
    ...(folder === undefined ? {} : { durableObjectsPersist: folder }),
  });
  await miniflare.ready;
  let ended = false;
  const end = async (): Promise<void> => {
    if (!ended) await miniflare.dispose();
    ended = true;
  };
  onTestFinished(end);
  return { miniflare, end, fetch: (path, init) => miniflare.dispatchFetch(`http://localhost${path}`, init) };
}

export const bearer = (token = TOKEN) => ({ authorization: `Bearer ${token}` });

/** What a request with the token is answered. */
export async function ask(worker: Worker, path: string, body?: unknown, token = TOKEN): Promise<Answer> {
  const init =
    body === undefined
      ? { headers: bearer(token) }
      : {
          method: "POST",
          headers: bearer(token),
          body: typeof body === "string" ? body : JSON.stringify(body),
        };
  const response = await worker.fetch(path, init);
  return { status: response.status, ...((await response.json()) as object) } as Answer;
}

export interface Answer {
  readonly status: number;
  readonly effect?: string;
  readonly code?: string;
  readonly sequence: number | null;
  readonly hash: string | null;
  readonly reservation: number | null;
  readonly error?: { readonly code: string; readonly message: string };
  // biome-ignore lint/suspicious/noExplicitAny: what else there is, tests look at by name.
  readonly [field: string]: any;
}

export const refund = (amount: number, agent = "shop") => ({
  agent,
  tool: "stripe/refund",
  args: { amount },
});

export const decide = (worker: Worker, amount: number): Promise<Answer> =>
  ask(worker, "/v1/decide?agent=shop", refund(amount));

export const poll = (worker: Worker): Promise<Answer> => ask(worker, "/v1/policy/poll", "");

/** What decides: the limit of the small or the large policy, or nothing. */
export async function deciding(worker: Worker): Promise<"small" | "large" | "none"> {
  const { code, error } = await decide(worker, 500);
  if (code === "no_policy") return "none";
  if (code === "rule_permit") return "large";
  if (code === "rule_defer") return "small";
  throw new Error(`decided with ${code}: ${JSON.stringify(error)}`);
}
