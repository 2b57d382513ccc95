import fc from "fast-check";
import { expect, test } from "vitest";
import { skipCanonical, slowlyCanonical } from "../../control/audit/canonical.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function quickly(value: Uint8Array): boolean {
  return skipCanonical(value, 0, 0) === value.length;
}

function slowly(value: Uint8Array): boolean {
  return slowlyCanonical(value)?.canonical === true;
}

test.each([
  '{"a":1,"b":[true,false,null,"x"],"\u00e9":{}}',
  "[0,-1,1.5,1e+21,1e-7,123456789012345,0.000001,9007199254740992]",
  '"\\u0000\\u001f\\b\\t\\n\\f\\r\\"\\\\/\u007f\u20ac\ud83d\ude00"',
  '{"\ud83d\ude00":1,"\ufb33":2}',
  '{"10":1,"9":2}',
  '{"":1,"a":2,"a\\u0000":3,"ab":4}',
  "null",
])("canonical: %s", (text) => {
  expect([quickly(bytes(text)), slowly(bytes(text))]).toEqual([true, true]);
});

test.each([
  '{"b":1,"a":2}',
  '{"a":1,"a":2}',
  '{"a": 1}',
  "[1,]",
  "[1 ,2]",
  "01",
  "-0",
  "1.0",
  "1E5",
  "1e5",
  "+1",
  "1e400",
  ".5",
  "9007199254740993",
  "100000000000000000000000",
  '"\\/"',
  '"\\u0041"',
  '"\\u000a"',
  '"\\u001F"',
  '"\\ud800"',
  '"\n"',
  '{"\ufb33":2,"\ud83d\ude00":1}',
  '{"a"}',
  "{1:2}",
  "truex",
  "nul",
  "",
  `${"[".repeat(90)}${"]".repeat(90)}`,
])("not canonical: %s", (text) => {
  expect([quickly(bytes(text)), slowly(bytes(text))]).toEqual([false, false]);
});

test("of bytes that are not UTF-8", () => {
  for (const broken of [
    [0xff],
    [0xc0, 0x80],
    [0xed, 0xa0, 0x80],
    [0xe2, 0x82],
    [0xf5, 0x80, 0x80, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
  ]) {
    const value = Uint8Array.of(0x22, ...broken, 0x22);
    expect([quickly(value), slowly(value)]).toEqual([false, false]);
  }
});

test("both ways say the same of values, and of values with a byte changed", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.nat(), fc.integer({ min: 0, max: 255 }), (value, at, byte) => {
      for (const text of [JSON.stringify(value), JSON.stringify(value, null, 1)]) {
        const whole = bytes(text);
        expect(quickly(whole)).toBe(slowly(whole));
        whole[at % whole.length] = byte;
        expect(quickly(whole)).toBe(slowly(whole));
      }
    }),
    { numRuns: 3_000 },
  );
});
