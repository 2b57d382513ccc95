/** The completion gate: what closing a session needs. engine/ABI.md "Events". */
import {
  CODE_GATE_UNMET,
  CODE_GATE_UNMET_DEFER,
  EFFECT_DEFER,
  FAMILY_BUDGET,
  NONE,
  REMEMBERS_GATE_BUDGET,
  REMEMBERS_GATE_PENDING,
  SCOPED_SESSION,
} from "../../constants";
import {
  LIST_BYTES,
  lists,
  MEMORY_FLAGS,
  MEMORY_GATE_EFFECT,
  MEMORY_GATE_FACTS,
  METER_FAMILY,
  METER_LIMIT,
  memoryAt,
  sliceCount,
  sliceFirst,
  stringLength,
  stringText,
} from "../bundle";
import { pendingCount } from "../decide/approvals";
import { factGates } from "../decide/facts";
import { agent, DETAIL_FIELD, DETAIL_LITERAL, decideBy, deny, explain } from "../decide/verdict";
import { KIND_TRUE, kindOf, member } from "../json/tape";
import { beginMeters, nextMeter } from "../state/meters";
import { sessionBlob } from "../state/party";
import { valueOf } from "../state/values";

/** Whether something that the gate asks for is not there. */
export function refuseGate(): bool {
  const flags = load<u32>(memoryAt(agent), MEMORY_FLAGS);
  if ((flags & REMEMBERS_GATE_PENDING) != 0 && pendingCount(sessionBlob) != 0) {
    return refuseLiteral("no_pending_approvals");
  }
  if ((flags & REMEMBERS_GATE_BUDGET) != 0 && !areBudgetsOpen()) return refuseLiteral("budget_under_limit");
  const facts = load<u32>(memoryAt(agent), MEMORY_GATE_FACTS);
  if (facts == NONE) return false;
  const slice = lists + <usize>facts * LIST_BYTES + 4;
  const ids = sliceFirst(slice);
  for (let i: u32 = 0; i < sliceCount(slice); i++) {
    const name = load<u32>(ids + 4 * <usize>i);
    if (!isTrue(name)) return refuseFor(DETAIL_FIELD, stringText(name), stringLength(name));
  }
  return false;
}

/** Whether every budget of the session has something left. */
function areBudgetsOpen(): bool {
  beginMeters(agent, SCOPED_SESSION);
  for (let meter = nextMeter(); meter != 0; meter = nextMeter()) {
    if (load<u32>(meter, METER_FAMILY) != FAMILY_BUDGET) continue;
    if (valueOf(sessionBlob, meter) >= load<u64>(meter, METER_LIMIT)) return false;
  }
  return true;
}

function isTrue(name: u32): bool {
  if (factGates == 0) return false;
  const given = member(factGates, stringText(name), stringLength(name));
  return given != 0 && kindOf(given) == KIND_TRUE;
}

function refuseLiteral(name: string): bool {
  return refuseFor(DETAIL_LITERAL, changetype<usize>(name), <u32>name.length);
}

function refuseFor(kind: u32, name: usize, length: u32): bool {
  if (load<u32>(memoryAt(agent), MEMORY_GATE_EFFECT) == EFFECT_DEFER) {
    decideBy(CODE_GATE_UNMET_DEFER, EFFECT_DEFER, NONE);
  } else deny(CODE_GATE_UNMET);
  explain(kind, name, length);
  return true;
}
