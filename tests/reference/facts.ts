/** What the host knows (engine/ABI.md "The facts"). */
import { present, sortedNames } from "./action.ts";
import { exactOf } from "./decimal.ts";
import { type Json, type JsonObject, Refusal } from "./json.ts";
import { microsOf } from "./state/amounts.ts";

export interface Facts {
  json: JsonObject;
  agent: string | null;
  principal: JsonObject | null;
  purpose: string | null;
  phase: string | null;
  model: string | null;
  selectors: JsonObject | null;
  unavailable: JsonObject | null;
  /** Unix milliseconds. */
  time: bigint | null;
  salt: string | null;
  cost: Cost | null;
  delegation: Delegation | null;
  gates: JsonObject | null;
}

export interface Cost {
  /** Millionths. */
  money: bigint | null;
  tokens: bigint | null;
}

export interface Grant {
  /** Unix milliseconds. */
  granted: bigint;
  expires: bigint;
  effect: "permit" | "defer" | "deny";
}

/** Grant i is from `chain[i]` to the next in the chain, the last one to the action's agent. */
export interface Delegation {
  chain: string[];
  grants: Grant[];
}

const isString = (value: Json): boolean => value.kind === "string";
const isObject = (value: Json): boolean => value.kind === "object";
const isStrings = (value: Json): boolean => value.kind === "list" && value.items.every(isString);

const isBoolean = (value: Json): boolean => value.kind === "boolean";

/** What a value must be; a text is the code of what it is instead. */
type Check = (value: Json) => boolean | string;

const PRINCIPAL_CHECKS: Record<string, Check> = {
  id: isString,
  method: isString,
  role: isString,
  tier: isString,
  org: isString,
  email: isString,
  verified: isBoolean,
  groups: isStrings,
};

/** In the order in which they are checked. */
const CHECKS: Record<string, Check> = {
  agent: isString,
  principal: (value) => {
    if (value.kind === "object") checkFields(value, PRINCIPAL_CHECKS);
    return value.kind === "object";
  },
  purpose: isString,
  phase: isString,
  model: isString,
  selectors: isObject,
  unavailable: isUnavailable,
  time: (value) => (value.kind === "number" ? isTime(value.text) || "time_invalid" : false),
  salt: (value) => value.kind === "string" && Buffer.byteLength(value.value) >= 16,
  parent: isString,
  causes: isStrings,
  cost: (value) => {
    if (value.kind === "object") checkFields(value, COST_CHECKS);
    return value.kind === "object";
  },
  delegation: (value) => {
    if (value.kind === "object") checkDelegation(value);
    return value.kind === "object";
  },
  gates: (value) =>
    value.kind === "object" &&
    [...value.entries.values()].every((one) => one.kind === "null" || one.kind === "boolean"),
};

/** Of a canonical number: an integer of 12 to 15 digits, not negative. */
export const isTime = (text: string): boolean => /^\d{12,15}$/.test(text);

function isUnavailable(value: Json): boolean {
  if (value.kind !== "object") return false;
  return [...value.entries.values()].every(
    (one) =>
      one.kind === "null" ||
      (one.kind === "string" && (one.value === "unavailable" || one.value === "timeout")),
  );
}

/** Throws Refusal for what are not facts. */
export function readFacts(json: Json): Facts {
  if (json.kind !== "object") throw new Refusal("facts_invalid", null);
  checkFields(json, CHECKS);
  const text = (name: string): string | null => {
    const value = present(json, name);
    return value?.kind === "string" ? value.value : null;
  };
  const inner = (name: string): JsonObject | null => {
    const value = present(json, name);
    return value?.kind === "object" ? value : null;
  };
  const time = present(json, "time");
  return {
    json,
    agent: text("agent"),
    principal: inner("principal"),
    purpose: text("purpose"),
    phase: text("phase"),
    model: text("model"),
    selectors: inner("selectors"),
    unavailable: inner("unavailable"),
    time: time?.kind === "number" ? BigInt(time.text) : null,
    salt: text("salt"),
    cost: read(json, "cost", costOf),
    delegation: read(json, "delegation", delegationOf),
    gates: inner("gates"),
  };
}

