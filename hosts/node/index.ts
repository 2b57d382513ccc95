/**
 * Faramesh for Node: open a signed policy once, decide many times.
 *
 *     const policy = await openPolicy("policy.fplb", { trust: "trust.json" });
 *     const verdict = policy.decide('{"agent":"shop","tool":"orders/get","args":{}}');
 */
export {
  parseTrustFile,
  type TrustCode,
  type TrustedKey,
  type TrustFile,
} from "../../bundles/trust/index.ts";
export type { KnownHead, LogFault, LogReport } from "../../control/audit/verify.ts";
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
export { CODES, codeNamed } from "../../engine/binding/index.ts";
export { writeAtomic } from "./files.ts";
export { type AppendResult, cutTornLine, openLog, type Recorded, RecordLog, verifyLog } from "./log.ts";
export {
  type Entry,
  type Input,
  openPolicy,
  Policy,
  PolicyRefused,
  type RecordedDecision,
  type ReloadResult,
} from "./policy.ts";
export type { HostCode, HostRefusal } from "./refusals.ts";
export type { Identity, PolicyOptions } from "./source.ts";
