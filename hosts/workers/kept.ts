/**
 * The last good bundle, in the storage of a Durable Object: the newest sequence number, which keeps an older bundle out, and the file, which decides
 * while the origin is down. Both are written in one transaction before the bundle is used.
 */
import { sameBytes } from "../../bundles/trust/bytes.ts";
import type { HighestSequence } from "../../bundles/trust/index.ts";
import type { Moment } from "../../control/policy/follow.ts";
import {
  type Accept,
  type BundleMemory,
  type Machinery,
  prepare,
  type Ready,
} from "../../control/policy/prepare.ts";
import { errorLine, type PolicyRefusal, policyRefusal } from "../../control/policy/refusals.ts";
import type { ObjectStorage } from "./stores/durable-object.ts";

const SCHEMA_VERSION = 1;
/** A row has at most 2 MB. */
const PART_BYTES = 1_048_576;
const DIGEST = /^[0-9a-f]{64}$/;

type Prepared = ({ ok: true } & Ready) | PolicyRefusal;

interface Verification {
  readonly trust: Parameters<typeof prepare>[1]["trust"] & object;
  readonly nowMs: number;
}

interface Kept {
  readonly highest: HighestSequence;
  readonly tag: string | null;
  readonly size: number;
}

export class KeptBundle {
  readonly #storage: ObjectStorage;
  readonly #machinery: Machinery;
  readonly #accept: Accept;

  /** Makes its tables where there are none. @param accept what a bundle may ask of the host. */
  constructor(storage: ObjectStorage, machinery: Machinery, accept: Accept) {
    this.#storage = storage;
    this.#machinery = machinery;
    this.#accept = accept;
    storage.transactionSync(() => {
      storage.sql.exec(
        "CREATE TABLE IF NOT EXISTS faramesh_bundle (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL, " +
          "sequence INTEGER NOT NULL, digest TEXT NOT NULL, tag TEXT, size INTEGER NOT NULL) STRICT",
      );
      storage.sql.exec(
        "CREATE TABLE IF NOT EXISTS faramesh_bundle_parts (part INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT",
      );
    });
  }

  /** The kept bundle, verified again at this moment; null when there is none, or it does not stand that. */
  async open(
    verification: Verification,
  ): Promise<{ ready: Ready; file: Uint8Array; tag: string | null } | null> {
    try {
      const kept = this.#read();
      if (kept === null) return null;
      const file = this.#file(kept);
      const ready = await this.#prepare(file, verification, null, null);
      if (ready.ok) return { ready, file, tag: kept.tag };
      console.warn(`faramesh: the kept bundle is not used: ${ready.message}`);
    } catch (error) {
      console.warn(`faramesh: the kept bundle is not used: ${errorLine(error)}`);
    }
    return null;
  }

  /** Verifies a file of the origin, and keeps it. */
  async prepare(
    file: Uint8Array,
    { tag, highest, current }: Moment,
    verification: Verification,
  ): Promise<Prepared> {
    const ready = await this.#prepare(file, verification, highest, current);
    if (!ready.ok || ready.highest === null || this.#has(file, tag)) return ready;
    return (await this.#keep(file, tag, ready.highest)) ?? ready;
  }

  #prepare(
    file: Uint8Array,
    verification: Verification,
    highest: HighestSequence | null,
    current: Ready | null,
  ): Promise<Prepared> {
    const remembering = { ...verification, memory: this.#memory() };
    return prepare(file, remembering, highest, this.#machinery, this.#accept, current);
  }

  /** What is written is written with the file, by `prepare`, before the bundle is used. */
  #memory(): BundleMemory {
    return {
      read: async () => {
        try {
          return { ok: true, highest: this.#read()?.highest ?? null };
        } catch (error) {
          return policyRefusal("state_malformed", errorLine(error));
        }
      },
      write: async () => null,
    };
  }

  /** @throws Error for a row that is none of this. */
  #read(): Kept | null {
    const sql = "SELECT version, sequence, digest, tag, size FROM faramesh_bundle";
    const [row] = [...this.#storage.sql.exec(sql).raw()];
    if (row === undefined) return null;
    const [version, sequence, digest, tag, size] = row;
    if (version !== SCHEMA_VERSION) throw new Error(`the kept bundle has version ${version}`);
    const isWhole = Number.isSafeInteger(sequence) && Number.isSafeInteger(size);
    if (!isWhole || typeof digest !== "string" || !DIGEST.test(digest))
      throw new Error("the kept bundle's row is damaged");
    return {
      highest: { sequence: sequence as number, digest },
      tag: typeof tag === "string" ? tag : null,
      size: size as number,
    };
  }

  #file({ size }: Kept): Uint8Array {
    const file = new Uint8Array(size);
    let at = 0;
    for (const [part] of this.#storage.sql
      .exec("SELECT bytes FROM faramesh_bundle_parts ORDER BY part")
      .raw()) {
      if (!(part instanceof ArrayBuffer) || at + part.byteLength > size)
        throw new Error("the kept bundle's parts are damaged");
      file.set(new Uint8Array(part), at);
      at += part.byteLength;
    }
    if (at !== size) throw new Error("the kept bundle's parts are damaged");
    return file;
  }

  #has(file: Uint8Array, tag: string | null): boolean {
    try {
      const kept = this.#read();
      return kept !== null && kept.tag === tag && sameBytes(this.#file(kept), file);
    } catch {
      return false;
    }
  }

  /** Null when it is durable. */
  async #keep(
    file: Uint8Array,
    tag: string | null,
    { sequence, digest }: HighestSequence,
  ): Promise<PolicyRefusal | null> {
    const { sql } = this.#storage;
    try {
      this.#storage.transactionSync(() => {
        // Another poll may have been quicker.
        const before = this.#read();
        if (before !== null && before.highest.sequence > sequence) throw new Error("a newer bundle is kept");
        sql.exec("DELETE FROM faramesh_bundle_parts");
        for (let at = 0, part = 0; at < file.byteLength; at += PART_BYTES, part++) {
          const bytes = file.slice(at, at + PART_BYTES);
          sql.exec("INSERT INTO faramesh_bundle_parts (part, bytes) VALUES (?, ?)", part, bytes);
        }
        sql.exec(
          "INSERT OR REPLACE INTO faramesh_bundle (id, version, sequence, digest, tag, size) VALUES (1, ?, ?, ?, ?, ?)",
          SCHEMA_VERSION,
          sequence,
          digest,
          tag,
          file.byteLength,
        );
      });
      await this.#storage.sync();
      return null;
    } catch (error) {
      return policyRefusal("state_unwritable", errorLine(error));
    }
  }
}
