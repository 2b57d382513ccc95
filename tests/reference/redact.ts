/** The action as a record shows it: redacted values as salted commitments (LANGUAGE section 7, engine/ABI.md "The record"). */
import { createHash } from "node:crypto";
import type { Action } from "./action.ts";
import { canonicalBytes } from "./canonical.ts";
import { at } from "./condition.ts";
import { type Json, object, string } from "./json.ts";
import { type ArgumentPath, pathJson } from "./obligations.ts";

/** Paths that name a value of the action and do not lie within another that does: those that are replaced. */
export function pathsToReplace(action: Action, paths: ArgumentPath[]): ArgumentPath[] {
  const there = paths.filter((path) => at(action.args, path) !== undefined);
  const isWithin = (inner: ArgumentPath, outer: ArgumentPath): boolean =>
    inner.length > outer.length && outer.every((step, index) => inner[index] === step);
  return there.filter((path) => !there.some((other) => isWithin(path, other)));
}

export function redactedAction(action: Action, paths: ArgumentPath[], salt: string): Json {
  return paths.reduce<Json>((json, path) => {
    const value = at(action.args, path)!;
    const shown = object({ redacted: string(commitment(path, value, salt)) });
    return replaced(json, ["args", ...path], shown);
  }, action.json);
}

function replaced(json: Json, path: ArgumentPath, value: Json): Json {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (json.kind === "object") {
    const entries = new Map(json.entries);
    entries.set(String(step), replaced(entries.get(String(step))!, rest, value));
    return { kind: "object", entries };
  }
  if (json.kind !== "list") return json;
  return {
    kind: "list",
    items: json.items.map((item, index) => (index === step ? replaced(item, rest, value) : item)),
  };
}

function commitment(path: ArgumentPath, value: Json, salt: string): string {
  const saltBytes = Buffer.from(salt);
  const pathBytes = canonicalBytes(pathJson(path));
  return createHash("sha256")
    .update(Buffer.from("faramesh/redact/v1".padEnd(32, "\0")))
    .update(lengthOf(saltBytes))
    .update(saltBytes)
    .update(lengthOf(pathBytes))
    .update(pathBytes)
    .update(canonicalBytes(value))
    .digest("hex");
}

function lengthOf(bytes: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return length;
}
