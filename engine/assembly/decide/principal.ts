/** The facts about who acts: a closed object. engine/ABI.md "The facts". */
import { CODE_FACT_TYPE, CODE_FACT_UNKNOWN } from "../../constants";
import { firstOf, KIND_STRING, KIND_TRUE, kindOf, lengthOf, nextOf, textOf, valueOf } from "../json/tape";
import { is } from "../literal";
import { earlier, isAbsentOr, isAbsentOrBoolean, isAbsentOrStrings, orAbsent } from "./members";
import { DETAIL_FIELD, denyField, denyWith } from "./verdict";

// Tape nodes of the fields, 0 when absent.
export let principalMethod: usize = 0;
let id: usize = 0;
let verified: usize = 0;
let role: usize = 0;
let tier: usize = 0;
let org: usize = 0;
let groups: usize = 0;
let email: usize = 0;

export function forgetPrincipal(): void {
  principalMethod = 0;
  id = 0;
  verified = 0;
  role = 0;
  tier = 0;
  org = 0;
  groups = 0;
  email = 0;
}

export function isPrincipalVerified(): bool {
  return verified != 0 && kindOf(verified) == KIND_TRUE;
}

/** Whether the principal was refused. */
export function refusePrincipal(principal: usize): bool {
  const end = nextOf(principal);
  let unknown: usize = 0;
  for (let key = firstOf(principal); key < end; key = nextOf(valueOf(key))) {
    if (!takeField(textOf(key), lengthOf(key), orAbsent(valueOf(key)))) unknown = earlier(unknown, key);
  }
  if (unknown != 0) return denyWith(CODE_FACT_UNKNOWN, DETAIL_FIELD, textOf(unknown), lengthOf(unknown));
  return (
    refuseUnless(isAbsentOr(id, KIND_STRING), "id") ||
    refuseUnless(isAbsentOr(principalMethod, KIND_STRING), "method") ||
    refuseUnless(isAbsentOr(role, KIND_STRING), "role") ||
    refuseUnless(isAbsentOr(tier, KIND_STRING), "tier") ||
    refuseUnless(isAbsentOr(org, KIND_STRING), "org") ||
    refuseUnless(isAbsentOr(email, KIND_STRING), "email") ||
    refuseUnless(isAbsentOrBoolean(verified), "verified") ||
    refuseUnless(isAbsentOrStrings(groups), "groups")
  );
}

function takeField(name: usize, length: u32, node: usize): bool {
  if (is(name, length, "id")) id = node;
  else if (is(name, length, "method")) principalMethod = node;
  else if (is(name, length, "verified")) verified = node;
  else if (is(name, length, "role")) role = node;
  else if (is(name, length, "tier")) tier = node;
  else if (is(name, length, "org")) org = node;
  else if (is(name, length, "groups")) groups = node;
  else if (is(name, length, "email")) email = node;
  else return false;
  return true;
}

function refuseUnless(valid: bool, name: string): bool {
  return valid ? false : denyField(CODE_FACT_TYPE, name);
}
