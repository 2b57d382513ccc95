/**
 * Step 7: what a delegate may do is the least of what its own policy, every scope in the chain and every grantor's own policy let it do.
 * engine/ABI.md "Delegation".
 */
import {
  CLOCK_TOLERANCE_MS,
  CODE_DELEGATION_EXPIRED,
  CODE_DELEGATION_NOT_GRANTED,
  CODE_DELEGATION_SCOPE,
  CODE_DELEGATION_SCOPE_DEFER,
  CODE_DELEGATION_TOO_DEEP,
  CODE_GRANTOR_DEFER,
  CODE_GRANTOR_DENY,
  CODE_TIME_MISSING,
  DELEGATE_SEPARATOR,
  EFFECT_DEFER,
  EFFECT_DENY,
  EFFECT_PERMIT,
  MAX_DELEGATION_DEPTH,
  NONE,
  REMEMBERS_DELEGATE,
  SCOPE_AGENTS,
} from "../../constants";
import { nextMark } from "../arrays";
import { agentAt, MEMORY_DELEGATE_TTL, MEMORY_FLAGS, memoryAt, stringLength, stringText } from "../bundle";
import { beginPaths } from "../evaluate/paths";
import { equal } from "../json/bytes";
import { firstOf, lengthOf, nextOf, textOf } from "../json/tape";
import { WORK } from "../memory";
import { find } from "../names";
import { pauseTrace, resumeTrace } from "../record/trace";
import { enterParty, enterScope, nameOfParty, now, partyCount, policyOfParty, setNow } from "../state/party";
import { actionAgent, actionTool } from "./action";
import { approve, hasApproval, isLifted } from "./approvals";
import { dispatchScope } from "./dispatch";
import { factTime, factTimeMs } from "./facts";
import { factChain, grantEffect, grantExpires, grantGranted, readGrant } from "./grants";
import { judgedRule, judgeParty } from "./judge";
import { judge } from "./rules";
import {
  code,
  DETAIL_AGENT,
  decideBy,
  deny,
  detailFirst,
  detailKind,
  detailLength,
  effect,
  explain,
  rule,
} from "./verdict";

/** Step 1: whether the chain is none that may be followed. There is one. */
export function refuseDepth(): bool {
  if (lengthOf(factChain) > MAX_DELEGATION_DEPTH) return deny(CODE_DELEGATION_TOO_DEEP);
  const end = nextOf(factChain);
  for (let name = firstOf(factChain); name < end; name = nextOf(name)) {
    if (isSame(name, actionAgent)) return deny(CODE_DELEGATION_TOO_DEEP);
    for (let other = firstOf(factChain); other < name; other = nextOf(other)) {
      if (isSame(name, other)) return deny(CODE_DELEGATION_TOO_DEEP);
    }
  }
  if (factTime == 0) return deny(CODE_TIME_MISSING);
  setNow(factTimeMs);
  return false;
}

function isSame(left: usize, right: usize): bool {
  return lengthOf(left) == lengthOf(right) && equal(textOf(left), textOf(right), lengthOf(left));
}

// The least verdict so far.
let leastCode: u32 = 0;
/** Whether a link's defer was one that the call's approval lifts. */
let isAnyLifted: bool = false;
let leastEffect: u32 = EFFECT_DENY;
let leastRule: u32 = NONE;
let leastDetail: u32 = 0;
let leastFirst: u32 = 0;
let leastLength: u32 = 0;

/** Narrows the acting agent's verdict, which is a permit or a defer. Whether a link has decided. Leaves another party entered. */
export function refuseDelegation(): bool {
  keepOwn();
  isAnyLifted = false;
  pauseTrace();
  const own = leastEffect;
  judgeScopes();
  for (let link: u32 = 0; link + 1 < partyCount && leastEffect != EFFECT_DENY; link++) {
    narrow(scopeCode(link), link);
    if (leastEffect != EFFECT_DENY) narrow(grantorCode(link), link);
  }
  resumeTrace();
  if (leastEffect == EFFECT_PERMIT && isAnyLifted) {
    approve(judgedRule);
    return true;
  }
  decideBy(leastCode, leastEffect, leastRule);
  explain(leastDetail, leastFirst, leastLength);
  return leastEffect != own;
}

