import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { errorCode, errorText, writeAtomic } from "./files.ts";
import { type HostRefusal, refusal } from "./refusals.ts";

const KEY_BYTES = 32;

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
