/** The newest bundle of each policy that this browser has used, so that a reload of the page does not open the way back. */
import type { HighestSequence } from "../../bundles/trust/index.ts";
import type { BundleMemory } from "../../control/policy/prepare.ts";
import { errorLine, type PolicyRefusal, policyRefusal } from "../../control/policy/refusals.ts";
import { parseStateLine, stateLine } from "../../control/policy/state-line.ts";

const DATABASE = "faramesh";
/** Lines of control/policy/state-line.ts by the policies' names. */
const STORE = "policies";

/** The part of IndexedDB that is used; a compiler of another runtime has no declarations of it. */
interface Asked<Value> {
  readonly result: Value;
  readonly error: Error | null;
  onsuccess: (() => void) | null;
  onerror: (() => void) | null;
}
interface Store {
  get(name: string): Asked<unknown>;
  put(line: string, name: string): Asked<unknown>;
}
interface Transaction {
  readonly error: Error | null;
  objectStore(name: string): Store;
  oncomplete: (() => void) | null;
  onabort: (() => void) | null;
}
interface Database {
  createObjectStore(name: string): Store;
  transaction(store: string, mode: string, options: { durability: "strict" }): Transaction;
  close(): void;
}
interface Factory {
  open(name: string, version: number): Asked<Database> & { onupgradeneeded: (() => void) | null };
}

const { indexedDB } = globalThis as unknown as { indexedDB: Factory };

function openDatabase(): Promise<Database> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
}

/** Resolves when it is done and, if it writes, durable. */
async function inStore<Value>(
  mode: "readonly" | "readwrite",
  ask: (store: Store) => Asked<Value>,
): Promise<Value> {
  const database = await openDatabase();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode, { durability: "strict" });
      const asked = ask(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onabort = () => reject(transaction.error ?? asked.error);
    });
  } finally {
    database.close();
  }
}

/** Null when there is none yet. Refused with `state_malformed` or `file_unreadable`. */
async function readState(
  name: string,
): Promise<{ ok: true; highest: HighestSequence | null } | PolicyRefusal> {
  try {
    const line = await inStore("readonly", (store) => store.get(name));
    return line === undefined ? { ok: true, highest: null } : parseStateLine(String(line), name);
  } catch (error) {
    return policyRefusal("file_unreadable", errorLine(error));
  }
}

/** Durable when it returns null. Refused with `state_unwritable`; the old line stands then. */
async function writeState(name: string, highest: HighestSequence): Promise<PolicyRefusal | null> {
  try {
    await inStore("readwrite", (store) => store.put(stateLine(highest), name));
    return null;
  } catch (error) {
    return policyRefusal("state_unwritable", errorLine(error));
  }
}

export function storedMemory(name: string): BundleMemory {
  return { read: () => readState(name), write: (highest) => writeState(name, highest) };
}
