/** The fact `delegation`: who grants, and what each grant says. A closed object. engine/ABI.md "The facts". */
import {
  CODE_FACT_TYPE,
  CODE_FACT_UNKNOWN,
  EFFECT_DEFER,
  EFFECT_DENY,
  EFFECT_PERMIT,
  MIN_TIME_DIGITS,
} from "../../constants";
import {
  element,
  firstOf,
  KIND_LIST,
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
import { integer, readInteger } from "../number/decimal";
import { earlier, isAbsentOrStrings, orAbsent } from "./members";
import { DETAIL_FIELD, denyField, denyWith } from "./verdict";

const MAX_TIME_DIGITS: u32 = 15;
const DIGEST_DIGITS: u32 = 64;

/** Tape node of the list of grantors' names, root first; 0 without delegation. */
export let factChain: usize = 0;
/** Of the list of their grants, as long as the chain. */
let factGrants: usize = 0;

export function forgetGrants(): void {
  factChain = 0;
  factGrants = 0;
}

// Of the grant that was read last.
export let grantGranted: u64 = 0;
export let grantExpires: u64 = 0;
/** EFFECT_DENY, EFFECT_DEFER or EFFECT_PERMIT: what its own scope says of the action. */
export let grantEffect: u32 = EFFECT_DENY;

/** Reads grant `i` of the chain, which has been accepted. */
export function readGrant(i: u32): void {
  readFields(element(factGrants, i));
}

/** Whether the delegation was refused. Its chain may be longer than is allowed: that is step 1. */
export function refuseGrants(delegation: usize): bool {
  const end = nextOf(delegation);
  let chain: usize = 0;
  let grants: usize = 0;
  let unknown: usize = 0;
  for (let key = firstOf(delegation); key < end; key = nextOf(valueOf(key))) {
    const node = orAbsent(valueOf(key));
    if (is(textOf(key), lengthOf(key), "chain")) chain = node;
    else if (is(textOf(key), lengthOf(key), "grants")) grants = node;
    else unknown = earlier(unknown, key);
  }
  if (unknown != 0) return denyWith(CODE_FACT_UNKNOWN, DETAIL_FIELD, textOf(unknown), lengthOf(unknown));
  if (chain == 0 || !isAbsentOrStrings(chain) || lengthOf(chain) == 0) return denyField(CODE_FACT_TYPE, "chain");
  if (grants == 0 || kindOf(grants) != KIND_LIST || lengthOf(grants) != lengthOf(chain)) {
    return denyField(CODE_FACT_TYPE, "grants");
  }
  const last = nextOf(grants);
  for (let grant = firstOf(grants); grant < last; grant = nextOf(grant)) {
    if (kindOf(grant) != KIND_OBJECT || !readFields(grant)) return denyField(CODE_FACT_TYPE, "grants");
  }
  factChain = chain;
  factGrants = grants;
  return false;
}

/** Reads the four fields of a grant. False when one is missing, of another type, or there is another. */
function readFields(grant: usize): bool {
  const end = nextOf(grant);
  let given: u32 = 0;
  for (let key = firstOf(grant); key < end; key = nextOf(valueOf(key))) {
    const name = textOf(key);
    const length = lengthOf(key);
    const node = valueOf(key);
    if (is(name, length, "digest") && isHexDigest(node)) given |= 1;
    else if (is(name, length, "granted") && readMs(node)) {
      grantGranted = integer;
      given |= 2;
    } else if (is(name, length, "expires") && readMs(node)) {
      grantExpires = integer;
      given |= 4;
    } else if (is(name, length, "effect") && readEffect(node)) given |= 8;
    else return false;
  }
  return given == 15;
}

/** Whether the node is 64 lower-case hexadecimal digits. */
export function isHexDigest(node: usize): bool {
  if (kindOf(node) != KIND_STRING || lengthOf(node) != DIGEST_DIGITS) return false;
  const text = textOf(node);
  for (let i: usize = 0; i < DIGEST_DIGITS; i++) {
    const byte = <u32>load<u8>(text + i);
    if (byte - 0x30 >= 10 && byte - 0x61 >= 6) return false;
  }
  return true;
}

/** Reads Unix milliseconds into `integer` (number/decimal.ts). The canonical text of such an integer is its digits, so its length tells seconds from milliseconds. */
export function readMs(node: usize): bool {
  const digits = lengthOf(node);
  if (kindOf(node) != KIND_NUMBER || digits < MIN_TIME_DIGITS || digits > MAX_TIME_DIGITS) return false;
  return readInteger(node, u64.MAX_VALUE);
}

function readEffect(node: usize): bool {
  if (kindOf(node) != KIND_STRING) return false;
  if (is(textOf(node), lengthOf(node), "permit")) grantEffect = EFFECT_PERMIT;
  else if (is(textOf(node), lengthOf(node), "defer")) grantEffect = EFFECT_DEFER;
  else if (is(textOf(node), lengthOf(node), "deny")) grantEffect = EFFECT_DENY;
  else return false;
  return true;
}
