/** The action as a record shows it: redacted values as salted commitments (LANGUAGE section 7, engine/ABI.md "The record"). */
import { createHash } from "node:crypto";
import { canonicalBytes } from "./canonical.ts";
import { at } from "./condition.ts";
import { type Json, object, string } from "./json.ts";
import { type ArgumentPath, pathJson } from "./obligations.ts";

/** A value that is replaced: where it stands, and the declared path that its commitment names. */
interface Replacement {
  place: ArgumentPath;
  declared: ArgumentPath;
}

/** The values to replace: none within another, each once, for the first path that leads there. */
export function toReplace(args: Json, paths: ArgumentPath[]): Replacement[] {
  const there = paths.flatMap((declared) => {
    const place = placeOf(args, declared);
    return place === null ? [] : [{ place, declared }];
  });
  const startsWith = (inner: ArgumentPath, outer: ArgumentPath): boolean =>
    outer.every((step, index) => inner[index] === step);
  return there.filter(
    ({ place }, position) =>
      !there.some(
        (other, at) => startsWith(place, other.place) && (other.place.length < place.length || at < position),
      ),
  );
}

/** The path as far as values have a place for its steps; null when it ends at nothing. */
function placeOf(args: Json, path: ArgumentPath): ArgumentPath | null {
  let here: Json = args;
  for (const [length, step] of path.entries()) {
    if (here.kind === "null") return null;
    if (here.kind !== (typeof step === "string" ? "object" : "list")) return path.slice(0, length);
    const next = at(here, [step]);
    if (next === undefined) return null;
    here = next;
  }
  return path;
}

export function redactedAction(action: Json, args: Json, paths: ArgumentPath[], salt: string): Json {
  return toReplace(args, paths).reduce<Json>((json, { place, declared }) => {
    const shown = object({ redacted: string(commitment(declared, at(args, place)!, salt)) });
    return replaced(json, ["args", ...place], shown);
  }, action);
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
