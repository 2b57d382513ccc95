/** The chunked coding, RFC 9112 section 7.1, without extensions; a trailer is read and left out. */
import { fromLatin1, latin1 } from "./bytes.ts";
import { fault, type Parsed, parsed } from "./faults.ts";
import { MAX_CHUNK_DIGITS, MAX_TRAILER_BYTES } from "./limits.ts";

export interface Decoded {
  /** Data in its order. */
  readonly data: readonly Uint8Array[];
  /** Where the body ends in the bytes that were pushed; null while it goes on. */
  readonly end: number | null;
}

const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const SIZE = new RegExp(`^[0-9a-fA-F]{1,${MAX_CHUNK_DIGITS}}$`);
const TRAILER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*$/;

/** Fed with bytes as they come; gives the same however they are cut. */
export class ChunkedDecoder {
  #state: "size" | "data" | "data-end" | "trailer" | "done" = "size";
  /** Of the line that is being read, without its CRLF. */
  #line = "";
  /** Data bytes, or bytes of CRLF behind them, that are still to come. */
  #left = 0;
  #trailerBytes = 0;

  push(bytes: Uint8Array): Parsed<Decoded> {
    const data: Uint8Array[] = [];
    let at = 0;
    while (at < bytes.length && this.#state !== "done") {
      if (this.#state === "data") {
        const part = bytes.subarray(at, at + this.#left);
        data.push(part);
        at += part.length;
        this.#left -= part.length;
        if (this.#left === 0) this.#state = "data-end";
        continue;
      }
      const limit = this.#limit();
      const found = bytes.indexOf(LINE_FEED, at);
      const end = found === -1 ? bytes.length : found;
      if (this.#line.length + end - at > limit + 1) return fault("chunk_invalid");
      this.#line += latin1(bytes, at, end);
      at = end + 1;
      // A CR anywhere but in front of the LF.
      const mark = this.#line.indexOf("\r");
      if (mark !== -1 && mark < this.#line.length - 1) return fault("chunk_invalid");
      if (found === -1) break;
      if (mark === -1 || !this.#takeLine(this.#line.slice(0, -1))) return fault("chunk_invalid");
      this.#line = "";
    }
    return parsed({ data, end: this.#state === "done" ? Math.min(at, bytes.length) : null });
  }

  /** Bytes that the line may have without its CRLF. */
  #limit(): number {
    if (this.#state === "size") return MAX_CHUNK_DIGITS;
    return this.#state === "data-end" ? 0 : MAX_TRAILER_BYTES - this.#trailerBytes;
  }

  #takeLine(line: string): boolean {
    if (this.#state === "data-end") {
      this.#state = "size";
      return line === "";
    }
    if (this.#state === "size") {
      if (!SIZE.test(line)) return false;
      this.#left = Number.parseInt(line, 16);
      this.#state = this.#left === 0 ? "trailer" : "data";
      return true;
    }
    if (line === "") this.#state = "done";
    this.#trailerBytes += line.length + 2;
    return line === "" || TRAILER.test(line);
  }
}

/** What stands in front of a chunk's data; behind it comes CRLF. */
export function chunkHead(bytes: number): Uint8Array {
  return fromLatin1(`${bytes.toString(16)}\r\n`);
}

export const CHUNK_END = Uint8Array.of(RETURN, LINE_FEED);
export const LAST_CHUNK = fromLatin1("0\r\n\r\n");
