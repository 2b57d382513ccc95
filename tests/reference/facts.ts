/** What the host knows (engine/ABI.md "The facts"). */
import { present, sortedNames } from "./action.ts";
import { exactOf, isInteger } from "./decimal.ts";
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

/** In the order in which they are checked. */
const TYPES: Record<string, (value: Json) => boolean> = {
  agent: isString,
  principal: isObject,
  purpose: isString,
  phase: isString,
  model: isString,
  selectors: isObject,
  unavailable: isUnavailable,
  time: (value) => value.kind === "number",
  salt: (value) => value.kind === "string" && new TextEncoder().encode(value.value).length >= 16,
  parent: isString,
  causes: isStrings,
};

const PRINCIPAL_TYPES: Record<string, (value: Json) => boolean> = {
  id: isString,
  method: isString,
  verified: (value) => value.kind === "boolean",
  role: isString,
  tier: isString,
  org: isString,
  groups: isStrings,
  email: isString,
};

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
  if (present(json, "delegation") !== undefined) throw new Refusal("delegation_unsupported", null);
  checkFields(json, { ...TYPES, delegation: () => true });
  const principal = present(json, "principal");
  if (principal?.kind === "object") checkFields(principal, PRINCIPAL_TYPES);
  const text = (name: string): string | null => {
    const value = present(json, name);
    return value?.kind === "string" ? value.value : null;
  };
  const inner = (name: string): JsonObject | null => {
    const value = present(json, name);
    return value?.kind === "object" ? value : null;
  };
  return {
    json,
    agent: text("agent"),
    principal: inner("principal"),
    purpose: text("purpose"),
    phase: text("phase"),
    model: text("model"),
    selectors: inner("selectors"),
    unavailable: inner("unavailable"),
    time: readTime(present(json, "time")),
    salt: text("salt"),
  };
}

function checkFields(object: JsonObject, types: Record<string, (value: Json) => boolean>): void {
  for (const name of sortedNames(object)) {
    if (!Object.hasOwn(types, name)) throw new Refusal("fact_unknown", { field: name });
  }
  for (const [name, isType] of Object.entries(types)) {
    const value = present(object, name);
    if (value !== undefined && !isType(value)) throw new Refusal("fact_type", { field: name });
  }
}

function readTime(value: Json | undefined): bigint | null {
  if (value?.kind !== "number") return null;
  const { digits, exponent } = exactOf(value.text);
  if (!isInteger({ digits, exponent }) || !/^\d{12,16}$/.test(value.text)) {
    throw new Refusal("time_invalid", { field: "time" });
  }
  return BigInt(value.text);
}
