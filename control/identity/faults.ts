/** Why a credential is refused, as one closed table: what is wrong, and what to do about it. Nothing quotes what was presented. */
export const IDENTITY_FAULTS = {
  scheme_unknown: {
    message: "no verifier is configured for this kind of credential",
    help: "present a kind that the policy's `identity` blocks name",
  },
  credential_malformed: {
    message: "the credential is malformed",
    help: "present it as its issuer gave it",
  },
  credential_too_large: {
    message: "the credential is too large",
    help: "ask its issuer for fewer claims; the limits are in control/identity",
  },
  algorithm_refused: {
    message: "the credential is signed with an algorithm that is not allowed",
    help: "have it signed with one of the configured algorithms; `none` and shared secrets are never allowed",
  },
  key_unknown: {
    message: "the credential is signed by a key that its issuer does not publish",
    help: "if the issuer has just rotated its keys, try again shortly",
  },
  keys_unavailable: {
    message: "the issuer's keys cannot be had",
    help: "check that the host reaches the issuer's key set, and that it is one",
  },
  signature_bad: {
    message: "the credential's signature does not verify",
    help: "it was altered, or signed by another key; ask for a new one",
  },
  claim_missing: {
    message: "the credential lacks a claim that is needed",
    help: "have its issuer put it in",
  },
  claim_wrong: {
    message: "a claim of the credential is not of the type that was declared",
    help: "correct the mapping of claims, or have its issuer correct the claim",
  },
  issuer_wrong: {
    message: "the credential was issued by somebody else",
    help: "present one of the configured issuer",
  },
  audience_wrong: {
    message: "the credential is meant for somebody else",
    help: "ask for one with this deployment's audience",
  },
  trust_domain_wrong: {
    message: "the SPIFFE ID is malformed, or of another trust domain",
    help: "present an SVID of the configured trust domain",
  },
  credential_expired: { message: "the credential has expired", help: "ask for a new one" },
  credential_not_yet_valid: {
    message: "the credential is not valid yet",
    help: "wait, or check the clocks of its issuer and of this machine",
  },
  agent_wrong: {
    message: "the credential stands for another agent, or for none",
    help: "present the credential of the agent that calls, or register the one that it stands for",
  },
  request_malformed: {
    message: "the signed request is malformed, or a header that is signed stands twice",
    help: "sign it as docs/core/identity.md says",
  },
  request_uncovered: {
    message: "the signature does not cover all that it must",
    help: "sign the method, the target, and the digest of the content; name `created`, `keyid` and `nonce`",
  },
  digest_wrong: {
    message: "the content is not the one that was signed",
    help: "compute Content-Digest over the very bytes that are sent, with sha-256 or sha-512",
  },
  request_replayed: {
    message: "a request with this nonce has been accepted before",
    help: "sign every request with a nonce of its own",
  },
  replay_cache_full: {
    message: "too many signed requests are remembered",
    help: "shorten the life of signatures, or share the load",
  },
  measurement_missing: {
    message: "the agent has no pinned measurement, or could not be measured",
    help: "pin what the agent runs, and check that the host may read it",
  },
  measurement_wrong: {
    message: "what the agent runs is not what was pinned",
    help: "find out what changed; pin anew only what was reviewed",
  },
} as const satisfies Record<string, { message: string; help: string }>;

export type IdentityFaultCode = keyof typeof IDENTITY_FAULTS;

/** An expected refusal. */
export interface IdentityFault {
  readonly ok: false;
  readonly fault: IdentityFaultCode;
  readonly message: string;
  readonly help: string;
}

export function fault(code: IdentityFaultCode, detail = ""): IdentityFault {
  const { message, help } = IDENTITY_FAULTS[code];
  return { ok: false, fault: code, message: detail === "" ? message : `${message}: ${detail}`, help };
}
