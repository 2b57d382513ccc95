/** SHA-256, FIPS 180-4. One hash at a time: `begin`, any number of `update`, `finish`. */

export const DIGEST_BYTES: u32 = 32;
const BLOCK_BYTES: u32 = 64;
/** Where the message length stands in the last block. */
const LENGTH_AT: u32 = 56;

/** Section 4.2.2: the first 32 bits of the fractions of the cube roots of the first 64 primes. */
const K: usize = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
], 16);
/** Section 5.3.3. */
const INITIAL: usize = memory.data<u32>([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
  0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
], 16);
/** The hash so far, the bytes that do not fill a block yet, how many all were. */
const state: usize = memory.data(32, 16);
const pending: usize = memory.data(64, 16);
let total: u64 = 0;

export function begin(): void {
  v128.store(state, v128.load(INITIAL));
  v128.store(state, v128.load(INITIAL, 16), 16);
  total = 0;
}

/** Hashes `length` further bytes. */
export function update(data: usize, length: u32): void {
  const held = <u32>total & (BLOCK_BYTES - 1);
  total += length;
  if (held != 0) {
    const taken = min(BLOCK_BYTES - held, length);
    memory.copy(pending + held, data, taken);
    if (held + taken < BLOCK_BYTES) return;
    compress(pending, 1);
    data += taken;
    length -= taken;
  }
  const blocks = length / BLOCK_BYTES;
  if (blocks != 0) compress(data, blocks);
  memory.copy(pending, data + blocks * BLOCK_BYTES, length & (BLOCK_BYTES - 1));
}

/** Section 5.1.1: a bit 1, zeros, the length in bits. Writes the 32-byte digest. */
export function finish(out: usize): void {
  const held = <u32>total & (BLOCK_BYTES - 1);
  store<u8>(pending + held, 0x80);
  memory.fill(pending + held + 1, 0, BLOCK_BYTES - 1 - held);
  if (held >= LENGTH_AT) {
    compress(pending, 1);
    memory.fill(pending, 0, LENGTH_AT);
  }
  store<u64>(pending, bswap(total << 3), LENGTH_AT);
  compress(pending, 1);
  for (let i: usize = 0; i < DIGEST_BYTES; i += 4) store<u32>(out + i, bswap(load<u32>(state + i)));
}

/** Digest of one run of bytes. */
export function digest(data: usize, length: u32, out: usize): void {
  begin();
  update(data, length);
  finish(out);
}

// Section 4.1.2.
// @ts-ignore: decorator
@inline
function choose(x: u32, y: u32, z: u32): u32 {
  return z ^ (x & (y ^ z));
}

// @ts-ignore: decorator
@inline
function majority(x: u32, y: u32, z: u32): u32 {
  return (x & y) | (z & (x | y));
}

// @ts-ignore: decorator
@inline
function bigSigma0(x: u32): u32 {
  return rotr<u32>(x, 2) ^ rotr<u32>(x, 13) ^ rotr<u32>(x, 22);
}

// @ts-ignore: decorator
@inline
function bigSigma1(x: u32): u32 {
  return rotr<u32>(x, 6) ^ rotr<u32>(x, 11) ^ rotr<u32>(x, 25);
}

// @ts-ignore: decorator
@inline
function smallSigma0(x: u32): u32 {
  return rotr<u32>(x, 7) ^ rotr<u32>(x, 18) ^ (x >>> 3);
}

// @ts-ignore: decorator
@inline
function smallSigma1(x: u32): u32 {
  return rotr<u32>(x, 17) ^ rotr<u32>(x, 19) ^ (x >>> 10);
}

