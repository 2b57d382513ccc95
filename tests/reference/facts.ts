/** What the host knows (engine/ABI.md "The facts"). */
import { present, sortedNames } from "./action.ts";
import { type Json, type JsonObject, Refusal } from "./json.ts";

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
  delegation: () => true,
};

/** Of a canonical number: an integer of 12 to 15 digits, not negative. */
const isTime = (text: string): boolean => /^\d{12,15}$/.test(text);

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
  if (present(json, "delegation") !== undefined) {
    throw new Refusal("delegation_unsupported", { field: "delegation" });
  }
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
  };
}

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
