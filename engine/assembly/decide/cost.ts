/** What the host knows of the call's cost: the fact `cost`, a closed object. engine/ABI.md "The facts". */
import { CODE_FACT_TYPE, CODE_FACT_UNKNOWN } from "../../constants";
import { firstOf, KIND_NUMBER, kindOf, lengthOf, nextOf, textOf, valueOf } from "../json/tape";
import { is } from "../literal";
import { integer, readInteger } from "../number/decimal";
import { micros, readMoney } from "../number/micros";
import { earlier, orAbsent } from "./members";
import { DETAIL_FIELD, denyField, denyWith } from "./verdict";

/** Exact as a JSON number. */
const MAX_TOKENS: u64 = 9007199254740991;

/** Millionths; 0 when not given. */
export let costMoney: u64 = 0;
export let costTokens: u64 = 0;
export let hasTokens: bool = false;

export function forgetCost(): void {
  costMoney = 0;
  costTokens = 0;
  hasTokens = false;
}

/** Whether the cost was refused. */
export function refuseCost(cost: usize): bool {
  const end = nextOf(cost);
  let money: usize = 0;
  let tokens: usize = 0;
  let unknown: usize = 0;
  for (let key = firstOf(cost); key < end; key = nextOf(valueOf(key))) {
    const node = orAbsent(valueOf(key));
    if (is(textOf(key), lengthOf(key), "money")) money = node;
    else if (is(textOf(key), lengthOf(key), "tokens")) tokens = node;
    else unknown = earlier(unknown, key);
  }
  if (unknown != 0) return denyWith(CODE_FACT_UNKNOWN, DETAIL_FIELD, textOf(unknown), lengthOf(unknown));
  if (money != 0) {
    if (!readMoney(money)) return denyField(CODE_FACT_TYPE, "money");
    costMoney = micros;
  }
  if (tokens == 0) return false;
  if (kindOf(tokens) != KIND_NUMBER || !readInteger(tokens, MAX_TOKENS)) return denyField(CODE_FACT_TYPE, "tokens");
  costTokens = integer;
  hasTokens = true;
  return false;
}
