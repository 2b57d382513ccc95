/** Delegation tokens of the simulated world: they say what they grant, and nobody signs them. */
import { createHash } from "node:crypto";
import type { DelegationFacts, GrantFacts } from "../../control/ports.ts";
import type { Random } from "../fuzz/random.ts";

const GRANT_MS = 3_600_000;
const MAX_GRANTS = 4;

export const grantDigest = (token: string): string => createHash("sha256").update(token).digest("hex");

/** @param tokens root first. */
export function factsOfTokens(tokens: readonly string[]): DelegationFacts {
  const chain: string[] = [];
  const grants: GrantFacts[] = [];
  for (const token of tokens) {
    const [, from, , granted, expires, effect] = token.split(":");
    chain.push(from!);
    grants.push({
      digest: grantDigest(token),
      granted: Number(granted),
      expires: Number(expires),
      effect: effect as GrantFacts["effect"],
    });
  }
  return { chain, grants };
}

/** The grants that are about, by grantor and delegate. */
export class Grants {
  readonly #byRoute = new Map<string, string[]>();
  #number = 0;

  /** One that is about, or a new one. */
  token(random: Random, from: string, to: string, nowMs: number): string {
    const route = `${from}:${to}`;
    const tokens = this.#byRoute.get(route) ?? [];
    this.#byRoute.set(route, tokens);
    if (tokens.length < MAX_GRANTS || random.chance(0.1)) {
      const effect = random.chance(0.06) ? "defer" : "permit";
      tokens.push(`${this.#number++}:${route}:${nowMs}:${nowMs + GRANT_MS}:${effect}`);
      if (tokens.length > MAX_GRANTS) tokens.shift();
    }
    return random.pick(tokens);
  }
}
