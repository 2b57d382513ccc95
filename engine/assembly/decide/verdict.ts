/** The verdict of the decision that is on, or of the last one. */
import { EFFECT_DENY, NONE } from "../../constants";
import { STATUS } from "../memory";

export const DETAIL_NONE: u32 = 0;
export const DETAIL_OFFSET: u32 = 1;
export const DETAIL_ARGUMENT: u32 = 2;
export const DETAIL_SELECTOR: u32 = 3;
export const DETAIL_FIELD: u32 = 4;

export let code: u32 = 0;
export let effect: u32 = EFFECT_DENY;
/** Rule id or NONE. */
export let rule: u32 = NONE;
/** Index of the policy block that serves the agent, or NONE. */
export let agent: u32 = NONE;
export let detailKind: u32 = DETAIL_NONE;
/** The offset, or the address of the name. */
export let detailFirst: u32 = 0;
/** Bytes of the name. */
export let detailLength: u32 = 0;

/** NOTICE_*: whom besides to notify. */
export let notices: u32 = 0;

/** A budget is near its limit; counts only in a permit. */
export const NOTICE_WARNING: u32 = 1;
export const NOTICE_BUDGET: u32 = 2;
export const NOTICE_RATE: u32 = 4;

export function notice(kind: u32): void {
  notices |= kind;
}

export function setNotices(kinds: u32): void {
  notices = kinds;
}

export function beginVerdict(): void {
  agent = NONE;
  notices = 0;
  decideBy(0, EFFECT_DENY, NONE);
}

export function serveBy(index: u32): void {
  agent = index;
}

export function decideBy(newCode: u32, newEffect: u32, newRule: u32): void {
  code = newCode;
  effect = newEffect;
  rule = newRule;
  detailKind = DETAIL_NONE;
}

export function explain(kind: u32, first: usize, length: u32): void {
  detailKind = kind;
  detailFirst = <u32>first;
  detailLength = length;
}

/** Denies with a code; true, so that a step can end with it: it has decided. */
export function deny(newCode: u32): bool {
  decideBy(newCode, EFFECT_DENY, NONE);
  return true;
}

export function denyWith(newCode: u32, kind: u32, first: usize, length: u32): bool {
  deny(newCode);
  explain(kind, first, length);
  return true;
}

/** Denies for a field that is named by a literal of the module: static text of two bytes a character. */
export function denyField(newCode: u32, name: string): bool {
  return denyWith(newCode, DETAIL_LITERAL, changetype<usize>(name), <u32>name.length);
}

/** As DETAIL_FIELD, the name being UTF-16 of ASCII characters. */
export const DETAIL_LITERAL: u32 = 5;

/** A meter's name. */
export const DETAIL_METER: u32 = 6;
/** A grantor's name. */
export const DETAIL_AGENT: u32 = 7;

const HAS_MORE: u32 = 1 << 10;

/** engine/ABI.md "Exports". `more`: there are obligations. */
export function pack(more: bool): u32 {
  store<u32>(STATUS, agent);
  const described = more || detailKind != DETAIL_NONE ? HAS_MORE : 0;
  return code | (effect << 8) | described | ((rule + 1) << 11);
}
