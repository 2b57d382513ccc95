/** Steps 4 and 5: `deny!` rules, then all others in order, then the default. LANGUAGE sections 4 and 5. */
import {
  CODE_DEFAULT_DEFER,
  CODE_DEFAULT_DENY,
  CODE_DEFAULT_PERMIT,
  CODE_DENY_ALWAYS,
  CODE_DENY_ALWAYS_MISSING,
  CODE_DENY_ALWAYS_WRONG_TYPE,
  CODE_RULE_DEFER,
  CODE_RULE_DEFER_MISSING,
  CODE_RULE_DEFER_WRONG_TYPE,
  CODE_RULE_DENY,
  CODE_RULE_DENY_MISSING,
  CODE_RULE_DENY_WRONG_TYPE,
  CODE_RULE_PERMIT,
  EFFECT_DEFER,
  EFFECT_DENY,
  EFFECT_PERMIT,
  FALSE,
  MISSING,
  NO_PHASE,
  NONE,
  SYSTEM_MISSING_APPLIES,
  TRACE_RULE,
  TRUE,
} from "../../constants";
import {
  AGENT_DEFAULT,
  agentAt,
  PATTERN_ALWAYS,
  PATTERN_RULES,
  RULE_CODE_COUNT,
  RULE_CODE_FIRST,
  RULE_PHASE,
  ruleAt,
  SYSTEM_FLAGS,
  system,
} from "../bundle";
import { evaluate } from "../evaluate/evaluate";
import { traceEvent, tracing } from "../record/trace";
import { beginMerge, nextMerged } from "./merge";
import { activePhase } from "./phase";
import { agent, decideBy, effect } from "./verdict";

/** The first `defer` among the `deny!` rules that applies, which takes the place of a permit, or NONE; and its code. */
let ceiling: u32 = NONE;
let ceilingCode: u32 = 0;

/** Whether a `deny!` rule has decided. */
export function refuseAlways(): bool {
  ceiling = NONE;
  beginMerge(PATTERN_ALWAYS);
  for (let id = nextMerged(); id != NONE; id = nextMerged()) {
    const truth = conditionOf(id);
    if (truth == FALSE) continue;
    if (load<u8>(ruleAt(id)) == EFFECT_DEFER) {
      if (ceiling == NONE) noteCeiling(id, truth);
      continue;
    }
    const unknown = truth == MISSING ? CODE_DENY_ALWAYS_MISSING : CODE_DENY_ALWAYS_WRONG_TYPE;
    decideBy(truth == TRUE ? CODE_DENY_ALWAYS : unknown, EFFECT_DENY, id);
    return true;
  }
  return false;
}

/** As a `deny!` it applies on everything unknown too. */
function noteCeiling(id: u32, truth: u32): void {
  const unknown = truth == MISSING ? CODE_RULE_DEFER_MISSING : CODE_RULE_DEFER_WRONG_TYPE;
  ceiling = id;
  ceilingCode = truth == TRUE ? CODE_RULE_DEFER : unknown;
}

/** Makes a defer of the rules' permit where the party's `refuseAlways` found one. */
export function narrowPermit(): void {
  if (ceiling != NONE && effect == EFFECT_PERMIT) decideBy(ceilingCode, EFFECT_DEFER, ceiling);
}

/** The first rule that applies, else the default. */
export function judge(): void {
  beginMerge(PATTERN_RULES);
  for (let id = nextMerged(); id != NONE; id = nextMerged()) {
    const truth = conditionOf(id);
    if (truth == FALSE) continue;
    const own = <u32>load<u8>(ruleAt(id));
    const code = codeOf(own, truth);
    if (code == 0) continue;
    decideBy(code, own, id);
    return;
  }
  const unless = load<u32>(agentAt(agent), AGENT_DEFAULT);
  const unlessPermit = unless == EFFECT_DEFER ? CODE_DEFAULT_DEFER : CODE_DEFAULT_DENY;
  decideBy(unless == EFFECT_PERMIT ? CODE_DEFAULT_PERMIT : unlessPermit, unless, NONE);
}

/** Truth of the rule's condition; FALSE for a rule of another phase. */
function conditionOf(id: u32): u32 {
  const rule = ruleAt(id);
  const phase = <u32>load<u16>(rule, RULE_PHASE);
  if (phase != NO_PHASE && phase != activePhase) return FALSE;
  const truth = evaluate(load<u32>(rule, RULE_CODE_FIRST), load<u32>(rule, RULE_CODE_COUNT));
  if (tracing) traceEvent(TRACE_RULE, truth, id);
  return truth;
}

/** The code with which a rule whose condition is not false applies, or 0: the table of LANGUAGE section 4. */
function codeOf(own: u32, truth: u32): u32 {
  if (own == EFFECT_PERMIT) return truth == TRUE ? CODE_RULE_PERMIT : 0;
  const isDefer = own == EFFECT_DEFER;
  if (truth == TRUE) return isDefer ? CODE_RULE_DEFER : CODE_RULE_DENY;
  if (truth != MISSING) return isDefer ? CODE_RULE_DEFER_WRONG_TYPE : CODE_RULE_DENY_WRONG_TYPE;
  if ((load<u32>(system, SYSTEM_FLAGS) & SYSTEM_MISSING_APPLIES) == 0) return 0;
  return isDefer ? CODE_RULE_DEFER_MISSING : CODE_RULE_DENY_MISSING;
}
