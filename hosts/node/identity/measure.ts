/** Measuring what an agent runs: SHA-256 over files and folders. */
import { createHash } from "node:crypto";
import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, lstat, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { MEASURED, type Measure, type Measurement } from "../../../control/identity/index.ts";

/** Paths of what each agent runs. */
export type MeasuredPaths = Readonly<
  Record<string, Partial<Readonly<Record<(typeof MEASURED)[number], string>>>>
>;

const MAX_FILES = 100_000;
const CHUNK = 1_048_576;

interface Known {
  readonly stamp: string;
  readonly digest: string;
}

/** A write within the same tick of the file system's clock shows in no time: what changed just now is read again the next time. */
const SETTLED_MS = 2_000;

/** Changes with every write to the file but those of one tick: the change time cannot be set by who writes. */
function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(":");
}

async function digestOf(handle: FileHandle): Promise<string> {
  const hash = createHash("sha256");
  const chunk = Buffer.allocUnsafe(CHUNK);
  for (;;) {
    const { bytesRead } = await handle.read(chunk, 0, CHUNK, null);
    if (bytesRead === 0) return hash.digest("hex");
    hash.update(chunk.subarray(0, bytesRead));
  }
}

class Measurer {
  readonly #known = new Map<string, Known>();

  /** Of a file its bytes; of a folder the lines `DIGEST  PATH` of all files below it, ascending by path. Rejects for links and devices. */
  async digest(path: string): Promise<string> {
    const status = await lstat(path);
    if (!status.isDirectory()) return this.#file(path);
    const names = await filesBelow(path);
    const lines: string[] = [];
    for (const name of names) lines.push(`${await this.#file(join(path, name))}  ${name}\n`);
    return createHash("sha256").update(lines.join("")).digest("hex");
  }

  async #file(path: string): Promise<string> {
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const before = await handle.stat({ bigint: true });
      if (!before.isFile()) throw new Error(`${path} is no regular file`);
      const stamp = stampOf(before);
      const known = this.#known.get(path);
      if (known?.stamp === stamp) return known.digest;
      const digest = await digestOf(handle);
      if (stampOf(await handle.stat({ bigint: true })) !== stamp)
        throw new Error(`${path} changes while it is measured`);
      if (this.#known.size >= MAX_FILES) this.#known.clear();
      const age = Date.now() - Number(before.ctimeMs);
      if (age >= SETTLED_MS) this.#known.set(path, { stamp, digest });
      return digest;
    } finally {
      await handle.close();
    }
  }
}

async function filesBelow(folder: string): Promise<string[]> {
  const found: string[] = [];
  const open = [""];
  for (let prefix = open.pop(); prefix !== undefined; prefix = open.pop()) {
    for (const entry of await readdir(join(folder, prefix), { withFileTypes: true })) {
      const name = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
      if (entry.name.includes("\n")) throw new Error(`${name} has a line break in its name`);
      if (entry.isDirectory()) open.push(name);
      else if (entry.isFile()) found.push(name);
      else throw new Error(`${name} is a link or a device`);
      if (found.length + open.length > MAX_FILES) throw new Error(`${folder} has over ${MAX_FILES} files`);
    }
  }
  return found.sort();
}

/** Measures every time; a file is read again when it has changed. */
export function measureFiles(paths: MeasuredPaths): Measure {
  const measurer = new Measurer();
  return {
    async measure(agent) {
      const own = Object.hasOwn(paths, agent) ? paths[agent]! : {};
      const measured: Partial<Record<(typeof MEASURED)[number], string>> = {};
      for (const name of MEASURED) {
        const path = own[name];
        if (path !== undefined) measured[name] = await measurer.digest(path);
      }
      return measured satisfies Measurement;
    },
  };
}
