import binaryen from "assemblyscript/binaryen";
import { describe, expect, test } from "vitest";
import { compile } from "../../engine/build.mjs";
import { findFaults } from "../../engine/reproducible.mjs";
import { builtCore } from "./json-core.ts";

/** A module from its text format. */
function assemble(text: string): Uint8Array<ArrayBuffer> {
  const module = binaryen.parseText(text);
  module.setFeatures(binaryen.Features.All);
  const bytes = new Uint8Array(module.emitBinary());
  module.dispose();
  return bytes;
}

describe("the built core", () => {
  test("imports nothing, knows no floating point and cannot grow without end", () => {
    expect(findFaults(builtCore())).toEqual([]);
  });

  test("is what the sources give", async () => {
    expect(Buffer.from(await compile()).equals(Buffer.from(builtCore()))).toBe(true);
  });

  test("sources that do not compile are an error with the compiler's message", async () => {
    const sources = { "engine/assembly/wrong.ts": "export function wrong(): u32 { return missing; }" };
    await expect(compile(undefined, "engine/assembly/wrong.ts", sources)).rejects.toThrow("missing");
  });
});

describe("the check of a core finds", () => {
  test.each([
    ["an import", '(module (import "a" "b" (func)) (memory 1 2))', "it imports something"],
    [
      "a constant",
      '(module (memory 1 2) (func (export "f") (drop (f64.const 1))))',
      "floating-point word f64",
    ],
    ["a parameter", '(module (memory 1 2) (func (export "f") (param f32)))', "floating-point word f32"],
    [
      "a vector instruction",
      '(module (memory 1 2) (func (export "f") (param v128) (result v128) (f32x4.sqrt (local.get 0))))',
      "floating-point word f32x4.sqrt",
    ],
    [
      "a conversion",
      '(module (memory 1 2) (func (export "f") (param f64) (result i32) (i32.trunc_sat_f64_s (local.get 0))))',
      "floating-point",
    ],
    ["an unbounded memory", "(module (memory 1))", "its memory has no maximum"],
  ])("%s", (_name, text, fault) => {
    expect(findFaults(assemble(text)).join("; ")).toContain(fault);
  });

  test("nothing in a plain module", () => {
    expect(
      findFaults(
        assemble('(module (memory 1 2) (data (i32.const 0) "f32 f64.const (import ") (func (export "f64")))'),
      ),
    ).toEqual([]);
  });
});
