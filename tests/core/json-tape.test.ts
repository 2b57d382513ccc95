import { beforeAll, describe, expect, test } from "vitest";
import { compile } from "../../engine/build.mjs";
import { canonicalOf, generator, instantiate, type Json } from "./json-core.ts";

const PROBE = `
import { write, writeInteger, writeString } from "./json/canonical";
import { parse, scratchEnd, tapeEnd } from "./json/parse";
import { element, kindOf, member, replace } from "./json/tape";

export const text: usize = 0x10000;
export const other: usize = 0x20000;
const TAPE: usize = 0x30000;
const SCRATCH: usize = 0x60000;
const WORK: usize = 0xa0000;
export const out: usize = 0xb0000;
let second: usize = 0;

export function reserve(): void { memory.grow(16); }
export function read(length: u32): u32 { return parse(text, length, TAPE, SCRATCH); }
export function root(): usize { return TAPE; }
export function readOther(length: u32): u32 { second = tapeEnd; return parse(other, length, tapeEnd, scratchEnd); }
export function otherRoot(): usize { return second; }
export function kind(node: usize): u32 { return kindOf(node); }
export function find(object: usize, name: usize, length: u32): usize { return member(object, name, length); }
export function at(list: usize, index: u32): usize { return element(list, index); }
export function put(node: usize, bytes: usize, length: u32): void { replace(node, bytes, length); }
export function show(node: usize, room: u32): u32 {
  const end = write(node, out, out + room, WORK);
  return end == 0 ? 0xffffffff : <u32>(end - out);
}
export function showText(length: u32, room: u32): u32 {
  const end = writeString(other, length, out, out + room);
  return end == 0 ? 0xffffffff : <u32>(end - out);
}
export function showInteger(low: u32, high: u32): u32 {
  return <u32>(writeInteger((<u64>high << 32) | low, out) - out);
}
`;

const TEXT = 0x10000;
const OTHER = 0x20000;
const OUT = 0xb0000;
const ROOM = 0x10000;
const DID_NOT_FIT = -1;

describe("the tape", () => {
  let call: ReturnType<typeof instantiate>["call"];
  let memory: Uint8Array;

  beforeAll(async () => {
    const wasm = await compile(undefined, "engine/assembly/probe.ts", { "engine/assembly/probe.ts": PROBE });
    const module = instantiate(wasm);
    call = module.call;
    call("reserve")();
    memory = new Uint8Array(module.memory.buffer);
  });

  function put(at: number, value: string): number {
    return new TextEncoder().encodeInto(value, memory.subarray(at, at + 0x10000)).written;
  }

  function read(source: string): number {
    expect(call("read")(put(TEXT, source))).toBe(0);
    return call("root")();
  }

  function find(object: number, name: string): number {
    return call("find")(object, OTHER, put(OTHER, name));
  }

  function shown(length: number): string {
    return new TextDecoder().decode(memory.subarray(OUT, OUT + length));
  }

  function show(node: number): string {
    return shown(call("show")(node, ROOM));
  }

  test("members are found by their unescaped name, elements by their index", () => {
    const root = read(
      '{"skipped":{"b":[1]},"\\u0062":[10,[],{"x":"y"}],"":null,"sixteen-bytes-key":1,"sixteen-bytes-kez":2}',
    );
    const list = find(root, "b");
    expect(show(list)).toBe('[10,[],{"x":"y"}]');
    expect(show(call("at")(list, 0))).toBe("10");
    expect(show(call("at")(list, 2))).toBe('{"x":"y"}');
    expect(show(find(call("at")(list, 2), "x"))).toBe('"y"');
    expect(call("at")(list, 3)).toBe(0);
    expect(call("at")(call("at")(list, 1), 0)).toBe(0);
    expect(show(find(root, ""))).toBe("null");
    expect(show(find(root, "sixteen-bytes-key"))).toBe("1");
    expect(show(find(root, "sixteen-bytes-kez"))).toBe("2");
    expect(find(root, "x")).toBe(0);
    expect(find(read("{}"), "x")).toBe(0);
  });

  test("a second text is read behind the first and leaves it as it was", () => {
    const root = read('{"b":"\\n","a":[1e20,{"z":1.50}]}');
    const before = show(root);
    expect(call("readOther")(put(OTHER, '["\\t",1e19,{"k":"\\\\"}]'))).toBe(0);
    expect(show(call("otherRoot")())).toBe('["\\t",10000000000000000000,{"k":"\\\\"}]');
    expect(show(root)).toBe(before);
  });

  test("a replaced value is written as the given bytes, wherever it stands", () => {
    const root = read('{"b":{"secret":{"deep":[1,2]},"a":1},"list":[1,"x",3],"c":2}');
    const length = put(OTHER + 100, '{"redacted":"00ff"}');
    const replaced = [find(find(root, "b"), "secret"), call("at")(find(root, "list"), 1), find(root, "c")];
    for (const node of replaced) call("put")(node, OTHER + 100, length);
    const gone = '{"redacted":"00ff"}';
    expect(show(root)).toBe(`{"b":{"a":1,"secret":${gone}},"c":${gone},"list":[1,${gone},3]}`);
  });

  test("whatever fits is written, and nothing that does not", () => {
    const below = generator(64);
    const values: Json[] = [
      null,
      false,
      [],
      {},
      [[]],
      "",
      "é\n",
      12345,
      [true, false],
      { b: [{}], a: "x".repeat(40) },
    ];
    values.push(
      Array.from({ length: 50 }, () => below(1000)),
      { "\u0001": "\u0001\u0002" },
    );
    for (const value of values) {
      const root = read(JSON.stringify(value));
      const canonical = canonicalOf(value);
      const bytes = Buffer.byteLength(canonical);
      for (let room = 0; room < bytes; room++) expect(call("show")(root, room), canonical).toBe(DID_NOT_FIT);
      expect(call("show")(root, bytes)).toBe(bytes);
      expect(shown(bytes)).toBe(canonical);
    }
  });

  test("text that is not from a tape is written as a string", () => {
    for (const text of [
      "",
      "plain",
      'a "quoted" \\ \u0000\u001f\n',
      "é".repeat(30),
      `${"x".repeat(15)}"`,
      `${"x".repeat(16)}"`,
    ]) {
      const length = put(OTHER, text);
      const want = JSON.stringify(text);
      const bytes = Buffer.byteLength(want);
      expect(call("showText")(length, bytes)).toBe(bytes);
      expect(shown(bytes)).toBe(want);
      expect(call("showText")(length, bytes - 1), text).toBe(DID_NOT_FIT);
    }
  });

  test("integers are written in full", () => {
    for (const value of [0n, 9n, 10n, 4294967296n, 9007199254740991n, 18446744073709551615n]) {
      const length = call("showInteger")(Number(value & 0xffffffffn), Number(value >> 32n));
      expect(shown(length)).toBe(String(value));
    }
  });
});
