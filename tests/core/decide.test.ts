import { beforeAll, describe, expect, test } from "vitest";
import type { Core } from "../../engine/binding/index.ts";
import { MAX_INPUT_BYTES } from "../../engine/constants.ts";
import { action, coreWith, numbersFrom } from "./binding-core.ts";

function codeOf(core: Core, text: string, facts?: string): string {
  return core.decide(text, facts).code;
}

describe("names", () => {
  let core: Core;
  beforeAll(async () => {
    core = await coreWith('agent "a" { default permit }');
  });

  test.each(["a", "a/b/c", "A-Z_0.9:x@y+z", "a/..", "x".repeat(256), `${"a/".repeat(127)}bc`])(
    "tool `%s`",
    (tool) => {
      expect(codeOf(core, action({ tool }))).toBe("default_permit");
    },
  );

  test.each([
    "",
    "/",
    "/a",
    "a/",
    "a//b",
    "a b",
    "a\u0000",
    "ä",
    "a\\b",
    "a*",
    "a?",
    "a,b",
    "a{",
    "x".repeat(257),
  ])("no tool `%s`", (tool) => {
    expect(core.decide(action({ tool }))).toMatchObject({
      code: "tool_name_invalid",
      detail: { field: "tool" },
    });
  });

  test("of every single byte, the segment's alphabet and no other", () => {
    for (let byte = 0; byte < 128; byte++) {
      const tool = `x${String.fromCharCode(byte)}x`;
      const allowed = /^[A-Za-z0-9._:@+/-]$/.test(tool[1]!);
      expect([byte, codeOf(core, action({ tool }))]).toEqual([
        byte,
        allowed ? "default_permit" : "tool_name_invalid",
      ]);
    }
  });
});

describe("the http facet", () => {
  let core: Core;
  beforeAll(async () => {
    core = await coreWith('agent "a" { default permit }');
  });
  const isTaken = (http: object) => codeOf(core, action({ http })) === "default_permit";

  test.each([
    "example.com",
    "x-1.y",
    "127.0.0.1",
    "::",
    "::1",
    "1::",
    "fe80::a:b",
    "1:2:3:4:5:6:7:8",
    "64:ff9b::c000:221",
  ])("host `%s`", (host) => {
    expect(isTaken({ host })).toBe(true);
  });

  test.each([
    "",
    ".",
    "a.",
    ".a",
    "a..b",
    "EXAMPLE.com",
    "a_b",
    "a:80",
    "[::1]",
    ":",
    ":::",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "::1::",
    "1:2:3:4:5:6:7:",
    ":1:2:3:4:5:6:7",
    "12345::",
    "g::",
    "A::",
    // Another spelling of an address that has one.
    "1:2:3:4:5:6:7::",
    "::ffff:1.2.3.4",
    "64:ff9b::192.0.2.33",
    "1:2:3:4:5:6:255.255.255.255",
    "2130706433",
    "0x7f.1",
    "127.1",
    "::1.2.3",
    "::1.2.3.4.5",
    "::1.2.3.256",
    "::1.2.3.04",
    "1.2.3.4::",
    "::%eth0",
  ])("no host `%s`", (host) => {
    expect(core.decide(action({ http: { host } }))).toMatchObject({
      code: "http_facet_invalid",
      detail: { field: "host" },
    });
  });

  test.each(["/", "/a/b.c", "/a/...", "/a%2Fb%20c", "/a;b", "/%2", "/%zz", "/..a", "/ä"])(
    "path `%s`",
    (path) => {
      expect(isTaken({ path })).toBe(true);
    },
  );

  test.each([
    "",
    "a",
    "/.",
    "/..",
    "/a/../b",
    "/%2e",
    "/.%2E/",
    "/%2E%2e",
    "/.%2ex",
    "/%41",
    "/%7e",
    "/..%2f",
    "/%5C..",
    "/..;a",
    "/a?b",
    "/a#b",
    "/a\\b",
    "/a\u0000",
    "/a\u001f",
    "/\u007f",
  ])("no path `%s`", (path) => {
    expect(isTaken({ path })).toBe(false);
  });

  test.each<[string, object, boolean]>([
    ["the first port", { port: 1 }, true],
    ["the last port", { port: 65535 }, true],
    ["a port as 4e2", JSON.parse('{"port":4e2}'), true],
    ["port 0", { port: 0 }, false],
    ["port 65536", { port: 65536 }, false],
    ["a fraction", { port: 80.5 }, false],
    ["a negative port", { port: -1 }, false],
    ["a text", { port: "80" }, false],
    ["a method", { method: "GET" }, true],
    ["a lower-case method", { method: "get" }, false],
    ["no method", { method: "" }, false],
    ["query and headers", { query: { A: [1] }, headers: { "x-a": "A" } }, true],
    ["an upper-case header", { headers: { "X-a": "1" } }, false],
    ["a query list", { query: [] }, false],
    ["nulls", { host: null, port: null, method: null, path: null, query: null, headers: null }, true],
    ["an unknown field", { scheme: "https" }, false],
  ])("%s", (_, http, taken) => {
    expect(isTaken(http)).toBe(taken);
  });
});

