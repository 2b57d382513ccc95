/** Fields that a verdict and a record have in common. */
import { NONE } from "../../constants";
import {
  agentAt,
  debugLength,
  debugRules,
  debugText,
  RULE_DEBUG_BYTES,
  stringLength,
  stringText,
} from "../bundle";
import {
  agent,
  code,
  DETAIL_AGENT,
  DETAIL_ARGUMENT,
  DETAIL_LITERAL,
  DETAIL_METER,
  DETAIL_NONE,
  DETAIL_OFFSET,
  DETAIL_SELECTOR,
  detailFirst,
  detailKind,
  detailLength,
  effect,
  rule,
} from "../decide/verdict";
import { codeName, effectName } from "./names";
import { put, putInteger, putJson, putName, putString } from "./writer";

/** Name of the policy block, or null. */
export function putAgent(): void {
  if (agent == NONE) {
    put("null");
    return;
  }
  const name = load<u32>(agentAt(agent));
  putString(stringText(name), stringLength(name));
}

export function putCode(): void {
  putName(codeName(code));
}

export function putEffect(): void {
  putName(effectName(effect));
}

export function putDetail(): void {
  switch (detailKind) {
    case DETAIL_NONE:
      put("null");
      return;
    case DETAIL_OFFSET:
      put('{"offset":');
      putInteger(detailFirst);
      break;
    case DETAIL_ARGUMENT:
      put('{"argument":');
      putString(detailFirst, detailLength);
      break;
    case DETAIL_SELECTOR:
      put('{"selector":');
      putString(detailFirst, detailLength);
      break;
    case DETAIL_METER:
      put('{"meter":');
      putString(detailFirst, detailLength);
      break;
    case DETAIL_AGENT:
      put('{"agent":');
      putString(detailFirst, detailLength);
      break;
    case DETAIL_LITERAL:
      put('{"field":');
      putName(changetype<string>(<usize>detailFirst));
      break;
    default:
      put('{"field":');
      putString(detailFirst, detailLength);
  }
  put("}");
}

/** The rule's reason, or null. */
export function putReason(): void {
  const reason = rule == NONE ? NONE : load<u32>(debugRules + <usize>rule * RULE_DEBUG_BYTES, 4);
  if (reason == NONE) put("null");
  else putString(debugText(reason), debugLength(reason));
}

/** The rule's identity object, or null. */
export function putRule(): void {
  if (rule == NONE) {
    put("null");
    return;
  }
  const identity = load<u32>(debugRules + <usize>rule * RULE_DEBUG_BYTES);
  putJson(debugText(identity), debugLength(identity));
}
