/** What can be wrong with a text: bytes changed, cut or put in, keys said twice, nesting, odd numbers and surrogates. */
import type { Random } from "./random.ts";

const INSERTS = [
  "\ufeff",
  '"a":1,"a":2,',
  '"args":{},',
  "\\ud800",
  "\\udc00",
  "\\u12",
  "\\x",
  ",",
  "1",
  "0",
  "-",
  ".",
  "e",
  "[",
  "}",
  '"',
  "\u0000",
  "nul",
  " ",
  "12345678901234567890",
  "1e999",
  "[".repeat(63),
  '{"x":'.repeat(70),
  "é",
  "// x",
].map((text) => new TextEncoder().encode(text));
const BYTES = [
  0x00, 0x1f, 0x22, 0x5c, 0x7f, 0x80, 0xbf, 0xc0, 0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf8, 0xff,
];

export function damage(random: Random, bytes: Uint8Array): Uint8Array {
  let result = bytes;
  for (let round = 0; round <= random.below(2); round++) result = damageOnce(random, result);
  return result;
}

function damageOnce(random: Random, bytes: Uint8Array): Uint8Array {
  const at = random.below(bytes.length + 1);
  return random.weighted<Uint8Array>([
    [3, () => splice(bytes, at, at, random.pick(INSERTS))],
    [2, () => splice(bytes, at, at + 1, new Uint8Array([random.pick(BYTES)]))],
    [1, () => splice(bytes, at, at + 1, new Uint8Array([random.below(256)]))],
    [2, () => splice(bytes, at, at + 1 + random.below(8), new Uint8Array())],
    [1, () => bytes.slice(0, at)],
    [1, () => splice(bytes, at, at, bytes.slice(random.below(at + 1), at))],
  ]);
}

export function splice(bytes: Uint8Array, start: number, end: number, inserted: Uint8Array): Uint8Array {
  return new Uint8Array([...bytes.subarray(0, start), ...inserted, ...bytes.subarray(end)]);
}
