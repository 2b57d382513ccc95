import { createHash } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { compile } from "../../engine/build.mjs";
import { generator, instantiate, openCore } from "./json-core.ts";

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function randomBytes(below: (n: number) => number, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => below(256));
}

describe("SHA-256 in one run", () => {
  const core = openCore();
  const below = generator(8);

  test.each([
    ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
    [
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    ],
  ])("FIPS 180-4 example %j", (text, digest) => {
    expect(core.digest(new TextEncoder().encode(text))).toBe(digest);
  });

  test("every length from 0 to 300, and some long ones", () => {
    for (let length = 0; length <= 300; length++) {
      const bytes = randomBytes(below, length);
      expect(core.digest(bytes), `${length} bytes`).toBe(sha256(bytes));
    }
    for (const length of [1000, 4095, 65_536, 1_048_576]) {
      const bytes = randomBytes(below, length);
      expect(core.digest(bytes), `${length} bytes`).toBe(sha256(bytes));
    }
  });
});

const PROBE = `
import { begin, finish, update, writeHex } from "./hash/sha256";
export function reserve(): void { memory.grow(8); }
export function start(): void { begin(); }
export function more(at: usize, length: u32): void { update(at, length); }
export function end(out: usize): void { finish(out); }
export function hex(at: usize, length: u32, out: usize): usize { return writeHex(at, length, out); }
`;

describe("SHA-256 in pieces", () => {
  let call: ReturnType<typeof instantiate>["call"];
  let memory: Uint8Array;
  const DATA = 0x10000;
  const OUT = 0x30000;

  beforeAll(async () => {
    const wasm = await compile(undefined, "engine/assembly/probe.ts", { "engine/assembly/probe.ts": PROBE });
    const module = instantiate(wasm);
    call = module.call;
    call("reserve")();
    memory = new Uint8Array(module.memory.buffer);
  });

  test("however a run is cut, its digest is the same", () => {
    const below = generator(9);
    for (let round = 0; round < 2000; round++) {
      const bytes = randomBytes(below, below(400));
      memory.set(bytes, DATA);
      call("start")();
      for (let at = 0; at < bytes.length; ) {
        const length = Math.min(below(150), bytes.length - at);
        call("more")(DATA + at, length);
        at += length;
      }
      call("end")(OUT);
      expect(call("hex")(OUT, 32, OUT + 64)).toBe(OUT + 128);
      const digest = new TextDecoder().decode(memory.subarray(OUT + 64, OUT + 128));
      expect(digest).toBe(sha256(bytes));
    }
  });
});
