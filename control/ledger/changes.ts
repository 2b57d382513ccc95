/** What a record did to the state: its keys and slots, and the blobs after it (engine/ABI.md "State", "The record"). */
import { partyKeys } from "../keys.ts";
import { revocationKey } from "../ports.ts";

export interface BlobChange {
  readonly blob: number;
  /** Of the blob after. */
  readonly slots: number;
  /** As the record lists it: from the third element on, slots and their values in turn. */
  readonly list: readonly unknown[];
}

export interface RecordChange {
  /** Per blob its key, null where it is always empty. */
  readonly blobs: readonly (string | null)[];
  readonly changes: readonly BlobChange[];
  /** Hex digests; null when the record was made without state. */
  readonly before: string | null;
  readonly after: string | null;
  /** Key that the record writes besides, or null. */
  readonly revoked: string | null;
  /** The hash that the record follows, in hexadecimal. */
  readonly previous: string;
}

/** A record that is not of engine/ABI.md, or one that does not fit the state before it. */
export class RecordMismatch extends Error {
  constructor(message: string) {
    super(message);
    this.name = "RecordMismatch";
  }
}

type Fields = Readonly<Record<string, unknown>>;

const SLOT_BYTES = 8;
const HALF_BYTES = 4;
const HALF_DIGITS = 8;
const MAX_SLOTS = 131_072;
const DIGEST = /^[0-9a-f]{64}$/;
const VALUE = /^(?:0|[1-9a-f][0-9a-f]{0,15})$/;
const NO_CHANGE = /^,"state":(?:null|\[\]),"state_after":/;
const TAIL_BYTES = 280;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** Of what may begin within a character. */
const tailDecoder = new TextDecoder();

/** @throws RecordMismatch */
export function readChange(record: Uint8Array): RecordChange {
  const fields = parse(record);
  const { action, inputs, state, type, effect, previous } = fields;
  if (typeof previous !== "string") throw new RecordMismatch("the record names no hash that it follows");
  const [before, after] = [digestOf(fields.state_before), digestOf(fields.state_after)];
  const revoked = type === "delegation_revoke" && effect === "permit" ? revokedKey(action) : null;
  // Without a state after, that before may be anything: another owner's, damaged, or not asked for.
  if (state === null) return { blobs: [], changes: [], before: null, after: null, revoked, previous };
  if (!Array.isArray(state)) throw new RecordMismatch("the record's `state` is no list");
  const changes = state.map(readBlobChange);
  if (!isObject(action)) {
    // Refused before it was read. Whose state it was cannot be told, and it did not change.
    if (changes.length > 0) throw new RecordMismatch("the record changes the state of nobody");
    return { blobs: [], changes, before: null, after: null, revoked, previous };
  }
  const chain = type === "decision" ? chainOf(inputs) : action.chain;
  return { blobs: blobKeys(action, chain), changes, before, after, revoked, previous };
}

/** Whether a record certainly changes no state, told without reading it as JSON. */
export function changesNothing(record: Uint8Array): boolean {
  // Behind `state` stand two digests or nulls, a time, a type and a version: no text that could hold a quote.
  const tail = tailDecoder.decode(record.subarray(Math.max(0, record.length - TAIL_BYTES)));
  const at = tail.lastIndexOf(',"state":');
  return (
    at >= 0 && NO_CHANGE.test(tail.slice(at, at + 40)) && !tail.includes('"type":"delegation_revoke"', at)
  );
}

function parse(record: Uint8Array): Fields {
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(record));
  } catch {
    value = null;
  }
  if (!isObject(value)) throw new RecordMismatch("the record is no JSON object");
  return value;
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function digestOf(value: unknown): string | null {
  if (value === null || (typeof value === "string" && DIGEST.test(value))) return value;
  throw new RecordMismatch("a digest of the state is none");
}

function revokedKey(action: unknown): string {
  const grant = isObject(action) ? action.grant : null;
  if (typeof grant !== "string" || !DIGEST.test(grant))
    throw new RecordMismatch("a revocation names no grant");
  return revocationKey(grant);
}

function chainOf(inputs: unknown): unknown {
  const delegation = isObject(inputs) ? inputs.delegation : null;
  return isObject(delegation) ? delegation.chain : undefined;
}

function blobKeys({ agent, session }: Fields, chain: unknown): readonly (string | null)[] {
  const names = chain ?? [];
  const typed =
    typeof agent === "string" &&
    (session == null || typeof session === "string") &&
    Array.isArray(names) &&
    names.every((name) => typeof name === "string");
  const keys = typed ? partyKeys(agent, session ?? null, names) : null;
  if (keys === null) throw new RecordMismatch("the record's parties have no keys");
  return keys.blobs;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= MAX_SLOTS;
}

function readBlobChange(list: unknown): BlobChange {
  if (!Array.isArray(list) || list.length % 2 !== 0)
    throw new RecordMismatch("a change of state is malformed");
  const [blob, slots] = list as unknown[];
  if (!isCount(blob) || !isCount(slots))
    throw new RecordMismatch("a change of state has no blob or no slots");
  for (let index = 2; index < list.length; index += 2) {
    const [slot, value]: unknown[] = [list[index], list[index + 1]];
    if (!isCount(slot) || slot >= slots || typeof value !== "string" || !VALUE.test(value)) {
      throw new RecordMismatch("a slot of a change is malformed");
    }
  }
  return { blob, slots, list };
}

/** The blob after a change; slots that are not named keep their value, new ones begin at zero. */
export function applyChange(before: Uint8Array | null, { slots, list }: BlobChange): Uint8Array {
  const after = new Uint8Array(slots * SLOT_BYTES);
  if (before !== null) after.set(before.subarray(0, after.length));
  const view = new DataView(after.buffer);
  for (let index = 2; index < list.length; index += 2) {
    const at = (list[index] as number) * SLOT_BYTES;
    const value = list[index + 1] as string;
    const split = Math.max(0, value.length - HALF_DIGITS);
    view.setUint32(at, Number.parseInt(value.slice(split), 16), true);
    view.setUint32(at + HALF_BYTES, split === 0 ? 0 : Number.parseInt(value.slice(0, split), 16), true);
  }
  return after;
}

/** All blobs in the form of which `state_before` and `state_after` are the digests. */
export function encodeState(blobs: readonly (Uint8Array | null)[]): Uint8Array {
  const size = blobs.reduce((sum, blob) => sum + SLOT_BYTES + (blob?.byteLength ?? 0), SLOT_BYTES);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, blobs.length, true);
  let at = SLOT_BYTES * (1 + blobs.length);
  for (const [index, blob] of blobs.entries()) {
    if (blob === null) continue;
    view.setUint32(SLOT_BYTES * (1 + index), blob.byteLength / SLOT_BYTES, true);
    bytes.set(blob, at);
    at += blob.byteLength;
  }
  return bytes;
}
