/** HTTP message signatures of registered agents: RFC 9421 with Ed25519, RFC 9530 for the content. */
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { sameBytes, utf8 } from "../../bundles/trust/bytes.ts";
import { isUsablePublicKey, verifyBytes } from "../../bundles/trust/ed25519.ts";
import type { PrincipalFacts } from "../ports.ts";
import { fault, type IdentityFault } from "./faults.ts";
import { parseContentDigest, parseSignature, parseSignatureInput, type SignatureInput } from "./fields.ts";
import type { ReplayCache } from "./replay.ts";
import { headerOf, type SignedRequest, signatureBase } from "./signature-base.ts";
import { type IdentitySubject, type Verification, type Verifier, verifiedPrincipal } from "./verifier.ts";

/** The key of one agent. */
export interface RegisteredKey {
  /** `keyid` of its signatures. */
  readonly keyId: string;
  readonly agent: string;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** What else is known of the agent. */
  readonly facts?: Pick<PrincipalFacts, "role" | "tier" | "org" | "groups">;
}

export interface SignatureOptions {
  readonly keys: readonly RegisteredKey[];
  readonly replay: ReplayCache;
  /** A signature lives so long after `created`; 5 minutes when left out. */
  readonly maxAgeMs?: number;
  /** Between the clocks of agent and host; 30 seconds when left out. */
  readonly skewMs?: number;
}

const MAX_FIELD = 4_096;
const MAX_HEADERS = 256;
const MAX_BODY_BYTES = 16_777_216;
const NONCE = /^[\x21-\x7e]{8,128}$/;
const COVERED = ["@method", "@target-uri"];

/** Whether the content is the one that its digests are of; at least one digest of those two, and none of another kind. */
function isContent(request: SignedRequest): boolean {
  const field = headerOf(request, "content-digest");
  const digests = field === null ? null : parseContentDigest(field);
  if (digests === null || digests.size === 0) return false;
  return [...digests].every(([name, digest]) => {
    if (name === "sha-256") return sameBytes(digest, sha256(request.body));
    return name === "sha-512" && sameBytes(digest, sha512(request.body));
  });
}

function isRequest(value: unknown): value is SignedRequest {
  const { method, url, headers, body } = (value ?? {}) as Partial<SignedRequest>;
  const texts = [method, url];
  if (!texts.every((text) => typeof text === "string" && text.length <= MAX_FIELD)) return false;
  if (!(body instanceof Uint8Array) || body.length > MAX_BODY_BYTES) return false;
  if (!Array.isArray(headers) || headers.length > MAX_HEADERS) return false;
  return headers.every(
    (one) => Array.isArray(one) && typeof one[0] === "string" && typeof one[1] === "string",
  );
}

function refuseCover(
  request: SignedRequest,
  { components, created, keyId, nonce }: SignatureInput,
): IdentityFault | null {
  const needsContent = request.body.length > 0 || components.includes("content-digest");
  const needed = needsContent ? [...COVERED, "content-digest"] : COVERED;
  const missing = needed.find((name) => !components.includes(name));
  if (missing !== undefined) return fault("request_uncovered", `\`${missing}\``);
  if (created === null || keyId === null) return fault("request_uncovered", "`created` and `keyid`");
  if (nonce === null || !NONCE.test(nonce))
    return fault("request_uncovered", "a `nonce` of 8 to 128 characters");
  return null;
}

interface Times {
  readonly maxAgeMs: number;
  readonly skewMs: number;
}

/** When a signature is over, or why it does not count now. */
function endOf(
  { created, expires }: SignatureInput,
  nowMs: number,
  { maxAgeMs, skewMs }: Times,
): number | IdentityFault {
  const createdMs = created! * 1000;
  const endMs = Math.min(createdMs + maxAgeMs, (expires ?? Number.POSITIVE_INFINITY) * 1000) + skewMs;
  if (createdMs > nowMs + skewMs) return fault("credential_not_yet_valid");
  return nowMs < endMs ? endMs : fault("credential_expired");
}

class SignatureVerifier implements Verifier {
  readonly scheme = "ed25519";
  readonly #keys: ReadonlyMap<string, RegisteredKey>;
  readonly #replay: ReplayCache;
  readonly #times: Times;

  constructor({ keys, replay, maxAgeMs = 300_000, skewMs = 30_000 }: SignatureOptions) {
    this.#keys = new Map(keys.map((key) => [key.keyId, key]));
    if (this.#keys.size !== keys.length) throw new RangeError("keys: a key id stands twice");
    if (!keys.every(({ publicKey }) => isUsablePublicKey(publicKey))) {
      throw new RangeError("keys: a key is no usable Ed25519 public key");
    }
    if (!(maxAgeMs > 0 && skewMs >= 0)) throw new RangeError("maxAgeMs and skewMs must be milliseconds");
    this.#replay = replay;
    this.#times = { maxAgeMs, skewMs };
  }

  async verify(credential: unknown, { agent, nowMs }: IdentitySubject): Promise<Verification> {
    const { request } = (credential ?? {}) as { request?: unknown };
    if (!isRequest(request)) return fault("request_malformed");
    const read = readSignature(request);
    if (!read.ok) return read;
    const { input } = read;
    const refusal = refuseCover(request, input);
    if (refusal !== null) return refusal;
    const end = endOf(input, nowMs, this.#times);
    if (typeof end !== "number") return end;
    const key = this.#keys.get(input.keyId!);
    if (key === undefined) return fault("key_unknown");
    const base = signatureBase(request, input);
    if (base === null) return fault("request_malformed");
    if (!verifyBytes(read.signature, utf8(base), key.publicKey)) return fault("signature_bad");
    // The signature vouches for the digest, the digest for the content.
    if (input.components.includes("content-digest") && !isContent(request)) return fault("digest_wrong");
    if (key.agent !== agent) return fault("agent_wrong");
    return this.#once(key, input, end, nowMs);
  }

  /** Last: only what would be accepted is remembered. */
  async #once(
    key: RegisteredKey,
    { nonce }: SignatureInput,
    endMs: number,
    nowMs: number,
  ): Promise<Verification> {
    const outcome = await this.#replay.note(`${key.keyId}\n${nonce}`, endMs, nowMs);
    if (outcome === "seen") return fault("request_replayed");
    if (outcome === "full") return fault("replay_cache_full");
    return verifiedPrincipal(key.agent, "ed25519", key.facts);
  }
}

function readSignature(
  request: SignedRequest,
): { ok: true; input: SignatureInput; signature: Uint8Array } | IdentityFault {
  const [inputField, field] = [headerOf(request, "signature-input"), headerOf(request, "signature")];
  if (inputField === null || field === null || inputField.length > MAX_FIELD)
    return fault("request_malformed");
  const input = parseSignatureInput(inputField);
  const signature = input === null ? null : parseSignature(field, input.label);
  if (input === null || signature === null) return fault("request_malformed");
  if (input.algorithm !== null && input.algorithm !== "ed25519") return fault("algorithm_refused");
  return { ok: true, input, signature };
}

/** Credentials `{ scheme: "ed25519", request }`. @throws RangeError for keys that cannot be registered. */
export function signatureVerifier(options: SignatureOptions): Verifier {
  return new SignatureVerifier(options);
}
