/** Why a token or a chain of tokens is refused, as one closed table: what is wrong, and what to do about it. */
export const DELEGATION_FAULTS = {
  token_too_large: {
    message: "the delegation token is too large",
    help: "grant fewer or shorter scopes; the limits are in control/delegation/token.ts",
  },
  token_malformed: {
    message: "the delegation token is malformed",
    help: "give it as it was issued: a token has exactly one accepted encoding",
  },
  chain_empty: {
    message: "no delegation token was given",
    help: "give the tokens of the whole chain, the first grant first",
  },
  chain_too_long: {
    message: "the chain has more grants than may follow one another",
    help: "have an earlier grantor grant to the last delegate directly",
  },
  chain_broken: {
    message: "a token does not follow from the one before it",
    help: "give the tokens of one chain, all of them, the first grant first",
  },
  chain_loop: {
    message: "an agent stands twice in the chain",
    help: "an agent cannot act in its own name by way of others",
  },
  root_unknown: {
    message: "the first grant is signed by a key that is not pinned",
    help: "pin the key that signs first grants if it is yours; a chain counts from a pinned key only",
  },
  root_not_for_agent: {
    message: "the pinned key may not grant in the name of this agent",
    help: "have the first grant signed by a key that is pinned for its grantor",
  },
  signer_wrong: {
    message: "the token is signed by another key than its grantor's",
    help: "sign it with the key whose public half the grantor's own grant names as holder",
  },
  signature_bad: {
    message: "the signature of the token does not verify",
    help: "the token was altered; have it issued again, and find out who altered it",
  },
  depth_exceeded: {
    message: "the grant before this one does not allow so many further grants",
    help: "issue with a smaller depth, or ask the grantor for a deeper grant",
  },
  expiry_widened: {
    message: "the grant outlives the one that it stands on, or begins before it",
    help: "issue it within the time of the grant before it",
  },
  ceiling_widened: {
    message: "the grant's ceiling is wider than that of the one that it stands on",
    help: "issue it with the same ceiling, a narrower one, or `inherited`",
  },
  delegate_wrong: {
    message: "the chain ends at another agent",
    help: "only the agent that the last grant names can act on it",
  },
  grant_expired: {
    message: "the grant has expired",
    help: "have the chain issued anew",
  },
  grant_not_yet_valid: {
    message: "the grant is not valid yet",
    help: "wait until it begins, or check the machine's clock",
  },
  scope_unusable: {
    message: "the compiled scope of the grant cannot be used by this core",
    help: "have the grant issued with the compiler of this release",
  },
} as const satisfies Record<string, { message: string; help: string }>;

export type DelegationFaultCode = keyof typeof DELEGATION_FAULTS;

/** An expected refusal. `message` quotes nothing but agents' names and times. */
export interface DelegationFault {
  readonly ok: false;
  readonly fault: DelegationFaultCode;
  readonly message: string;
  readonly help: string;
}

export function fault(code: DelegationFaultCode, detail = ""): DelegationFault {
  const { message, help } = DELEGATION_FAULTS[code];
  return { ok: false, fault: code, message: detail === "" ? message : `${message}: ${detail}`, help };
}
