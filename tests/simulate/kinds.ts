/** What runs have to be made of: records by type, code and meter, and what clients and model note. A kind that never happens tests nothing. */

/** Within a few hundred seeds. */
const OFTEN = [
  "approval used behind a crash",
  "approval used through a chain",
  "approve event_applied",
  "approve self_approval",
  "child_exit children_none",
  "child_exit event_applied",
  "decision agent_frozen",
  "decision ambient_exceeded max_calls_per_day",
  "decision ambient_exceeded max_data_volume",
  "decision ambient_exceeded_defer max_calls_per_day",
  "decision approved",
  "decision budget_exceeded daily",
  "decision budget_exceeded fund",
  "decision budget_exceeded session",
  "decision clock_backwards",
  "decision default_deny",
  "decision delegation_expired",
  "decision delegation_invalid",
  "decision delegation_not_granted",
  "decision delegation_revoked",
  "decision delegation_scope_defer",
  "decision grantor_defer",
  "decision grantor_deny",
  "decision identity_invalid",
  "decision rate_exceeded mail/*",
  "decision rule_defer",
  "decision rule_deny",
  "decision rule_permit",
  "decision session_closed",
  "decision session_exhausted",
  "decision session_missing",
  "decision session_unknown",
  "decision spawn_limit",
  "decision spawn_limit_defer",
  "decision spawn_not_allowed",
  "decision tool_not_visible",
  "delegation_grant event_applied",
  "delegation_revoke event_applied",
  "delegation_revoked while under way",
  "freeze event_applied",
  "permit behind a reload",
  "permit in a phase that time has brought",
  "permit through 1 grants",
  "permit through 2 grants",
  "refund event_applied",
  "refund reservation_unknown",
  "reject event_applied",
  "session_close event_applied",
  "session_close gate_unmet",
  "session_open event_applied",
  "session_open session_exists",
  "session_phase event_applied",
  "session_phase phase_unknown",
  "settle event_applied",
  "settle reservation_unknown",
  "settled behind a crash",
  "settled behind a reload",
  "unfreeze event_applied",
] as const;

/** Within `CI_SEEDS`. */
const SELDOM = [
  "agent_frozen while under way",
  "approve clock_backwards",
  "approve event_invalid",
  "decision ambient_exceeded max_customers_per_day",
  "rate exceeded through a chain",
  "session_close session_closed",
  "session_open agent_frozen",
  "session_phase agent_frozen",
  "session_phase session_closed",
  "session_phase session_exhausted",
  "settle clock_backwards",
] as const;

/** The seeds of a run that is to see every kind. */
export const CI_SEEDS = 1_500;

/** Kinds that so many seeds should have had, and did not. */
export function idleKinds(kinds: ReadonlyMap<string, number>, seeds: number): string[] {
  const wanted: readonly string[] = seeds < CI_SEEDS ? OFTEN : [...OFTEN, ...SELDOM];
  return wanted.filter((kind) => !kinds.has(kind));
}
