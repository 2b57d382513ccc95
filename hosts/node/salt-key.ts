import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Salts } from "../../control/ports.ts";
import { saltsOf } from "../../control/salts.ts";
import { errorCode, errorText, writeAtomic } from "./files.ts";
import { NATIVE_SHA256 } from "./log/sha256.ts";
import { type HostRefusal, refusal } from "./refusals.ts";

const KEY_BYTES = 32;

/** Salts that the same 32 secret bytes give again. Throws RangeError for another number of bytes. */
export function createSalts(key: Uint8Array): Salts {
  return saltsOf(key, (bytes) => NATIVE_SHA256.bytes(bytes));
}

/**
 * The key of the salts, 32 bytes, made when the file is not there. Who has it can open the commitments of redacted values; without it nobody
 * can, and no record that redacts can be made again. Refused with `salt_key_unusable`.
 */
export async function openSaltKey(path: string): Promise<{ ok: true; key: Uint8Array } | HostRefusal> {
  try {
    const key = (await readIfThere(path)) ?? (await create(path));
    if (key.length === KEY_BYTES) return { ok: true, key };
    return refusal("salt_key_unusable", `${path} has ${key.length} bytes, expected ${KEY_BYTES}`);
  } catch (error) {
    return refusal("salt_key_unusable", errorText(error));
  }
}

async function readIfThere(path: string): Promise<Uint8Array | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  }
}

async function create(path: string): Promise<Uint8Array> {
  const key = randomBytes(KEY_BYTES);
  await writeAtomic(path, key, { mode: 0o600, overwrite: false });
  return key;
}
