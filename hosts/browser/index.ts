/**
 * Faramesh for browsers: open a signed policy once, decide many times.
 *
 *     const policy = await openPolicy("policy.fplb", { trust: "trust.json" });
 *     const verdict = policy.decide({ agent: "shop", tool: "orders/get", args: {} });
 *
 * What the codes of verdicts mean is in `faramesh/codes`, so that a page which does not show it does not load it.
 */
export {
  parseTrustFile,
  type TrustCode,
  type TrustedKey,
  type TrustFile,
} from "../../bundles/trust/index.ts";
export type { FollowedPolicy, FollowStatus, Poll } from "../../control/policy/follow.ts";
export type { Entry, RecordedDecision, ReloadResult } from "../../control/policy/policy.ts";
export type { Followed, PollingChoice } from "../../control/policy/polling.ts";
export type { Identity } from "../../control/policy/prepare.ts";
export { PolicyRefused } from "../../control/policy/refusals.ts";
export type {
  Code,
  CodeName,
  Effect,
  Obligations,
  RuleIdentity,
  Text,
  Traced,
  Verdict,
} from "../../engine/binding/index.ts";
export { type FollowOptions, followPolicy } from "./follow.ts";
export { type BrowserPolicy as Policy, openPolicy } from "./policy.ts";
export type { Place, PolicyOptions } from "./source.ts";
