/** Copies of small pieces of memory that share one allocation, since an allocation for each costs more than its copy. */

/** Longer pieces get an allocation of their own. */
const MAX_SHARE = 8;

export class Slab {
  readonly #bytes: number;
  #slab: Uint8Array<ArrayBuffer>;
  #taken = 0;

  /** @param bytes of one allocation. It is kept as long as any piece of it is. */
  constructor(bytes: number) {
    this.#bytes = bytes;
    this.#slab = new Uint8Array(bytes);
  }

  /** Room that nobody else has; zeros. */
  take(length: number): Uint8Array<ArrayBuffer> {
    if (length * MAX_SHARE > this.#bytes) return new Uint8Array(length);
    if (this.#taken + length > this.#bytes) {
      this.#slab = new Uint8Array(this.#bytes);
      this.#taken = 0;
    }
    const start = this.#taken;
    this.#taken += length;
    return this.#slab.subarray(start, this.#taken);
  }

  /** A copy of `source[start, end)`. */
  copy(source: Uint8Array, start: number, end: number): Uint8Array<ArrayBuffer> {
    const piece = this.take(end - start);
    piece.set(source.subarray(start, end));
    return piece;
  }
}
