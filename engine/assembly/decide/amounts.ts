/** What a call adds to the meters of the party that was entered. engine/ABI.md "Meters". */
import {
  CODE_AMOUNT_UNKNOWN,
  METER_DISTINCT,
  NONE,
  STEP_INDEX,
  UNIT_ARGUMENT,
  UNIT_CALLS,
  UNIT_MONEY,
  UNIT_TOKENS,
} from "../../constants";
import {
  COST_PATH,
  costAt,
  METER_KIND,
  METER_PATH,
  METER_UNIT,
  PATH_BYTES,
  PATTERN_COSTS,
  paths,
  sliceFirst,
  stringLength,
  stringText,
} from "../bundle";
import { argumentNode } from "../evaluate/paths";
import { begin, finishSlot, update } from "../hash/sha256";
import { write } from "../json/canonical";
import { CANONICAL, CANONICAL_LIMIT, WORK } from "../memory";
import { micros, readMicros } from "../number/micros";
import { costMoney, costTokens, hasTokens } from "./cost";
import { isNull } from "./members";
import { beginMerge, nextMerged } from "./merge";
import { DETAIL_ARGUMENT, deny, denyWith } from "./verdict";

/** What the call costs, in millionths: the greatest of the costs that match and of the host's. */
export let callMoney: u64 = 0;

/** Finds what the call costs. False, and `unknownPath` set, when an argument that says so is no amount. */
export function weighCosts(): bool {
  callMoney = costMoney;
  beginMerge(PATTERN_COSTS);
  for (let id = nextMerged(); id != NONE; id = nextMerged()) {
    const cost = costAt(id);
    const path = load<u32>(cost, COST_PATH);
    let amount = load<u64>(cost);
    if (path != NONE) {
      const node = argumentNode(path);
      if (isNull(node) || !readMicros(node)) {
        unknownPath = path;
        return false;
      }
      amount = micros;
    }
    callMoney = max(callMoney, amount);
  }
  return true;
}

/** The path whose value is no amount. */
let unknownPath: u32 = NONE;

/** Denies since the amount at `unknownPath` is none. */
export function denyUnknown(): bool {
  const step = load<u32>(sliceFirst(paths + <usize>unknownPath * PATH_BYTES + 4));
  // A path of an amount begins with a name; without one no name can be given.
  if ((step & STEP_INDEX) != 0) return deny(CODE_AMOUNT_UNKNOWN);
  return denyWith(CODE_AMOUNT_UNKNOWN, DETAIL_ARGUMENT, stringText(step), stringLength(step));
}

/** What the call adds; of METER_DISTINCT the start of the value's digest. Set by `weigh`. */
export let amount: u64 = 0;
/** Whether nothing is known of what it adds, and that is no fault. */
export let isOpen: bool = false;

/** Finds what the call adds to a meter. False, and `unknownPath` set, when that is no amount. */
export function weigh(meter: usize): bool {
  isOpen = false;
  if (load<u32>(meter, METER_KIND) == METER_DISTINCT) return weighDistinct(load<u32>(meter, METER_PATH));
  switch (load<u32>(meter, METER_UNIT)) {
    case UNIT_CALLS:
      amount = 1;
      return true;
    case UNIT_MONEY:
      amount = callMoney;
      return true;
    case UNIT_TOKENS:
      amount = costTokens;
      isOpen = !hasTokens;
      return true;
    case UNIT_ARGUMENT:
      return weighArgument(load<u32>(meter, METER_PATH));
    default:
      amount = 0;
      return true;
  }
}

function weighArgument(path: u32): bool {
  const node = argumentNode(path);
  amount = 0;
  if (isNull(node)) return true;
  unknownPath = path;
  if (!readMicros(node)) return false;
  amount = micros;
  return true;
}

function weighDistinct(path: u32): bool {
  const node = argumentNode(path);
  unknownPath = path;
  if (isNull(node)) return false;
  const end = write(node, CANONICAL, CANONICAL_LIMIT, WORK);
  begin();
  update(CANONICAL, <u32>(end - CANONICAL));
  amount = finishSlot();
  return true;
}
