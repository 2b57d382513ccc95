/** The built core's functions on JSON text, for the tests of this folder. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface Refused {
  code: number;
  offset: number;
}

export interface JsonCore {
  /** The canonical form as text, or why there is none. Text is encoded as UTF-8 first. */
  canonicalize(text: string | Uint8Array): string | Refused;
  /** SHA-256 as hexadecimal. */
  digest(bytes: Uint8Array): string;
}

type Call = (...values: number[]) => number;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The part of the host's WebAssembly that a module without imports needs; the compiler's libraries here do not declare it. */
const { Instance, Module } = (
  globalThis as unknown as {
    WebAssembly: {
      Module: new (wasm: Uint8Array<ArrayBuffer>) => object;
      Instance: new (module: object) => { exports: Record<string, unknown> };
    };
  }
).WebAssembly;

/** The exports of a module without imports: its memory and its functions. */
export function instantiate(wasm: Uint8Array<ArrayBuffer>) {
  const exports = new Instance(new Module(wasm)).exports;
  const call = (name: string): Call => {
    const found = exports[name];
    if (typeof found !== "function") throw new Error(`the core exports no function ${name}`);
    return found as Call;
  };
  return { memory: exports.memory as { buffer: ArrayBuffer }, call };
}

export function builtCore(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(fileURLToPath(new URL("../../engine/dist/core.wasm", import.meta.url))));
}

export function openCore(): JsonCore {
  const { memory, call } = instantiate(builtCore());
  if (call("reserve")(0) === 0) throw new Error("the core could not reserve its memory");
  const text = call("actionPointer")();
  const output = call("outputPointer")();
  const hash = call("hashPointer")();
  const canonicalize = call("canonicalize");
  const errorOffset = call("errorOffset");
  const digest = call("digest");
  const bytes = new Uint8Array(memory.buffer);
  const put = (input: string | Uint8Array): number => {
    if (typeof input === "string") return encoder.encodeInto(input, bytes.subarray(text, output)).written;
    bytes.set(input, text);
    return input.length;
  };
  return {
    canonicalize(input) {
      const length = canonicalize(put(input));
      if (length < 0) return { code: -length, offset: errorOffset() };
      return decoder.decode(bytes.subarray(output, output + length));
    },
    digest(input) {
      digest(put(input));
      return Buffer.from(bytes.subarray(hash, hash + 32)).toString("hex");
    },
  };
}

/** Numbers from 0 up to 2^32, the same for the same seed (Vigna's splitmix, cut to 32 bits). */
export function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return Math.floor((((mixed ^ (mixed >>> 15)) >>> 0) / 0x100000000) * below);
  };
}

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** RFC 8785 by way of the host's own number and string texts and its sort by UTF-16 code units. */
export function canonicalOf(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalOf).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.keys(value).sort();
  return `{${members.map((key) => `${JSON.stringify(key)}:${canonicalOf(value[key] as Json)}`).join(",")}}`;
}