describe("dispatch", () => {
  const SEGMENTS = ["a", "b", "ab", "ba", "aab"];
  const PATTERN_SEGMENTS = [...SEGMENTS, "*", "a*", "*b", "a*b", "*a*"];

  /** LANGUAGE section 3 as a regular expression. */
  function expression(pattern: string): RegExp {
    const segments = pattern.split("/");
    let source = "";
    for (const [index, segment] of segments.entries()) {
      const isLast = index === segments.length - 1;
      if (segment === "**") source += "(?:/[^/]+)*";
      else if (segment === "*" && isLast) source += "(?:/[^/]+)+";
      else source += `/${segment === "*" ? "[^/]+" : segment.replaceAll("*", "[^/]*")}`;
    }
    return new RegExp(`^${source}$`);
  }

  test("finds the rules that match, first to last, among exact names and globs", async () => {
    const next = numbersFrom(7);
    const pick = <T>(list: readonly T[]): T => list[next(list.length)]!;
    for (let round = 0; round < 40; round++) {
      const patterns = Array.from({ length: 1 + next(25) }, () => {
        const segments = Array.from({ length: 1 + next(3) }, () =>
          pick(next(4) === 0 ? ["**"] : PATTERN_SEGMENTS),
        );
        return segments.join("/").replace(/\*\*(\/\*\*)+/g, "**");
      });
      // All unknown but the last that matches, so that every rule before it is tried.
      const rules = patterns.map((pattern) => `permit ${JSON.stringify(pattern)} when args.absent == 1`);
      const core = await coreWith(`agent "a" { rules {\n${rules.join("\n")}\n} }`);
      for (let tries = 0; tries < 30; tries++) {
        const tool = Array.from({ length: 1 + next(4) }, () => pick(SEGMENTS)).join("/");
        const expected = patterns.flatMap((pattern, id) =>
          expression(pattern).test(`/${tool}`) ? [id] : [],
        );
        const { events } = core.trace(action({ tool }));
        const tried = events.filter(({ kind }) => kind === 2).map(({ payload }) => payload);
        expect([tool, patterns, tried]).toEqual([tool, patterns, expected]);
      }
    }
  });

  test("merges hundreds of patterns that match at once, each rule once, in order", async () => {
    const lengths = Array.from({ length: 200 }, (_, i) => 1 + ((i * 77) % 200));
    const rules = lengths.map((length) => `permit "${"a".repeat(length)}*" when args.absent == 1`);
    const core = await coreWith(`agent "a" { rules {\n${rules.join("\n")}\n permit ** } }`);
    const { verdict, events } = core.trace(action({ tool: "a".repeat(200) }));
    expect(verdict.code).toBe("rule_permit");
    const tried = events.filter(({ kind }) => kind === 2).map(({ payload }) => payload);
    expect(tried).toEqual(Array.from({ length: 201 }, (_, id) => id));
  });
});