/** Section 6.2.2. Sixteen rounds are written out, so that words and variables need no moves: hence the length. */
function compress(block: usize, blocks: u32): void {
 for (; blocks > 0; blocks--, block += BLOCK_BYTES) {
  let w0 = bswap(load<u32>(block, 0));
  let w1 = bswap(load<u32>(block, 4));
  let w2 = bswap(load<u32>(block, 8));
  let w3 = bswap(load<u32>(block, 12));
  let w4 = bswap(load<u32>(block, 16));
  let w5 = bswap(load<u32>(block, 20));
  let w6 = bswap(load<u32>(block, 24));
  let w7 = bswap(load<u32>(block, 28));
  let w8 = bswap(load<u32>(block, 32));
  let w9 = bswap(load<u32>(block, 36));
  let w10 = bswap(load<u32>(block, 40));
  let w11 = bswap(load<u32>(block, 44));
  let w12 = bswap(load<u32>(block, 48));
  let w13 = bswap(load<u32>(block, 52));
  let w14 = bswap(load<u32>(block, 56));
  let w15 = bswap(load<u32>(block, 60));
  let a = load<u32>(state), b = load<u32>(state, 4), c = load<u32>(state, 8), d = load<u32>(state, 12);
  let e = load<u32>(state, 16), f = load<u32>(state, 20), g = load<u32>(state, 24), h = load<u32>(state, 28);
  let k = K;
  while (true) {
    h += bigSigma1(e) + choose(e, f, g) + w0 + load<u32>(k, 0);
    d += h;
    h += bigSigma0(a) + majority(a, b, c);
    g += bigSigma1(d) + choose(d, e, f) + w1 + load<u32>(k, 4);
    c += g;
    g += bigSigma0(h) + majority(h, a, b);
    f += bigSigma1(c) + choose(c, d, e) + w2 + load<u32>(k, 8);
    b += f;
    f += bigSigma0(g) + majority(g, h, a);
    e += bigSigma1(b) + choose(b, c, d) + w3 + load<u32>(k, 12);
    a += e;
    e += bigSigma0(f) + majority(f, g, h);
    d += bigSigma1(a) + choose(a, b, c) + w4 + load<u32>(k, 16);
    h += d;
    d += bigSigma0(e) + majority(e, f, g);
    c += bigSigma1(h) + choose(h, a, b) + w5 + load<u32>(k, 20);
    g += c;
    c += bigSigma0(d) + majority(d, e, f);
    b += bigSigma1(g) + choose(g, h, a) + w6 + load<u32>(k, 24);
    f += b;
    b += bigSigma0(c) + majority(c, d, e);
    a += bigSigma1(f) + choose(f, g, h) + w7 + load<u32>(k, 28);
    e += a;
    a += bigSigma0(b) + majority(b, c, d);
    h += bigSigma1(e) + choose(e, f, g) + w8 + load<u32>(k, 32);
    d += h;
    h += bigSigma0(a) + majority(a, b, c);
    g += bigSigma1(d) + choose(d, e, f) + w9 + load<u32>(k, 36);
    c += g;
    g += bigSigma0(h) + majority(h, a, b);
    f += bigSigma1(c) + choose(c, d, e) + w10 + load<u32>(k, 40);
    b += f;
    f += bigSigma0(g) + majority(g, h, a);
    e += bigSigma1(b) + choose(b, c, d) + w11 + load<u32>(k, 44);
    a += e;
    e += bigSigma0(f) + majority(f, g, h);
    d += bigSigma1(a) + choose(a, b, c) + w12 + load<u32>(k, 48);
    h += d;
    d += bigSigma0(e) + majority(e, f, g);
    c += bigSigma1(h) + choose(h, a, b) + w13 + load<u32>(k, 52);
    g += c;
    c += bigSigma0(d) + majority(d, e, f);
    b += bigSigma1(g) + choose(g, h, a) + w14 + load<u32>(k, 56);
    f += b;
    b += bigSigma0(c) + majority(c, d, e);
    a += bigSigma1(f) + choose(f, g, h) + w15 + load<u32>(k, 60);
    e += a;
    a += bigSigma0(b) + majority(b, c, d);
    if (k == K + 192) break;
    k += 64;
    w0 += smallSigma1(w14) + w9 + smallSigma0(w1);
    w1 += smallSigma1(w15) + w10 + smallSigma0(w2);
    w2 += smallSigma1(w0) + w11 + smallSigma0(w3);
    w3 += smallSigma1(w1) + w12 + smallSigma0(w4);
    w4 += smallSigma1(w2) + w13 + smallSigma0(w5);
    w5 += smallSigma1(w3) + w14 + smallSigma0(w6);
    w6 += smallSigma1(w4) + w15 + smallSigma0(w7);
    w7 += smallSigma1(w5) + w0 + smallSigma0(w8);
    w8 += smallSigma1(w6) + w1 + smallSigma0(w9);
    w9 += smallSigma1(w7) + w2 + smallSigma0(w10);
    w10 += smallSigma1(w8) + w3 + smallSigma0(w11);
    w11 += smallSigma1(w9) + w4 + smallSigma0(w12);
    w12 += smallSigma1(w10) + w5 + smallSigma0(w13);
    w13 += smallSigma1(w11) + w6 + smallSigma0(w14);
    w14 += smallSigma1(w12) + w7 + smallSigma0(w15);
    w15 += smallSigma1(w13) + w8 + smallSigma0(w0);
  }
  store<u32>(state, load<u32>(state, 0) + a, 0);
  store<u32>(state, load<u32>(state, 4) + b, 4);
  store<u32>(state, load<u32>(state, 8) + c, 8);
  store<u32>(state, load<u32>(state, 12) + d, 12);
  store<u32>(state, load<u32>(state, 16) + e, 16);
  store<u32>(state, load<u32>(state, 20) + f, 20);
  store<u32>(state, load<u32>(state, 24) + g, 24);
  store<u32>(state, load<u32>(state, 28) + h, 28);
  }
}

export { writeHex } from "./hex";
