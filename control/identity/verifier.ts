import type { Credential, PrincipalFacts } from "../ports.ts";
import type { IdentityFault } from "./faults.ts";

export interface IdentitySubject {
  readonly agent: string;
  readonly nowMs: number;
}

/** `verified` is true in nothing but this. */
export type Verification =
  | { readonly ok: true; readonly principal: PrincipalFacts & { readonly verified: true } }
  | IdentityFault;

/** Turns credentials of one scheme into facts about who presents them. */
export interface Verifier {
  readonly scheme: string;
  /** Rejects only when it cannot tell. */
  verify(credential: Credential, subject: IdentitySubject): Promise<Verification>;
}

/** Facts of a principal whose credential has verified. */
export function verifiedPrincipal(
  id: string,
  method: string,
  facts: Omit<PrincipalFacts, "id" | "method" | "verified"> = {},
): Verification {
  return { ok: true, principal: { ...facts, id, method, verified: true } };
}
