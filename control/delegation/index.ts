/** Grants at run time: signed, expiring, attenuated tokens. docs/core/delegation.md. */
export {
  type ChainResult,
  type ChainSubject,
  type DelegationRoot,
  type GrantEffect,
  type Link,
  verifyChain,
} from "./chain.ts";
export { createDelegations, type DelegationOptions } from "./delegations.ts";
export { DELEGATION_FAULTS, type DelegationFault, type DelegationFaultCode } from "./faults.ts";
export { type IssueOptions, type IssueResult, issueGrant } from "./issue.ts";
export type { ScopeCore } from "./scopes.ts";
export { CEILINGS, type Ceiling, decodeToken, type Grant, type Token } from "./token.ts";
