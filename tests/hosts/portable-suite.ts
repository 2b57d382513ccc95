/** What every library does with the same files: the same verdicts and the same refusals. For any runtime. */
import type { TrustFile } from "../../bundles/trust/index.ts";
import type { FollowedPolicy } from "../../control/policy/follow.ts";
import type { Policy } from "../../control/policy/policy.ts";

type Options =
  | { trust: TrustFile | string; state?: string; nowMs?: () => number }
  | { insecure: true; trust?: never };

/** What of the libraries is the same everywhere. */
export interface PortableLibrary {
  openPolicy(source: string | Uint8Array, options: Options): Promise<Policy<string | Uint8Array, Options>>;
  followPolicy(options: Options & { origin: string }): Promise<{ policy: FollowedPolicy; close(): void }>;
}

export interface Surroundings {
  library: PortableLibrary;
  read(place: string): Promise<Uint8Array>;
  nowMs: number;
  /** A place that nothing was remembered in; null: nothing may be. */
  state: string | null;
}

const refund = (amount: number) => ({ agent: "shop", tool: "stripe/refund", args: { amount } });

/** Names and what came of them. Places are `small`, sequence 1; `large`, sequence 2; `foreign`, `unsigned`, `damaged`, `trust` and `malformed`. */
export async function runSuite(surroundings: Surroundings): Promise<Record<string, unknown>> {
  const { library, read, nowMs } = surroundings;
  const { openPolicy } = library;
  const verified = { trust: "trust.json", nowMs: () => nowMs };
  const tried = async (source: string | Uint8Array, options: Options): Promise<string> => {
    try {
      return `sequence ${(await openPolicy(source, options)).identity.sequence}`;
    } catch (error) {
      const { name, code, help } = error as { name: string; code?: string; help?: string };
      return code !== undefined && help !== "" ? `${name} ${code}` : name;
    }
  };
  const policy = await openPolicy("small.fplb", verified);
  const found: Record<string, unknown> = {
    "from its place": [policy.identity.signed, policy.identity.sequence, policy.identity.keys],
    decisions: [20, 500].map((amount) => policy.decide(refund(amount)).code),
    record: policy.decideRecorded(refund(20)).entry?.sequence,
    "no JSON": policy.decide({ amount: 10n }).code,
    "from bytes": await tried(await read("small.fplb"), verified),
    "no such file": await tried("none.fplb", verified),
    "no such trust file": await tried("small.fplb", { ...verified, trust: "none.json" }),
    "malformed trust file": await tried("small.fplb", { ...verified, trust: "malformed.json" }),
    unsigned: await tried("unsigned.fplb", verified),
    "unsigned, insecure": await tried("unsigned.fplb", { insecure: true }),
    "by another key": await tried("foreign.fplb", verified),
    damaged: await tried("damaged.fplb", verified),
    "no container": await tried("trust.json", verified),
    "no bundle": await tried("empty.fplb", { insecure: true }),
    expired: await tried("small.fplb", { ...verified, nowMs: () => nowMs + 400 * 86_400_000 }),
    "neither trust nor insecure": await tried("small.fplb", {} as Options),
    "no options": await tried("small.fplb", undefined as unknown as Options),
    "followed without trust": await library
      .followPolicy({ origin: "small.fplb" } as unknown as Options & { origin: string })
      .then(
        () => "followed",
        (error: unknown) => (error as Error).name,
      ),
    "a newer bundle": (await policy.reload("large.fplb")).ok,
    "which decides": policy.decide(refund(500)).code,
    "an older bundle": codeOf(await policy.reload("small.fplb")),
    "and it stays": policy.decide(refund(500)).code,
    ...(await follow(library, verified)),
  };
  return surroundings.state === null
    ? found
    : { ...found, ...(await remember(surroundings.state, tried, verified)) };
}

const codeOf = (result: { ok: true } | { ok: false; code: string }): string =>
  result.ok ? "ok" : result.code;

async function follow(library: PortableLibrary, options: Options): Promise<Record<string, unknown>> {
  const { policy, close } = await library.followPolicy({ ...options, origin: "small.fplb" });
  const again = await policy.poll();
  close();
  const nowhere = await library.followPolicy({ ...options, origin: "none.fplb" });
  nowhere.close();
  return {
    followed: [policy.decide(refund(20)).code, policy.status.staleSinceMs, again.ok && again.changed],
    "followed nowhere": [nowhere.policy.status.refusal?.code, nowhere.policy.decide(refund(20)).code],
  };
}

async function remember(
  state: string,
  tried: (source: string, options: Options) => Promise<string>,
  options: Options,
): Promise<Record<string, unknown>> {
  const remembering = { ...options, state } as Options;
  return {
    "remembers the newest": await tried("large.fplb", remembering),
    "and refuses an older one": await tried("small.fplb", remembering),
    "but takes it again": await tried("large.fplb", remembering),
  };
}
