/**
 * What operators ask of a host that runs, over its control socket. One JSON object a line each way, at most MAX_REQUEST_BYTES for a request:
 *
 *   {"operation": "freeze", "with": {"agent": "shop", "by": "ops"}, "bundle": "64 hexadecimal digits"}
 *   {"ok": true, "value": {"verdict": {…}, "sequence": 17, "hash": "…", …}}     {"ok": false, "code": "request_malformed", "message": "…"}
 *
 * `bundle` is left out, or the digest of the bundle that must be deciding. The list of operations is closed, and has no decision.
 */
import type { ControlPlane } from "../../../control/plane.ts";
import type { Ledger } from "../../../control/ports.ts";

export const MAX_REQUEST_BYTES = 65_536;
/** Keys of one `read`, names of one `list`. */
export const MAX_KEYS = 16;
export const MAX_LISTED = 512;
const MAX_TEXTS = 64;

/** The events that an operator may cause. */
export type OperatorEvent =
  | "openSession"
  | "setPhase"
  | "closeSession"
  | "approve"
  | "reject"
  | "freeze"
  | "unfreeze"
  | "childExit"
  | "revokeGrant"
  | "recordIncident";

/** A control plane as operators see it, in this process or in another one. */
export interface Operations extends Pick<ControlPlane, OperatorEvent> {
  readonly ledger: Pick<Ledger, "read" | "list">;
}

type Kind = "text" | "digest" | "time" | "texts" | "gates" | "count" | "keys" | "prefix";
/** What a field holds; with `?` it may be left out or null. */
type Fields = Readonly<Record<string, Kind | `${Kind}?`>>;

const OPERATION = { agent: "text", reason: "text?", by: "text?" } as const;
const ANSWER = {
  agent: "text",
  session: "text?",
  chain: "texts?",
  actionDigest: "digest",
  approver: "text",
  reason: "text?",
} as const;

export const EVENTS: Readonly<Record<OperatorEvent, Fields>> = {
  openSession: { agent: "text", session: "text", purpose: "text?", phase: "text?" },
  setPhase: { agent: "text", session: "text", phase: "text" },
  closeSession: { agent: "text", session: "text", reason: "text?", facts: "gates?" },
  approve: { ...ANSWER, expires: "time" },
  reject: ANSWER,
  freeze: OPERATION,
  unfreeze: OPERATION,
  childExit: { agent: "text" },
  revokeGrant: { ...OPERATION, grant: "digest" },
  recordIncident: { ...OPERATION, id: "text" },
};

/** What changes nothing. `about`: pid and identity. */
export const READS = {
  about: {},
  read: { keys: "keys" },
  list: { prefix: "prefix", after: "text?", limit: "count" },
} as const satisfies Record<string, Fields>;

export const FAULTS = {
  request_malformed: "the request is malformed",
  request_too_large: `a request has at most ${MAX_REQUEST_BYTES} bytes`,
  policy_differs: "the host decides by another policy",
  host_failed: "the host failed on the request; whether it took effect is not known",
} as const;
export type FaultCode = keyof typeof FAULTS;

export class RequestFault extends Error {
  readonly code: FaultCode;

  constructor(code: FaultCode, detail: string) {
    super(`${FAULTS[code]}: ${detail}`);
    this.code = code;
  }
}

export interface Request {
  readonly operation: OperatorEvent | keyof typeof READS;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly bundle: string | null;
}

const DIGEST = /^[0-9a-f]{64}$/;
/** What operators read: sessions and agents, and nothing else that a store holds. */
const STATE_KEY = /^(?:agent|session)\//;

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function isGates(value: unknown): boolean {
  if (!isRecord(value) || Object.keys(value).join() !== "gates" || !isRecord(value.gates)) return false;
  return Object.values(value.gates).every((gate) => typeof gate === "boolean");
}

const CHECKS: Readonly<Record<Kind, (value: unknown) => boolean>> = {
  text: isText,
  digest: (value) => typeof value === "string" && DIGEST.test(value),
  time: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
  texts: (value) => Array.isArray(value) && value.length <= MAX_TEXTS && value.every(isText),
  gates: isGates,
  count: (value) => Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= MAX_LISTED,
  keys: (value) =>
    Array.isArray(value) &&
    value.length <= MAX_KEYS &&
    value.every((key) => isText(key) && STATE_KEY.test(key)),
  prefix: (value) => isText(value) && STATE_KEY.test(value),
};

function checkFields(given: Record<string, unknown>, fields: Fields): Record<string, unknown> {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(fields, name));
  if (unknown !== undefined) throw new RequestFault("request_malformed", `unknown field \`${unknown}\``);
  const checked: Record<string, unknown> = {};
  for (const [name, spelled] of Object.entries(fields)) {
    const [kind, optional] = spelled.endsWith("?") ? [spelled.slice(0, -1), true] : [spelled, false];
    const value = given[name] ?? null;
    if (value === null && optional) continue;
    if (!CHECKS[kind as Kind](value))
      throw new RequestFault("request_malformed", `\`${name}\` is not a ${kind}`);
    checked[name] = value;
  }
  return checked;
}

/** @throws RequestFault */
export function parseRequest(line: Uint8Array): Request {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(line));
  } catch {
    throw new RequestFault("request_malformed", "it is no line of JSON in UTF-8");
  }
  if (!isRecord(value)) throw new RequestFault("request_malformed", "it is no JSON object");
  const { operation, with: given = {}, bundle = null, ...more } = value;
  const fields = [EVENTS, READS].find(
    (table) => typeof operation === "string" && Object.hasOwn(table, operation),
  );
  if (fields === undefined || typeof operation !== "string")
    throw new RequestFault("request_malformed", "there is no such operation");
  if (!isRecord(given) || Object.keys(more).length > 0)
    throw new RequestFault("request_malformed", "it has `operation`, `with` and `bundle`, and no more");
  if (bundle !== null && !CHECKS.digest(bundle))
    throw new RequestFault("request_malformed", "`bundle` is not a digest");
  const table = (fields as Readonly<Record<string, Fields>>)[operation]!;
  return {
    operation: operation as Request["operation"],
    fields: checkFields(given, table),
    bundle: bundle as string | null,
  };
}
