/** The parts of a record that deciding it again needs, as the bytes that they are: nothing is parsed and written anew. */
import { skipCanonical, startsWith } from "../../control/audit/canonical.ts";
import { RECORD_FIELDS } from "../../control/audit/fields.ts";

export type RecordField = (typeof RECORD_FIELDS)[number];

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const NAMES = RECORD_FIELDS.map((name, index) => encoder.encode(`${index === 0 ? "{" : ","}"${name}":`));
const NULL = encoder.encode("null");

/** A record of version 2 that verified. */
export class RecordSlices {
  readonly #bytes: Uint8Array;
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];

  /** Throws RangeError for bytes that are no such record. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    let at = 0;
    for (const name of NAMES) {
      if (!startsWith(bytes, name, at)) throw new RangeError("no record of version 2");
      at += name.length;
      this.#starts.push(at);
      at = skipCanonical(bytes, at, 1);
      if (at < 0) throw new RangeError("no record of version 2");
      this.#ends.push(at);
    }
  }

  /** A view of the field's value. */
  slice(field: RecordField): Uint8Array {
    const index = RECORD_FIELDS.indexOf(field);
    return this.#bytes.subarray(this.#starts[index], this.#ends[index]);
  }

  isNull(field: RecordField): boolean {
    const at = this.#starts[RECORD_FIELDS.indexOf(field)]!;
    return startsWith(this.#bytes, NULL, at);
  }

  text(field: RecordField): string {
    return decoder.decode(this.slice(field));
  }

  value(field: RecordField): unknown {
    return JSON.parse(this.text(field));
  }
}
