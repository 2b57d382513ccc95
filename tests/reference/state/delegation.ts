/** Step 7: every grantor's own verdict, and every scope in the chain (engine/ABI.md "Delegation"). */

import type { Grant } from "../facts.ts";
import { policyOf } from "../identify.ts";
import { firstRule, sightOf } from "../rules.ts";
import { deny, type Judgement, type Question } from "../stages.ts";
import { judgeParty, type Party, type PartyVerdict } from "./party.ts";

const CLOCK_TOLERANCE_MS = 1000n;
const WIDTH = { deny: 0, defer: 1, permit: 2 };

export interface Delegated {
  /** The narrowest of the links, the first of several; null when all permit. */
  narrowest: Judgement | null;
  /** The grantors' own verdicts, as far as they were asked. */
  grantors: PartyVerdict[];
  /** An approval lifted a defer of a scope or of a grantor. */
  isLifted: boolean;
}

/** `actor`: the question of who acts; `partyOf`: of a grantor that has a policy. */
export function judgeChain(
  actor: Question,
  partyOf: (grantor: string) => Party,
  now: bigint | null,
  isApproved: boolean,
): Delegated {
  const { chain, grants } = actor.facts.delegation!;
  const result: Delegated = { narrowest: null, grantors: [], isLifted: false };
  if (now === null) return { ...result, narrowest: deny("time_missing") };
  const links: Judgement[] = [];
  for (const [index, grantor] of chain.entries()) {
    const delegate = chain[index + 1] ?? actor.agent;
    const named = (judgement: Judgement): Judgement => ({
      ...judgement,
      detail: { agent: grantor },
      rule: null,
    });
    const granted = judgeGrant(actor, grantor, delegate, grants[index]!, now);
    if (granted !== null) {
      const isLifted = granted.effect === "defer" && isApproved;
      result.isLifted ||= isLifted;
      if (!isLifted) links.push(named(granted));
      if (granted.effect === "deny") break;
    }
    const own = judgeParty(partyOf(grantor), isApproved);
    result.grantors.push(own);
    result.isLifted ||= own.isLifted;
    const { effect } = own.judgement;
    if (effect !== "permit") links.push(named({ ...deny(`grantor_${effect}`), effect }));
    if (effect === "deny") break;
  }
  for (const link of links) {
    const narrowest = result.narrowest?.effect ?? "permit";
    if (WIDTH[link.effect] < WIDTH[narrowest]) result.narrowest = link;
  }
  return result;
}

/** What the grant itself and the grantor's `delegate` block say; null: nothing against the call. */
function judgeGrant(
  actor: Question,
  grantor: string,
  delegate: string,
  { granted, expires, effect }: Grant,
  now: bigint,
): Judgement | null {
  const { program } = actor;
  if (now >= expires || now < granted - CLOCK_TOLERANCE_MS) return deny("delegation_expired");
  const block = policyOf(program, grantor)?.delegates.find(({ to }) => to === delegate);
  if (block === undefined) return deny("delegation_not_granted");
  if (block.ttlMs !== null && expires - granted > BigInt(block.ttlMs)) return deny("delegation_not_granted");
  const scope = firstRule(program, block.rules, actor, sightOf(actor))?.effect ?? "deny";
  if (scope === "deny" || effect === "deny") return deny("delegation_scope");
  if (scope === "permit" && effect === "permit") return null;
  return { ...deny("delegation_scope_defer"), effect: "defer" };
}
