/** SHA-256, FIPS 180-4. One hash at a time: `begin`, any number of `update`, `finish`. */

export { writeHex } from "./hex";

export const DIGEST_BYTES: u32 = 32;
const BLOCK_BYTES: u32 = 64;
/** Where the message length stands in the last block. */
const LENGTH_AT: u32 = 56;

/**
 * Section 4.2.2: the first 32 bits of the fractions of the cube roots of the first 64 primes. Then zeros, for the words that the last
 * sixteen rounds make and nobody reads.
 */
const K: usize = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
], 16);
/** The constants of the last sixteen rounds. */
const LAST_K: usize = K + 192;
/** Words of the schedule with their constants added, for sixteen rounds. */
const words: usize = memory.data(64, 16);
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

const whole: usize = memory.data(32, 16);

/** Ends the hash; the first 8 bytes of the digest, as a slot of a blob holds them. */
export function finishSlot(): u64 {
  finish(whole);
  return load<u64>(whole);
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
function bigSigma0(x: u32): u32 {
  return rotr<u32>(x, 2) ^ rotr<u32>(x, 13) ^ rotr<u32>(x, 22);
}

// @ts-ignore: decorator
@inline
function bigSigma1(x: u32): u32 {
  return rotr<u32>(x, 6) ^ rotr<u32>(x, 11) ^ rotr<u32>(x, 25);
}

/** Four words from 16 bytes. */
// @ts-ignore: decorator
@inline
function bigEndian(at: usize): v128 {
  const bytes = v128.load(at);
  return i8x16.shuffle(bytes, bytes, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
}

// @ts-ignore: decorator
@inline
function smallSigma0(x: v128): v128 {
  const first = v128.xor(i32x4.shr_u(x, 7), i32x4.shl(x, 25));
  const second = v128.xor(i32x4.shr_u(x, 18), i32x4.shl(x, 14));
  return v128.xor(v128.xor(first, second), i32x4.shr_u(x, 3));
}

// @ts-ignore: decorator
@inline
function smallSigma1(x: v128): v128 {
  const first = v128.xor(i32x4.shr_u(x, 17), i32x4.shl(x, 15));
  const second = v128.xor(i32x4.shr_u(x, 19), i32x4.shl(x, 13));
  return v128.xor(v128.xor(first, second), i32x4.shr_u(x, 10));
}

/** Section 6.2.2 step 1: the four words of the schedule behind these sixteen. The last two of them rest on the first two. */
// @ts-ignore: decorator
@inline
function nextWords(w0: v128, w1: v128, w2: v128, w3: v128): v128 {
  const zero = i32x4.splat(0);
  const ago15 = i32x4.shuffle(w0, w1, 1, 2, 3, 4);
  const ago7 = i32x4.shuffle(w2, w3, 1, 2, 3, 4);
  let next = i32x4.add(i32x4.add(w0, smallSigma0(ago15)), ago7);
  next = i32x4.add(next, smallSigma1(i32x4.shuffle(w3, zero, 2, 3, 4, 4)));
  return i32x4.add(next, smallSigma1(i32x4.shuffle(next, zero, 4, 4, 0, 1)));
}

/**
 * Section 6.2.2. Sixteen rounds are written out so that the variables need no moves: hence the length. The words, with their
 * constants added, are made four at a time while the rounds before them run. The majority of a, b and c is b ^ ((a ^ b) & (b ^ c)),
 * and one round's a ^ b is the next one's b ^ c.
 */
function compress(block: usize, blocks: u32): void {
  for (; blocks > 0; blocks--, block += BLOCK_BYTES) {
    let w0 = bigEndian(block + 0);
    let w1 = bigEndian(block + 16);
    let w2 = bigEndian(block + 32);
    let w3 = bigEndian(block + 48);
    v128.store(words, i32x4.add(w0, v128.load(K, 0)), 0);
    v128.store(words, i32x4.add(w1, v128.load(K, 16)), 16);
    v128.store(words, i32x4.add(w2, v128.load(K, 32)), 32);
    v128.store(words, i32x4.add(w3, v128.load(K, 48)), 48);
    let a = load<u32>(state), b = load<u32>(state, 4), c = load<u32>(state, 8), d = load<u32>(state, 12);
    let e = load<u32>(state, 16), f = load<u32>(state, 20), g = load<u32>(state, 24), h = load<u32>(state, 28);
    let ab: u32 = 0;
    let bc = b ^ c;
    for (let k = K; k <= LAST_K; k += BLOCK_BYTES) {
      h += load<u32>(words, 0) + choose(e, f, g) + bigSigma1(e); d += h;
      ab = a ^ b; h += (b ^ (ab & bc)) + bigSigma0(a);
      g += load<u32>(words, 4) + choose(d, e, f) + bigSigma1(d); c += g;
      bc = h ^ a; g += (a ^ (bc & ab)) + bigSigma0(h);
      f += load<u32>(words, 8) + choose(c, d, e) + bigSigma1(c); b += f;
      ab = g ^ h; f += (h ^ (ab & bc)) + bigSigma0(g);
      e += load<u32>(words, 12) + choose(b, c, d) + bigSigma1(b); a += e;
      bc = f ^ g; e += (g ^ (bc & ab)) + bigSigma0(f);
      w0 = nextWords(w0, w1, w2, w3);
      v128.store(words, i32x4.add(w0, v128.load(k, 64)), 0);
      d += load<u32>(words, 16) + choose(a, b, c) + bigSigma1(a); h += d;
      ab = e ^ f; d += (f ^ (ab & bc)) + bigSigma0(e);
      c += load<u32>(words, 20) + choose(h, a, b) + bigSigma1(h); g += c;
      bc = d ^ e; c += (e ^ (bc & ab)) + bigSigma0(d);
      b += load<u32>(words, 24) + choose(g, h, a) + bigSigma1(g); f += b;
      ab = c ^ d; b += (d ^ (ab & bc)) + bigSigma0(c);
      a += load<u32>(words, 28) + choose(f, g, h) + bigSigma1(f); e += a;
      bc = b ^ c; a += (c ^ (bc & ab)) + bigSigma0(b);
      w1 = nextWords(w1, w2, w3, w0);
      v128.store(words, i32x4.add(w1, v128.load(k, 80)), 16);
      h += load<u32>(words, 32) + choose(e, f, g) + bigSigma1(e); d += h;
      ab = a ^ b; h += (b ^ (ab & bc)) + bigSigma0(a);
      g += load<u32>(words, 36) + choose(d, e, f) + bigSigma1(d); c += g;
      bc = h ^ a; g += (a ^ (bc & ab)) + bigSigma0(h);
      f += load<u32>(words, 40) + choose(c, d, e) + bigSigma1(c); b += f;
      ab = g ^ h; f += (h ^ (ab & bc)) + bigSigma0(g);
      e += load<u32>(words, 44) + choose(b, c, d) + bigSigma1(b); a += e;
      bc = f ^ g; e += (g ^ (bc & ab)) + bigSigma0(f);
      w2 = nextWords(w2, w3, w0, w1);
      v128.store(words, i32x4.add(w2, v128.load(k, 96)), 32);
      d += load<u32>(words, 48) + choose(a, b, c) + bigSigma1(a); h += d;
      ab = e ^ f; d += (f ^ (ab & bc)) + bigSigma0(e);
      c += load<u32>(words, 52) + choose(h, a, b) + bigSigma1(h); g += c;
      bc = d ^ e; c += (e ^ (bc & ab)) + bigSigma0(d);
      b += load<u32>(words, 56) + choose(g, h, a) + bigSigma1(g); f += b;
      ab = c ^ d; b += (d ^ (ab & bc)) + bigSigma0(c);
      a += load<u32>(words, 60) + choose(f, g, h) + bigSigma1(f); e += a;
      bc = b ^ c; a += (c ^ (bc & ab)) + bigSigma0(b);
      w3 = nextWords(w3, w0, w1, w2);
      v128.store(words, i32x4.add(w3, v128.load(k, 112)), 48);
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
