/** The facts: what the host knows, a closed object. engine/ABI.md "The facts". */
import {
  CODE_FACT_TYPE,
  CODE_FACT_UNKNOWN,
  CODE_FACTS_INVALID,
  CODE_TIME_INVALID,
} from "../../constants";
import {
  firstOf,
  KIND_NUMBER,
  KIND_OBJECT,
  KIND_STRING,
  kindOf,
  lengthOf,
  nextOf,
  textOf,
  valueOf,
} from "../json/tape";
import { is } from "../literal";
import { integer } from "../number/decimal";
import { forgetCost, refuseCost } from "./cost";
import { forgetGrants, readMs, refuseGrants } from "./grants";
import { earlier, isAbsentOr, isAbsentOrBoolean, isAbsentOrStrings, isNull, orAbsent } from "./members";
import { forgetPrincipal, refusePrincipal } from "./principal";
import { DETAIL_FIELD, deny, denyField, denyWith } from "./verdict";

const MIN_SALT_BYTES: u32 = 16;

// Tape nodes of the fields, 0 when absent.
export let factAgent: usize = 0;
export let factPrincipal: usize = 0;
export let factPurpose: usize = 0;
export let factPhase: usize = 0;
export let factModel: usize = 0;
export let factSelectors: usize = 0;
export let factUnavailable: usize = 0;
export let factTime: usize = 0;
export let factSalt: usize = 0;
let factParent: usize = 0;
let factCauses: usize = 0;
let factCost: usize = 0;
let factDelegation: usize = 0;
/** An object of booleans by name. */
export let factGates: usize = 0;
/** Unix milliseconds, when `factTime` is not 0. */
export let factTimeMs: u64 = 0;

export function forgetFacts(): void {
  factAgent = 0;
  factPrincipal = 0;
  factPurpose = 0;
  factPhase = 0;
  factModel = 0;
  factSelectors = 0;
  factUnavailable = 0;
  factTime = 0;
  factSalt = 0;
  factParent = 0;
  factCauses = 0;
  factCost = 0;
  factDelegation = 0;
  factGates = 0;
  forgetPrincipal();
  forgetCost();
  forgetGrants();
}

/** Whether the facts were refused. */
export function refuseFacts(root: usize): bool {
  if (kindOf(root) != KIND_OBJECT) return deny(CODE_FACTS_INVALID);
  const end = nextOf(root);
  let unknown: usize = 0;
  for (let key = firstOf(root); key < end; key = nextOf(valueOf(key))) {
    if (!takeField(textOf(key), lengthOf(key), orAbsent(valueOf(key)))) unknown = earlier(unknown, key);
  }
  if (unknown != 0) return denyWith(CODE_FACT_UNKNOWN, DETAIL_FIELD, textOf(unknown), lengthOf(unknown));
  return (
    refuseUnless(isAbsentOr(factAgent, KIND_STRING), "agent") ||
    refuseUnless(isAbsentOr(factPrincipal, KIND_OBJECT), "principal") ||
    (factPrincipal != 0 && refusePrincipal(factPrincipal)) ||
    refuseUnless(isAbsentOr(factPurpose, KIND_STRING), "purpose") ||
    refuseUnless(isAbsentOr(factPhase, KIND_STRING), "phase") ||
    refuseUnless(isAbsentOr(factModel, KIND_STRING), "model") ||
    refuseUnless(isAbsentOr(factSelectors, KIND_OBJECT), "selectors") ||
    refuseUnless(factUnavailable == 0 || areReasons(factUnavailable), "unavailable") ||
    refuseUnless(isAbsentOr(factTime, KIND_NUMBER), "time") ||
    (factTime != 0 && refuseTime()) ||
    refuseUnless(factSalt == 0 || isSalt(factSalt), "salt") ||
    refuseUnless(isAbsentOr(factParent, KIND_STRING), "parent") ||
    refuseUnless(isAbsentOrStrings(factCauses), "causes") ||
    refuseUnless(isAbsentOr(factCost, KIND_OBJECT), "cost") ||
    (factCost != 0 && refuseCost(factCost)) ||
    refuseUnless(isAbsentOr(factDelegation, KIND_OBJECT), "delegation") ||
    (factDelegation != 0 && refuseGrants(factDelegation)) ||
    refuseUnless(factGates == 0 || areGates(factGates), "gates")
  );
}

/** Notes a field; false for an unknown one. */
function takeField(name: usize, length: u32, node: usize): bool {
  switch (length) {
    case 4:
      if (is(name, length, "time")) factTime = node;
      else if (is(name, length, "salt")) factSalt = node;
      else if (is(name, length, "cost")) factCost = node;
      else return false;
      return true;
    case 5:
      if (is(name, length, "agent")) factAgent = node;
      else if (is(name, length, "phase")) factPhase = node;
      else if (is(name, length, "model")) factModel = node;
      else if (is(name, length, "gates")) factGates = node;
      else return false;
      return true;
    case 6:
      if (is(name, length, "parent")) factParent = node;
      else if (is(name, length, "causes")) factCauses = node;
      else return false;
      return true;
    default:
      if (is(name, length, "principal")) factPrincipal = node;
      else if (is(name, length, "purpose")) factPurpose = node;
      else if (is(name, length, "selectors")) factSelectors = node;
      else if (is(name, length, "unavailable")) factUnavailable = node;
      else if (is(name, length, "delegation")) factDelegation = node;
      else return false;
      return true;
  }
}

function refuseUnless(valid: bool, name: string): bool {
  return valid ? false : denyField(CODE_FACT_TYPE, name);
}

/** An object of `unavailable` or `timeout` by selector. */
function areReasons(node: usize): bool {
  if (kindOf(node) != KIND_OBJECT) return false;
  const end = nextOf(node);
  for (let key = firstOf(node); key < end; key = nextOf(valueOf(key))) {
    const reason = valueOf(key);
    if (isNull(reason)) continue;
    if (kindOf(reason) != KIND_STRING) return false;
    if (!is(textOf(reason), lengthOf(reason), "unavailable") && !isTimeout(reason)) return false;
  }
  return true;
}

export function isTimeout(reason: usize): bool {
  return is(textOf(reason), lengthOf(reason), "timeout");
}

function isSalt(node: usize): bool {
  return kindOf(node) == KIND_STRING && lengthOf(node) >= MIN_SALT_BYTES;
}

function refuseTime(): bool {
  const isMs = readMs(factTime);
  factTimeMs = integer;
  return isMs ? false : denyField(CODE_TIME_INVALID, "time");
}

/** An object of booleans. */
function areGates(node: usize): bool {
  if (kindOf(node) != KIND_OBJECT) return false;
  const end = nextOf(node);
  for (let key = firstOf(node); key < end; key = nextOf(valueOf(key))) {
    if (!isAbsentOrBoolean(orAbsent(valueOf(key)))) return false;
  }
  return true;
}
