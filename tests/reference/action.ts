/** The canonical action (LANGUAGE section 6, engine/ABI.md "The action"). */
import { exactOf, isInteger } from "./decimal.ts";
import { isHost } from "./hosts.ts";
import { type Json, type JsonObject, Refusal } from "./json.ts";
import { isToolName } from "./names.ts";

export interface Action {
  json: JsonObject;
  agent: string;
  tool: string;
  args: JsonObject;
  session: string | null;
  http: JsonObject | null;
}

const FIELDS = ["agent", "tool", "args", "session", "call_id", "http"];
const FACET_FIELDS = ["host", "port", "method", "path", "query", "headers"];

/** The value of a field, with `null` as absent. */
export function present(object: JsonObject, name: string): Json | undefined {
  const value = object.entries.get(name);
  return value?.kind === "null" ? undefined : value;
}

/** Field names in the order in which they are checked: the canonical one. */
export const sortedNames = (object: JsonObject): string[] => [...object.entries.keys()].sort();

/** Throws Refusal for what is not an action. */
export function readAction(json: Json): Action {
  if (json.kind !== "object") throw new Refusal("action_not_object", null);
  for (const name of sortedNames(json)) {
    if (!FIELDS.includes(name)) throw new Refusal("action_field_unknown", { field: name });
  }
  const agent = field(json, "agent", "string", true)!;
  const tool = field(json, "tool", "string", true)!;
  const args = field(json, "args", "object", true)!;
  const session = field(json, "session", "string", false);
  field(json, "call_id", "string", false);
  const http = field(json, "http", "object", false);
  if (!isToolName(tool.value)) throw new Refusal("tool_name_invalid", { field: "tool" });
  if (http !== undefined) checkFacet(http);
  return {
    json,
    agent: agent.value,
    tool: tool.value,
    args,
    session: session?.value ?? null,
    http: http ?? null,
  };
}

function field<K extends "string" | "object">(
  json: JsonObject,
  name: string,
  kind: K,
  required: boolean,
): Extract<Json, { kind: K }> | undefined {
  const value = present(json, name);
  if (value === undefined) {
    if (required) throw new Refusal("action_field_missing", { field: name });
    return undefined;
  }
  if (value.kind !== kind) throw new Refusal("action_field_type", { field: name });
  return value as Extract<Json, { kind: K }>;
}

const FACET_CHECKS: Record<string, (value: Json) => boolean> = {
  host: (value) => value.kind === "string" && isHost(value.value),
  port: isPort,
  method: (value) => value.kind === "string" && /^[A-Z]+$/.test(value.value),
  path: (value) => value.kind === "string" && isRequestPath(value.value),
  query: (value) => value.kind === "object",
  headers: (value) =>
    value.kind === "object" && [...value.entries.keys()].every((name) => !/[A-Z]/.test(name)),
};

function checkFacet(http: JsonObject): void {
  for (const name of sortedNames(http)) {
    if (!FACET_FIELDS.includes(name)) throw new Refusal("http_facet_invalid", { field: name });
  }
  for (const name of FACET_FIELDS) {
    const value = present(http, name);
    if (value !== undefined && !FACET_CHECKS[name]!(value)) {
      throw new Refusal("http_facet_invalid", { field: name });
    }
  }
}

function isPort(value: Json): boolean {
  if (value.kind !== "number" || !isInteger(exactOf(value.text))) return false;
  return Number(value.text) >= 1 && Number(value.text) <= 65535;
}

/** One spelling of a path: nothing that a server might resolve, strip or decode to another path. */
function isRequestPath(path: string): boolean {
  if (!path.startsWith("/") || /[\u0000-\u001f\u007f\\?#]/.test(path)) return false;
  const encoded = [...path.matchAll(/%([0-9a-f]{2})/gi)].map(([, digits]) => Number.parseInt(digits!, 16));
  if (encoded.some((code) => /[A-Za-z0-9._~-]/.test(String.fromCharCode(code)))) return false;
  const names = path.split(/\/|%2f|%5c/i).map((segment) => segment.split(";")[0]);
  return !names.includes(".") && !names.includes("..");
}
