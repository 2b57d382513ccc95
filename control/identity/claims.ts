/** Claims of a token to facts about the principal, as declared: nothing is taken that no mapping names. */
import type { PrincipalFacts } from "../ports.ts";
import { fault, type IdentityFault } from "./faults.ts";

/** Where the facts stand in the claims, each a list of keys from the outside in. An absent or null claim gives no fact. */
export interface ClaimMapping {
  readonly role?: readonly string[];
  readonly tier?: readonly string[];
  readonly org?: readonly string[];
  readonly email?: readonly string[];
  /** A list of strings. */
  readonly groups?: readonly string[];
}

export type Claims = Readonly<Record<string, unknown>>;

const MAX_TEXT = 1_024;
const MAX_GROUPS = 256;
const LONE_SURROGATE = /[\ud800-\udfff]/u;
const TEXTS = ["role", "tier", "org", "email"] as const;

function claimAt(claims: Claims, path: readonly string[]): unknown {
  let value: unknown = claims;
  for (const step of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return null;
    value = (value as Claims)[step];
  }
  return value ?? null;
}

const isText = (value: unknown): value is string =>
  typeof value === "string" && value.length <= MAX_TEXT && !LONE_SURROGATE.test(value);

export type MappedClaims =
  | { readonly ok: true; readonly facts: Omit<PrincipalFacts, "id" | "method" | "verified"> }
  | IdentityFault;

/** What `email_verified` says of an email that counts; some issuers write it as text. */
const VERIFIED: readonly unknown[] = [undefined, true, "true"];

/** An email that its issuer says is not verified is none, however it says so. */
export function mapClaims(claims: Claims, mapping: ClaimMapping): MappedClaims {
  const facts: Record<string, unknown> = {};
  for (const name of TEXTS) {
    const path = mapping[name];
    const value = path === undefined ? null : claimAt(claims, path);
    if (value === null) continue;
    if (!isText(value))
      return fault("claim_wrong", `\`${name}\` is no text of at most ${MAX_TEXT} characters`);
    if (name !== "email" || VERIFIED.includes(claims.email_verified)) facts[name] = value;
  }
  const groups = mapping.groups === undefined ? null : claimAt(claims, mapping.groups);
  if (groups !== null) {
    const isList = Array.isArray(groups) && groups.length <= MAX_GROUPS && groups.every(isText);
    if (!isList) return fault("claim_wrong", `\`groups\` is no list of at most ${MAX_GROUPS} texts`);
    facts.groups = groups;
  }
  return { ok: true, facts };
}
