import {
  LINE_FRAME_BYTES,
  LINE_HEAD,
  MAX_LINE_BYTES,
  RECORD_AT,
  writeLine,
} from "../../../control/audit/line.ts";
import type { ChainTip, SealedRecord } from "../../../control/ports.ts";
import { LogFailure } from "./failure.ts";

const FIELD = Buffer.from('"previous":"');
const HASH_DIGITS = 64;
const MIN_ROOM_BYTES = 65_536;
/** `"previous":"<64 hexadecimal digits>"`, which every record holds once outside of its action and inputs. */
const needle = Buffer.alloc(FIELD.length + HASH_DIGITS + 1, '"');
FIELD.copy(needle);

export interface Batch {
  /** The lines, back to back. */
  bytes: Buffer;
  /** The tip behind them. */
  tip: ChainTip;
}

function sizeOf(records: readonly SealedRecord[]): number {
  let size = 0;
  for (const { record } of records) {
    const line = LINE_FRAME_BYTES + record.length;
    if (line > MAX_LINE_BYTES) {
      throw new LogFailure("record_refused", `it has ${record.length} bytes, at most ${MAX_LINE_BYTES} fit`);
    }
    size += line;
  }
  return size;
}

/**
 * Lays the lines of a batch out in `room`, or in a new buffer when it is too small. Neither parses nor hashes: of each record only its
 * sequence is compared, and that it names the hash before it.
 * @throws LogFailure `record_refused` when the records do not follow one another and the tip.
 */
export function encodeBatch(tip: ChainTip, records: readonly SealedRecord[], room: Buffer | null): Batch {
  const size = sizeOf(records);
  const bytes =
    room !== null && room.length >= size ? room : Buffer.allocUnsafeSlow(Math.max(size, MIN_ROOM_BYTES));
  let at = 0;
  let { sequence } = tip;
  needle.write(Buffer.from(tip.previous).toString("hex"), FIELD.length, "latin1");
  for (const { sequence: stated, record, hash } of records) {
    if (stated !== sequence) {
      throw new LogFailure("record_refused", `it has sequence ${stated}, expected ${sequence}`);
    }
    if (hash.length !== 32) throw new LogFailure("record_refused", "its hash is not 32 bytes");
    const end = writeLine(bytes, at, hash, record);
    // From behind: the field stands behind the action and the inputs, which may be long.
    const found = bytes.lastIndexOf(needle, end - needle.length);
    if (found < at + RECORD_AT) {
      throw new LogFailure("record_refused", `record ${stated} does not name the hash of the one before it`);
    }
    bytes.copy(needle, FIELD.length, at + LINE_HEAD.length, at + LINE_HEAD.length + HASH_DIGITS);
    at = end;
    sequence++;
  }
  const last = records.at(-1);
  return {
    bytes: bytes.subarray(0, at),
    tip: { sequence, previous: last === undefined ? tip.previous : last.hash.slice() },
  };
}
