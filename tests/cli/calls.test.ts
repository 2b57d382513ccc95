/** Calls are split, never parsed and written anew. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LineSplitter, NO_HOST_FACTS, readCall } from "../../cli/calls.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function split(text: string, host = NO_HOST_FACTS) {
  const { action, facts } = readCall(encoder.encode(text), host);
  return { action: decoder.decode(action), facts: facts === null ? null : decoder.decode(facts) };
}

const HOST = { ...NO_HOST_FACTS, agent: "bob" };

describe("readCall", () => {
  it.each([
    ["a bare action", '{"agent":"a","tool":"t","args":{}}', '{"agent":"a","tool":"t","args":{}}', null],
    ["an envelope", '{"action": {"tool":"t"} , "purpose" : "p"}', '{"tool":"t"}', '{"purpose" : "p"}'],
    ["an envelope without facts", '{"action":{"tool":"t"}}', '{"tool":"t"}', null],
    ["duplicate keys stay", '{"action":{"a":1,"a":2},"x":1,"x":2}', '{"a":1,"a":2}', '{"x":1,"x":2}'],
    ["an escaped key is that key", '{"\\u0061ction":{"tool":"t"},"x":1}', '{"tool":"t"}', '{"x":1}'],
    ["numbers stay as written", '{"action":{"n":1.0e400}}', '{"n":1.0e400}', null],
    ["brackets and quotes in strings", '{"action":{"a":"}\\"]"},"b":"{["}', '{"a":"}\\"]"}', '{"b":"{["}'],
    ["an action that is no object", '{"action":[1],"x":2}', "[1]", '{"x":2}'],
  ])("%s", (_, text, action, facts) => {
    expect(split(text)).toEqual({ action, facts });
  });

  it.each([
    ["two actions", '{"action":{},"action":{}}'],
    ["two actions, one escaped", '{"action":{},"\\u0061ction":{}}'],
    ["no end", '{"action":{"a":1}'],
    ["something behind", '{"action":{}} x'],
    ["crossed brackets", '{"action":[{]}}'],
    ["a missing comma", '{"action":{} "x":1}'],
    ["a trailing comma", '{"action":{},}'],
    ["a bare key", "{action:{}}"],
    ["a control character in a key", '{"acti\non":{}}'],
    ["no object", "[1,2]"],
    ["no JSON", "\u0000\u0001"],
    ["a value of nothing", '{"action":}'],
  ])("hands the whole text on: %s", (_, text) => {
    expect(split(text)).toEqual({ action: text, facts: null });
  });

  it("adds the agent where the action has none, and to the facts", () => {
    const added = '{"agent":"bob","tool":"t"}';
    expect(split('{"tool":"t"}', HOST)).toEqual({ action: added, facts: '{"agent":"bob"}' });
    expect(split('{"action":{"tool":"t"},"x":1}', HOST)).toEqual({
      action: added,
      facts: '{"agent":"bob","x":1}',
    });
    expect(split('{"agent":null,"tool":"t"}', HOST).action).toBe(added);
    expect(split('{"agent":"eve","tool":"t"}', HOST)).toEqual({
      action: '{"agent":"eve","tool":"t"}',
      facts: '{"agent":"bob"}',
    });
    expect(split('{"action":{"agent":"eve"},"agent":"eve"}', HOST).facts).toBe('{"agent":"eve"}');
  });

  it("adds time and salt, and leaves those that are given", () => {
    const host = { agent: null, time: 1_800_000_000_000, salt: "0123456789abcdef" };
    expect(split('{"tool":"t"}', host).facts).toBe('{"salt":"0123456789abcdef","time":1800000000000}');
    expect(split('{"action":{},"time":5,"salt":"s"}', host).facts).toBe('{"time":5,"salt":"s"}');
  });

  it("loses nothing of any JSON object", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.dictionary(fc.string(), fc.jsonValue()),
        (action, facts) => {
          const { action: _, ...rest } = facts;
          const { action: raw, facts: rawFacts } = split(JSON.stringify({ ...rest, action }));
          expect(raw).toBe(JSON.stringify(action));
          expect(rawFacts === null ? {} : JSON.parse(rawFacts)).toEqual(JSON.parse(JSON.stringify(rest)));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("does not throw on any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        readCall(bytes, HOST);
      }),
      { numRuns: 500 },
    );
  });
});

describe("LineSplitter", () => {
  it("gives the same lines whatever the chunks", () => {
    const text = encoder.encode("a\r\n\n  \nbb\nccc");
    for (let cut = 0; cut <= text.length; cut++) {
      const splitter = new LineSplitter(100);
      const lines = [
        ...splitter.push(text.subarray(0, cut)),
        ...splitter.push(text.subarray(cut)),
        ...splitter.end(),
      ];
      const shown = lines.map((line) => `${line.number}:${decoder.decode(line.text)}`);
      expect(shown).toEqual(["1:a", "4:bb", "5:ccc"]);
    }
  });

  it("cuts a line at the limit and goes on with the next", () => {
    const splitter = new LineSplitter(4);
    const lines = [...splitter.push(encoder.encode("abcdefgh\nij\n     x\nklm\r\nabc\rz\n"))].map(
      ({ text, whole }) => [decoder.decode(text), whole],
    );
    expect(lines).toEqual([
      ["abcd", false],
      ["ij", true],
      ["    ", false],
      ["klm", true],
      ["abc\r", false],
    ]);
  });
});