describe("bounds", () => {
  test("a substring search is linear", async () => {
    const core = await coreWith('agent "a" { rules { permit t if args.text contains args.part } }');
    const ask = (text: string, part: string) => core.decide(action({ args: { text, part } })).effect;
    const half = "a".repeat(MAX_INPUT_BYTES / 2 - 100);
    // The slow way would take 2^36 steps here.
    expect(ask(half, `${half.slice(0, half.length / 2)}b`)).toBe("deny");
    expect(ask(`${half}b`, `${half.slice(0, half.length / 2)}b`)).toBe("permit");
    for (const [text, part] of [
      ["abcabcabcabcabcabcabcabd", "abcabcabcabcabcabcabd"],
      ["xaaaaaaaaaaaaaaaaaaaaaay", "aaaaaaaaaaaaaaaaaaaaaay"],
      ["short", "ort"],
      ["short", ""],
      ["", ""],
    ] as const) {
      expect([text, part, ask(text, part)]).toEqual([text, part, "permit"]);
    }
    expect(ask("abcabcabcabcabcabcabcabc", "abcabcabcabcabcabcabcabd")).toBe("deny");
    expect(ask("", "a")).toBe("deny");
  });

  test("texts at and over the limit", async () => {
    const core = await coreWith('agent "a" { default permit }');
    const empty = action({ args: { x: "" } });
    const largest = action({ args: { x: "y".repeat(MAX_INPUT_BYTES - empty.length) } });
    expect(codeOf(core, largest)).toBe("default_permit");
    expect(core.decide(`${largest} `)).toMatchObject({ code: "input_too_large", detail: null });
    expect(codeOf(core, action(), ` {${" ".repeat(MAX_INPUT_BYTES)}}`)).toBe("facts_invalid");
    const growing = action({ args: {} }).replace("{}", `{"x":[${Array(50_000).fill("1e20").join(",")}]}`);
    expect(growing.length).toBeLessThan(MAX_INPUT_BYTES);
    expect(core.decide(growing)).toMatchObject({ code: "canonical_too_large", detail: null });
    expect(codeOf(core, action(), growing.replace(/^/, " "))).toBe("facts_invalid");
  });

  test("a path normalises within its own length", async () => {
    const core = await coreWith('agent "a" { rules { permit t if args.p under "/data" } }');
    const ask = (p: string) => core.decide(action({ args: { p } })).effect;
    expect(ask(`/${"x/../".repeat(200_000)}data/y`)).toBe("permit");
    expect(ask(`/data/${"x/../".repeat(200_000)}../y`)).toBe("deny");
    expect(ask(`/${"../".repeat(300_000)}data`)).toBe("permit");
    expect(ask(`/${"//.".repeat(300_000)}/data//`)).toBe("permit");
  });

  test("a verdict does not depend on what was decided before", async () => {
    const core = await coreWith(`agent "a" { phase p { permit p/* }  rules {
      permit t when args.n > 1 and session.phase == "p" and model == "m"
      defer "*" when args.list contains 3 } }`);
    const asks = [
      [action({ args: { n: 2 } }), '{"model":"m"}'],
      [action({ args: { n: 2 } }), "{}"],
      [action({ args: { n: 1, list: [3] } }), "{}"],
      [action({ args: {} }), '{"phase":"q"}'],
      [action({ tool: "p/x" }), "{}"],
      ["{", "{}"],
      [action({ args: { n: "2" } }), "{"],
    ] as const;
    const first = asks.map(([text, facts]) => core.decide(text, facts));
    const next = numbersFrom(3);
    for (let round = 0; round < 500; round++) {
      const index = next(asks.length);
      const [text, facts] = asks[index]!;
      expect(core.decide(text, facts)).toEqual(first[index]);
    }
  });
});
