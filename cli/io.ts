import { readFileSync, readSync, statSync } from "node:fs";
import { CommandError, EXIT_MISUSE } from "./errors.ts";
import { printable, printableJson, printableLines, styleFor } from "./style.ts";

/** Status of a program that its reader left: what a shell reports for SIGPIPE. */
const EXIT_PIPE = 141;

/** Ends quietly when the reader of the output has gone (`faramesh … | head`). */
export function handleClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      process.exit(error.code === "EPIPE" ? EXIT_PIPE : EXIT_MISUSE);
    });
  }
}

/** Resolves when the text is on its way and the reader keeps up. */
export async function print(text: string): Promise<void> {
  if (text === "" || process.stdout.write(text)) return;
  await new Promise<void>((resolve) => process.stdout.once("drain", resolve));
}

export function printError(text: string): void {
  process.stderr.write(text);
}

export function printJson(value: unknown): Promise<void> {
  return print(`${printableJson(JSON.stringify(value, null, 2))}\n`);
}

/** Prints an error with its place and its help, and gives its exit status. */
export function report(error: unknown): number {
  const style = styleFor(process.stderr);
  const known = error instanceof CommandError;
  const message = known
    ? error.message
    : `internal error: ${error instanceof Error ? error.message : String(error)}`;
  const place = known && error.place !== null ? `${printable(error.place)}: ` : "";
  const help = known
    ? error.help
    : "this is a fault of faramesh, not of the input: please report it with the command";
  printError(`faramesh: ${place}${style.bold(style.red("error"))}: ${printableLines(message)}\n`);
  if (help !== null) printError(`  ${style.cyan("help")}: ${printableLines(help)}\n`);
  return known ? error.exit : EXIT_MISUSE;
}

const REASONS: Record<string, string> = {
  ENOENT: "no such file or folder",
  EACCES: "permission denied",
  EPERM: "not permitted",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of the path is not a folder",
  ELOOP: "too many symbolic links",
  ENOSPC: "no space left on the device",
  EROFS: "the file system is read-only",
  ENAMETOOLONG: "the name is too long",
  EEXIST: "it exists already",
  EBUSY: "it is in use",
};

/** The system's reason in words. */
export function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return (
    (code !== undefined ? REASONS[code] : undefined) ??
    (error instanceof Error ? error.message : String(error))
  );
}

export function cannotRead(path: string, error: unknown): CommandError {
  return new CommandError(EXIT_MISUSE, `cannot read it: ${reasonOf(error)}`, {
    place: path,
    help: "check the name, and that you may read it",
  });
}

export function cannotWrite(path: string, error: unknown): CommandError {
  return new CommandError(EXIT_MISUSE, `cannot write it: ${reasonOf(error)}`, {
    place: path,
    help: "check the folder, and that you may write to it; nothing was left half-written",
  });
}

/** How a path is named in messages. */
export function placeName(path: string): string {
  return path === "-" ? "standard input" : printable(path);
}

/** The bytes of a file, or of standard input for `-`. Refuses more than `limit` bytes. Throws CommandError. */
export function readBytes(path: string, limit = 0x10000000): Uint8Array {
  try {
    if (path === "-") return readStandardInput(limit);
    const status = statSync(path);
    if (status.isDirectory()) throw Object.assign(new Error("a folder"), { code: "EISDIR" });
    if (status.size > limit) throw tooLarge(path, limit);
    return bounded(path, readFileSync(path), limit);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw cannotRead(placeName(path), error);
  }
}

/** Reads to the end; a descriptor that another program set to non-blocking is waited for. */
function readStandardInput(limit: number): Uint8Array {
  const chunks: Uint8Array[] = [];
  let total = 0;
  const wait = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    const chunk = Buffer.allocUnsafe(65536);
    let count = 0;
    try {
      count = readSync(0, chunk);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "EAGAIN") {
        Atomics.wait(wait, 0, 0, 5);
        continue;
      }
      if (code !== "EOF") throw error;
    }
    if (count === 0) return Buffer.concat(chunks);
    chunks.push(chunk.subarray(0, count));
    total += count;
    if (total > limit) throw tooLarge("-", limit);
  }
}

function bounded(path: string, bytes: Uint8Array, limit: number): Uint8Array {
  if (bytes.length > limit) throw tooLarge(path, limit);
  return bytes;
}

function tooLarge(path: string, limit: number): CommandError {
  return new CommandError(1, `it is larger than ${limit} bytes`, {
    place: placeName(path),
    help: "is it the right file?",
  });
}

/** The text of a UTF-8 file. Throws CommandError for bytes that are not UTF-8, with the offset of the first. */
export function readText(path: string, limit?: number): string {
  const bytes = readBytes(path, limit);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new CommandError(1, `it is not UTF-8 text (byte ${firstInvalid(bytes)})`, {
      place: placeName(path),
      help: "save it as UTF-8",
    });
  }
}

function firstInvalid(bytes: Uint8Array): number {
  let low = 0;
  let high = bytes.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    const decoder = new TextDecoder("utf-8", { fatal: true });
    try {
      decoder.decode(bytes.subarray(0, middle), { stream: true });
      low = middle;
    } catch {
      high = middle - 1;
    }
  }
  return low;
}

/** A line on standard error that is rewritten in place, only when that is a terminal. */
export class Progress {
  readonly #label: string;
  #next = 0;
  #shown = false;

  constructor(label: string) {
    this.#label = label;
  }

  /** Cheap to call for every item: draws at most ten times a second, and not in the first half second. */
  update(done: number, total: number | null = null): void {
    if (process.stderr.isTTY !== true) return;
    const now = performance.now();
    if (this.#next === 0) this.#next = now + 500;
    if (now < this.#next) return;
    this.#next = now + 100;
    this.#shown = true;
    printError(
      `\r\u001b[K${this.#label} ${done.toLocaleString("en")}${total === null ? "" : ` of ${total.toLocaleString("en")}`}`,
    );
  }

  end(): void {
    if (this.#shown) printError("\r\u001b[K");
    this.#shown = false;
  }
}
