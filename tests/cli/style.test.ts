/** Colour, widths and suggestions. */
import { afterEach, describe, expect, it } from "vitest";
import { nearest } from "../../cli/errors.ts";
import { columns, cut, printable, printableJson, setColor, styleFor, table } from "../../cli/style.ts";

const terminal = { isTTY: true } as NodeJS.WriteStream;
const pipe = { isTTY: false } as NodeJS.WriteStream;
const saved = { NO_COLOR: process.env.NO_COLOR, TERM: process.env.TERM };

function environment(noColor: string | undefined, term: string): void {
  if (noColor === undefined) delete process.env.NO_COLOR;
  else process.env.NO_COLOR = noColor;
  process.env.TERM = term;
}

afterEach(() => {
  setColor("auto");
  environment(saved.NO_COLOR, saved.TERM ?? "");
});

describe("colour", () => {
  it.each([
    ["a terminal", terminal, undefined, "xterm", true],
    ["a pipe", pipe, undefined, "xterm", false],
    ["NO_COLOR", terminal, "1", "xterm", false],
    ["an empty NO_COLOR, which counts as absent", terminal, "", "xterm", true],
    ["a terminal without colours", terminal, undefined, "dumb", false],
  ])("auto on %s", (_, stream, noColor, term, enabled) => {
    environment(noColor, term);
    expect(styleFor(stream).enabled).toBe(enabled);
  });

  it("always and never overrule the stream", () => {
    environment("1", "dumb");
    setColor("always");
    expect(styleFor(pipe).red("x")).toBe("\u001b[31mx\u001b[39m");
    setColor("never");
    expect(styleFor(terminal).red("x")).toBe("x");
  });
});

describe("text on a terminal", () => {
  it("shows control and bidirectional characters as escapes", () => {
    expect(printable("a\u001b[31m\u202eb\n\u009bc\u2028d")).toBe(
      "a\\u001b[31m\\u202eb\\u000a\\u009bc\\u2028d",
    );
    expect(printable("\u061c\u200b\ufeff\u00ad\ud800\u{e0041}")).toBe(
      "\\u061c\\u200b\\ufeff\\u00ad\\ud800\\u{e0041}",
    );
    for (const text of ["größe 数", "👩\u200d💻", "می\u200cخواهم"]) expect(printable(text)).toBe(text);
  });

  it("escapes the same in JSON without changing what it says", () => {
    const value = { "a\u202e": ["\u009b\n", "\u{e0041}", "größe"] };
    const json = printableJson(JSON.stringify(value, null, 2));
    expect(JSON.parse(json)).toEqual(value);
    expect(json).toBe('{\n  "a\\u202e": [\n    "\\u009b\\n",\n    "\\udb40\\udc41",\n    "größe"\n  ]\n}');
  });

  it("counts columns", () => {
    expect(["abc", "é", "e\u0301", "数字", "🙂", ""].map(columns)).toEqual([3, 1, 1, 4, 2, 0]);
  });

  it("cuts to a width", () => {
    expect(cut("abcdef", 6)).toBe("abcdef");
    expect(cut("abcdef", 5)).toBe("abcd…");
    expect(cut("数字数字", 5)).toBe("数字…");
  });

  it("aligns columns of any text", () => {
    const rows = [
      ["数", "x", "end"],
      ["ab", "yyy", ""],
      ["a", "z", "end"],
    ];
    expect(table(rows, (text) => text)).toBe("数  x    end\nab  yyy\na   z    end\n");
    expect(table([], (text) => text)).toBe("");
  });
});

describe("nearest", () => {
  const words = ["check", "explain", "decide", "default_deny"];
  it.each([
    ["chek", "check"],
    ["hceck", "check"],
    ["CHECK", "check"],
    ["expl", "explain"],
    ["defualt_deny", "default_deny"],
    ["frobnicate", null],
    ["x", null],
    ["", null],
  ])("%s", (word, expected) => {
    expect(nearest(word, words)).toBe(expected);
  });
});