function keepOwn(): void {
  leastCode = code;
  leastEffect = effect;
  leastRule = rule;
  leastDetail = detailKind;
  leastFirst = detailFirst;
  leastLength = detailLength;
}

/** A link's verdict takes the place of a wider one; 0 is a permit. */
function narrow(linkCode: u32, link: u32): void {
  if (linkCode == 0) return;
  const isDefer = linkCode == CODE_DELEGATION_SCOPE_DEFER || linkCode == CODE_GRANTOR_DEFER;
  const linkEffect = isDefer ? EFFECT_DEFER : EFFECT_DENY;
  if (linkEffect >= leastEffect) return;
  const name = nameOfParty(link + 1);
  leastCode = linkCode;
  leastEffect = linkEffect;
  leastRule = NONE;
  leastDetail = DETAIL_AGENT;
  leastFirst = <u32>textOf(name);
  leastLength = lengthOf(name);
}

/** What each link's grant and scope say: a code, or 0 for a permit. */
const scopeCodes: usize = memory.data(4 * MAX_DELEGATION_DEPTH, 4);

function scopeCode(link: u32): u32 {
  return load<u32>(scopeCodes + 4 * <usize>link);
}

/** All scopes at once, while phase and session are still those of the acting agent. */
function judgeScopes(): void {
  const links = partyCount - 1;
  for (let link: u32 = 0; link < links; link++) {
    const grantee = link + 1 < links ? nameOfParty(link + 2) : nameOfParty(0);
    store<u32>(scopeCodes + 4 * <usize>link, judgeGrant(link, policyOfParty(link + 1), grantee));
  }
}

function judgeGrant(link: u32, grantor: u32, grantee: usize): u32 {
  readGrant(link);
  if (grantExpires <= now || grantGranted > now + CLOCK_TOLERANCE_MS) return CODE_DELEGATION_EXPIRED;
  const block = grantor == NONE ? NONE : blockOf(grantor, grantee);
  if (block == NONE) return CODE_DELEGATION_NOT_GRANTED;
  const ttl = load<u64>(memoryAt(block), MEMORY_DELEGATE_TTL);
  if (ttl != 0 && <i64>(grantExpires - grantGranted) > <i64>ttl) return CODE_DELEGATION_NOT_GRANTED;
  const scope = min(grantEffect, judgeScope(block));
  if (scope == EFFECT_PERMIT) return 0;
  if (scope != EFFECT_DEFER) return CODE_DELEGATION_SCOPE;
  if (!hasApproval()) return CODE_DELEGATION_SCOPE_DEFER;
  isAnyLifted = true;
  return 0;
}

/** The grantor's `delegate` block for that name, or NONE. */
function blockOf(grantor: u32, grantee: usize): u32 {
  const name = load<u32>(agentAt(grantor));
  const length = stringLength(name);
  memory.copy(WORK, stringText(name), length);
  store<u8>(WORK + length, <u8>DELEGATE_SEPARATOR);
  memory.copy(WORK + length + 1, textOf(grantee), lengthOf(grantee));
  const block = find(SCOPE_AGENTS, WORK, length + 1 + lengthOf(grantee));
  if (block == NONE || (load<u32>(memoryAt(block), MEMORY_FLAGS) & REMEMBERS_DELEGATE) == 0) return NONE;
  return block;
}

/** Effect of the block's own rules on this action, as the acting agent does it. */
function judgeScope(block: u32): u32 {
  enterParty(0);
  enterScope(block);
  dispatchScope(textOf(actionTool), lengthOf(actionTool), block);
  beginPaths(nextMark());
  judge();
  return effect;
}

/** The grantor's own verdict: a code, or 0 for a permit. */
function grantorCode(link: u32): u32 {
  judgeParty(link + 1);
  if (effect == EFFECT_DENY) return CODE_GRANTOR_DENY;
  if (effect == EFFECT_DEFER && !isLifted()) return CODE_GRANTOR_DEFER;
  if (effect == EFFECT_DEFER) isAnyLifted = true;
  return 0;
}
