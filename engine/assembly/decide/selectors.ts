/** Step 2: selectors that the rules for this tool need and that the host has not got. */
import {
  CODE_SELECTOR_TIMEOUT,
  CODE_SELECTOR_TIMEOUT_DEFER,
  CODE_SELECTOR_UNAVAILABLE,
  CODE_SELECTOR_UNAVAILABLE_DEFER,
  EFFECT_DEFER,
  EFFECT_DENY,
  NONE,
} from "../../constants";
import { matched } from "../arrays";
import {
  AGENT_SELECTOR_COUNT,
  AGENT_SELECTOR_FIRST,
  agentAt,
  patternAt,
  selectors,
  stringLength,
  stringText,
} from "../bundle";
import { member } from "../json/tape";
import { factSelectors, factUnavailable, isTimeout } from "./facts";
import { matchedCount } from "./matches";
import { isNull } from "./members";
import { agent, DETAIL_SELECTOR, decideBy, deny, explain } from "./verdict";

const SELECTOR_BYTES: u32 = 12;
const ON_UNAVAILABLE: usize = 4;
const ON_TIMEOUT: usize = 8;

/** Whether a selector's defer is held: steps 3, 4 and 6 may still deny, and step 5 is not run. */
export let isHeld: bool = false;
export let heldCode: u32 = 0;
let heldName: u32 = 0;

/** Whether it has decided: a deny. Of several the first declared, and deny before defer. */
export function refuseSelectors(): bool {
  isHeld = false;
  const needed = neededSelectors();
  if (needed == 0) return false;
  const policy = agentAt(agent);
  const count = load<u32>(policy, AGENT_SELECTOR_COUNT);
  // A bit beyond the agent's selectors is a selector that nobody can have.
  if (count < 64 && needed >> count != 0) return deny(CODE_SELECTOR_UNAVAILABLE);
  const first = selectors + <usize>load<u32>(policy, AGENT_SELECTOR_FIRST) * SELECTOR_BYTES;
  for (let i: u32 = 0; i < count; i++) {
    if (((needed >> i) & 1) != 0 && refuseSelector(first + <usize>i * SELECTOR_BYTES)) return true;
  }
  return false;
}

function neededSelectors(): u64 {
  let needed: u64 = 0;
  for (let i: u32 = 0; i < matchedCount; i++) {
    needed |= load<u64>(patternAt(load<u32>(matched + 4 * <usize>i)));
  }
  return needed;
}

function refuseSelector(selector: usize): bool {
  const name = load<u32>(selector);
  const reason =
    factUnavailable == 0 ? <usize>0 : member(factUnavailable, stringText(name), stringLength(name));
  const isSaid = !isNull(reason);
  if (!isSaid && factSelectors != 0 && !isNull(member(factSelectors, stringText(name), stringLength(name)))) {
    return false;
  }
  const timedOut = isSaid && isTimeout(reason);
  if (load<u32>(selector + (timedOut ? ON_TIMEOUT : ON_UNAVAILABLE)) == EFFECT_DENY) {
    deny(timedOut ? CODE_SELECTOR_TIMEOUT : CODE_SELECTOR_UNAVAILABLE);
    explain(DETAIL_SELECTOR, stringText(name), stringLength(name));
    return true;
  }
  if (!isHeld) {
    isHeld = true;
    heldCode = timedOut ? CODE_SELECTOR_TIMEOUT_DEFER : CODE_SELECTOR_UNAVAILABLE_DEFER;
    heldName = name;
  }
  return false;
}

/** Makes the held defer the verdict so far. */
export function takeHeld(): void {
  decideBy(heldCode, EFFECT_DEFER, NONE);
  explain(DETAIL_SELECTOR, stringText(heldName), stringLength(heldName));
}
