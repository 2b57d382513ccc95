/**
 * Faramesh for Node: open a signed policy once, decide many times.
 *
 *     const control = await openControl({ policy: "policy.fplb", trust: "trust.json", folder: "faramesh" });
 *     const action = '{"agent":"shop","tool":"orders/get","args":{}}';
 *     const { verdict } = await control.decide({ agent: "shop", action });
 *
 * A policy alone decides too, and remembers and records nothing:
 *
 *     const policy = await openPolicy("policy.fplb", { trust: "trust.json" });
 *     const verdict = policy.decide(action);
 */
export {
  type PrivateKey,
  parsePrivateKey,
  parseTrustFile,
  type TrustCode,
  type TrustedKey,
  type TrustFile,
} from "../../bundles/trust/index.ts";
export type { KnownHead, LogFault, LogReport } from "../../control/audit/verify.ts";
export type { Facts, Input } from "../../control/call.ts";
export type { Governed } from "../../control/govern.ts";
export type { Decision } from "../../control/plane.ts";
export type { FollowedPolicy, FollowStatus, Poll } from "../../control/policy/follow.ts";
export type { Entry, RecordedDecision, ReloadResult } from "../../control/policy/policy.ts";
export type { Followed, PollingChoice } from "../../control/policy/polling.ts";
export type { Identity } from "../../control/policy/prepare.ts";
export { PolicyRefused } from "../../control/policy/refusals.ts";
export type * from "../../control/ports.ts";
export { LedgerFailure } from "../../control/ports.ts";
export type * from "../../control/requests.ts";
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
export {
  type Control,
  type ControlOptions,
  ControlRefused,
  type Keeping,
  openControl,
  RECORDS_NAME,
  rebuild,
  SALT_KEY_NAME,
  STATE_NAME,
} from "./control.ts";
export { openDelegations, type PinnedRoot } from "./delegation.ts";
export {
  type EgressEvent,
  type EgressOptions,
  type EgressServer,
  type Listen,
  serveEgress,
} from "./egress/index.ts";
export { writeAtomic } from "./files.ts";
export { type FollowOptions, followPolicy } from "./follow.ts";
export {
  type AgentKey,
  type MeasuredPaths,
  measureFiles,
  type OpenIdentifyOptions,
  openIdentify,
  openPins,
  type Pins,
  readAgentKeys,
} from "./identity/index.ts";
export {
  type CheckpointOptions,
  type Checkpoints,
  LogFailure,
  type LogOptions,
  openLog,
  readRecords,
  SegmentedLog,
  startCheckpoints,
  verifyFolder,
} from "./log/index.ts";
export { connectOperations, OperationFailure, type RunningHost } from "./operations/client.ts";
export type { FaultCode, Operations } from "./operations/wire.ts";
export { type NodePolicy as Policy, openPolicy } from "./policy.ts";
export type { ControlRefusal, HostCode, HostRefusal } from "./refusals.ts";
export { createSalts } from "./salt-key.ts";
export type { PolicyOptions } from "./source.ts";
export { StoreFailure } from "./stores/failure.ts";
export {
  migratePostgres,
  type OpenedPostgres,
  openPostgres,
  type PostgresOptions,
  type PostgresStores,
} from "./stores/postgres.ts";
export { type OpenedSqlite, openSqlite, type SqliteOptions, type SqliteStores } from "./stores/sqlite.ts";
export { verifyLog } from "./verify.ts";
