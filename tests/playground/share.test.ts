/** Links: what goes in comes out, and what anyone may write in an address is read or refused. */
import { deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_FRAGMENT, MAX_UNPACKED, pack, unpack } from "../../examples/playground/page/share.ts";

const fragment = (bytes: string | Uint8Array): string => `1.${deflateRawSync(bytes).toString("base64url")}`;
const text = fc.string({ unit: "grapheme" });
const shared = fc.record({ policy: text, action: text, facts: text, cases: text });

describe("links of the playground", () => {
  it("give back what they were made of", async () => {
    await fc.assert(
      fc.asyncProperty(shared, async (value) => {
        const packed = await pack(value);
        expect(packed).toMatch(/^1\.[A-Za-z0-9_-]+$/);
        expect(await unpack(packed!)).toEqual({ ok: true, shared: value });
      }),
      { numRuns: 50 },
    );
  });

  it("are refused when they are cut or altered anywhere, or read as texts", async () => {
    const whole = (await pack({ policy: "permit a/b", action: "{}", facts: "", cases: "" }))!;
    for (let at = 0; at < whole.length; at++) {
      for (const altered of [
        whole.slice(0, at),
        `${whole.slice(0, at)}A${whole.slice(at + 1)}`,
        `${whole.slice(0, at)}!${whole.slice(at)}`,
      ]) {
        const read = await unpack(altered);
        if (read.ok)
          expect(Object.values(read.shared).every((value) => typeof value === "string")).toBe(true);
        else expect(read.message).not.toBe("");
      }
    }
  });

  it.each([
    ["nothing", ""],
    ["another version", "2.AAAA"],
    ["no base64url", "1.<script>"],
    ["one character", "1.A"],
    ["no DEFLATE", "1._____w"],
    ["no JSON", fragment("policy")],
    ["no UTF-8", fragment(new Uint8Array([0x22, 0xff, 0x22]))],
    ["a list", fragment("[]")],
    ["null", fragment("null")],
    ["a field too few", fragment('{"action":"","cases":"","facts":""}')],
    ["a field too many", fragment('{"action":"","cases":"","facts":"","policy":"","x":""}')],
    ["the prototype in the place of a field", fragment('{"__proto__":"","cases":"","facts":"","policy":""}')],
    ["a number in the place of a text", fragment('{"action":1,"cases":"","facts":"","policy":""}')],
    ["much out of little", fragment(new Uint8Array(64 * MAX_UNPACKED))],
    ["too long an address", `1.${"A".repeat(MAX_FRAGMENT)}`],
  ])("%s is refused", async (_, given) => {
    expect(await unpack(given)).toEqual({ ok: false, message: expect.stringMatching(/./) });
  });

  it("are not made of more than an address holds", async () => {
    const empty = { policy: "", action: "", facts: "", cases: "" };
    // What is compressed already does not become shorter.
    const dense = deflateRawSync(
      Array.from({ length: 60_000 }, (_, index) => (index * index) % 7919).join(),
    ).toString("base64");
    expect(dense.length).toBeGreaterThan(MAX_FRAGMENT);
    expect(await pack({ ...empty, policy: dense })).toBeNull();
    expect(await pack({ ...empty, cases: "x".repeat(MAX_UNPACKED) })).toBeNull();
    expect(await pack({ ...empty, cases: "x".repeat(MAX_UNPACKED / 2) })).not.toBeNull();
  });
});
