/** Checks and tools of the suite, for every runtime. */
import type { ChainTip, SealedRecord } from "../../control/ports.ts";
import type { Place } from "./suite.ts";

export function equal(actual: unknown, expected: unknown, what = "value"): void {
  const [left, right] = [show(actual), show(expected)];
  if (left !== right) throw new Error(`${what}: expected ${right.slice(0, 400)}, got ${left.slice(0, 400)}`);
}

/** As text, fields by name. */
function show(value: unknown): string {
  if (value instanceof Uint8Array) return `bytes ${value.length} ${fingerprint(value)}`;
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "undefined";
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, inner]) => `${name}: ${show(inner)}`).join(", ")}}`;
}

/** Small ones in full, large ones by FNV-1a. */
function fingerprint(bytes: Uint8Array): string {
  if (bytes.length <= 64) return [...bytes].join(" ");
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash.toString(16);
}

/** @returns the error, which is one of those names when any are given. */
export async function rejects(work: Promise<unknown>, ...names: string[]): Promise<Error> {
  const outcome = await work.then(
    (value) => ({ value }),
    (error: unknown) => error as Error,
  );
  if (!(outcome instanceof Error)) throw new Error(`expected a rejection, got ${show(outcome.value)}`);
  if (names.length > 0 && !names.includes(outcome.name))
    throw new Error(`expected ${names.join(" or ")}, got ${outcome.name}: ${outcome.message}`);
  return outcome;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export const bytesOf = (text: string): Uint8Array => encoder.encode(text);
export const textOf = (bytes: Uint8Array | null | undefined): string | null =>
  bytes == null ? null : decoder.decode(bytes);
export const numberOf = (bytes: Uint8Array | null | undefined): number => Number(textOf(bytes) ?? 0);

export async function all<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const found: Value[] = [];
  for await (const value of values) found.push(value);
  return found;
}

export const GENESIS: ChainTip = { sequence: 0, previous: new Uint8Array(32) };

export function behind({ sequence, hash }: SealedRecord): ChainTip {
  return { sequence: sequence + 1, previous: hash };
}

export function chain(place: Place, tip: ChainTip, count: number, note = "note"): SealedRecord[] {
  const records: SealedRecord[] = [];
  for (let at = tip; records.length < count; at = behind(records.at(-1)!))
    records.push(place.seal(at, `${note} ${at.sequence}`));
  return records;
}
