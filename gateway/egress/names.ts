/** Which address of 198.18.0.0/15 (RFC 2544, routed nowhere) stands for which name. One table for a run. */
import { type Address, isWithin } from "./address.ts";
import { MAX_NAMES, NAME_LIVES_MS } from "./limits.ts";

const FIRST = Uint8Array.of(198, 18, 0, 0);
const PREFIX_BITS = 15;

interface Entry {
  readonly name: string;
  readonly number: number;
  /** When somebody was last told of it, or last connected to it, in Unix milliseconds. */
  usedMs: number;
  /** Connections to it that are open. */
  open: number;
}

export function isStandIn(address: Address): boolean {
  return address.length === 4 && isWithin(address, FIRST, PREFIX_BITS);
}

function addressOf(number: number): Address {
  return Uint8Array.of(198, 18 | (number >> 16), (number >> 8) & 0xff, number & 0xff);
}

function numberOf(address: Address): number {
  return ((address[1]! & 1) << 16) | (address[2]! << 8) | address[3]!;
}

/** Both ways between names and addresses. An address is given to another name only when nobody can still mean the old one. */
export class NameTable {
  /** In the order of their last use. */
  readonly #byName = new Map<string, Entry>();
  readonly #byNumber = new Map<number, Entry>();
  readonly #limit: number;

  constructor(limit = MAX_NAMES) {
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_NAMES)
      throw new RangeError(`limit: 1 to ${MAX_NAMES}`);
    this.#limit = limit;
  }

  /** The address that stands for the canonical name; null when all are in use. */
  addressFor(name: string, nowMs: number): Address | null {
    const known = this.#byName.get(name);
    if (known !== undefined) {
      this.#use(known, nowMs);
      return addressOf(known.number);
    }
    const number = this.#byName.size < this.#limit ? this.#byName.size + 1 : this.#reclaim(nowMs);
    if (number === null) return null;
    const entry = { name, number, usedMs: nowMs, open: 0 };
    this.#byName.set(name, entry);
    this.#byNumber.set(number, entry);
    return addressOf(number);
  }

  /** The name that a connection to the address is for, held until `release`; null when it stands for none. */
  hold(address: Address, nowMs: number): { readonly name: string; release(nowMs: number): void } | null {
    const entry = isStandIn(address) ? this.#byNumber.get(numberOf(address)) : undefined;
    if (entry === undefined) return null;
    entry.open += 1;
    this.#use(entry, nowMs);
    let isHeld = true;
    const release = (endMs: number): void => {
      if (!isHeld) return;
      isHeld = false;
      entry.open -= 1;
      this.#use(entry, endMs);
    };
    return { name: entry.name, release };
  }

  #use(entry: Entry, nowMs: number): void {
    entry.usedMs = Math.max(entry.usedMs, nowMs);
    this.#byName.delete(entry.name);
    this.#byName.set(entry.name, entry);
  }

  #reclaim(nowMs: number): number | null {
    for (const entry of this.#byName.values()) {
      // Behind it all were used later.
      if (nowMs - entry.usedMs < NAME_LIVES_MS) return null;
      if (entry.open > 0) continue;
      this.#byName.delete(entry.name);
      this.#byNumber.delete(entry.number);
      return entry.number;
    }
    return null;
  }
}