function read<T>(json: JsonObject, name: string, reader: (value: JsonObject) => T | null): T | null {
  const value = present(json, name);
  return value?.kind === "object" ? reader(value) : null;
}

/** `json` is one by its fields. */
function costOf(json: JsonObject): Cost {
  const money = present(json, "money");
  const tokens = present(json, "tokens");
  return {
    money: money === undefined ? null : moneyOf(money),
    tokens: tokens === undefined ? null : tokensOf(tokens),
  };
}

/** Millionths of a number, or of a text that is written like one, below 10^12 with at most 6 decimals. */
export function moneyOf(value: Json): bigint | null {
  if (value.kind === "number") return microsOf(value.text);
  if (value.kind !== "string" || !/^(?:0|[1-9]\d*)(?:\.\d{1,6})?$/.test(value.value)) return null;
  return microsOf(value.value);
}

/** A whole number of 0 or more, below 2^53. */
export function tokensOf(value: Json): bigint | null {
  if (value.kind !== "number") return null;
  const { digits, exponent } = exactOf(value.text);
  if (digits < 0n || exponent < 0n || exponent > 16n) return null;
  const count = digits * 10n ** exponent;
  return count < 2n ** 53n ? count : null;
}

const COST_CHECKS: Record<string, Check> = {
  money: (value) => moneyOf(value) !== null,
  tokens: (value) => tokensOf(value) !== null,
};

function checkDelegation(json: JsonObject): void {
  const chain = present(json, "chain");
  const grants = present(json, "grants");
  const isNamed = chain?.kind === "list" && chain.items.length > 0 && isStrings(chain);
  const isGranted =
    grants?.kind === "list" &&
    grants.items.length === (chain?.kind === "list" ? chain.items.length : 0) &&
    grants.items.every((one) => one.kind === "object" && grantOf(one) !== null);
  checkFields(json, { chain: () => isNamed, grants: () => isGranted });
  if (!isNamed) throw new Refusal("fact_type", { field: "chain" });
  if (!isGranted) throw new Refusal("fact_type", { field: "grants" });
}

function delegationOf(json: JsonObject): Delegation | null {
  const chain = present(json, "chain");
  const grants = present(json, "grants");
  if (chain?.kind !== "list" || grants?.kind !== "list") return null;
  return {
    chain: chain.items.flatMap((one) => (one.kind === "string" ? [one.value] : [])),
    grants: grants.items.flatMap((one) => (one.kind === "object" ? (grantOf(one) ?? []) : [])),
  };
}

const GRANT_FIELDS = ["digest", "granted", "expires", "effect"];

function grantOf(json: JsonObject): Grant | null {
  if ([...json.entries.keys()].some((name) => !GRANT_FIELDS.includes(name))) return null;
  const [digest, granted, expires, effect] = GRANT_FIELDS.map((name) => present(json, name));
  if (digest?.kind !== "string" || !isDigest(digest.value)) return null;
  if (granted?.kind !== "number" || !isTime(granted.text)) return null;
  if (expires?.kind !== "number" || !isTime(expires.text)) return null;
  if (effect?.kind !== "string" || !["permit", "defer", "deny"].includes(effect.value)) return null;
  return {
    granted: BigInt(granted.text),
    expires: BigInt(expires.text),
    effect: effect.value as Grant["effect"],
  };
}

export const isDigest = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);

function checkFields(object: JsonObject, checks: Record<string, Check>): void {
  for (const name of sortedNames(object)) {
    if (!Object.hasOwn(checks, name)) throw new Refusal("fact_unknown", { field: name });
  }
  for (const [name, check] of Object.entries(checks)) {
    const value = present(object, name);
    const result = value === undefined || check(value);
    if (result !== true) {
      throw new Refusal(result === false ? "fact_type" : result, { field: name });
    }
  }
}
