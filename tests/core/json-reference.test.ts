import { expect, test } from "vitest";
import {
  CODE_DUPLICATE_KEY,
  CODE_INTEGER_INEXACT,
  CODE_INVALID_JSON,
  CODE_INVALID_UTF8,
  CODE_LONE_SURROGATE,
  CODE_NUMBER_OUT_OF_RANGE,
  CODE_TOO_DEEP,
} from "../../engine/constants.ts";
import { Refusal } from "../reference/json.ts";
import { parse } from "../reference/parse.ts";
import { generator, openCore } from "./json-core.ts";

const core = openCore();
const NAMES = new Map([
  [CODE_INVALID_UTF8, "invalid_utf8"],
  [CODE_INVALID_JSON, "invalid_json"],
  [CODE_DUPLICATE_KEY, "duplicate_key"],
  [CODE_LONE_SURROGATE, "lone_surrogate"],
  [CODE_TOO_DEEP, "too_deep"],
  [CODE_INTEGER_INEXACT, "integer_inexact"],
  [CODE_NUMBER_OUT_OF_RANGE, "number_out_of_range"],
]);
const SEED = 74;

const PIECES: (string | number[])[] = [
  ...[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    " ",
    "\t",
    '"',
    "\\",
    "null",
    "true",
    "false",
    "nul",
    "tru",
    "0",
    "-",
    "1",
    "7.5",
    ".",
    "e",
    "E+2",
    "00",
  ],
  ...[
    '"a"',
    '"b"',
    '"a":',
    '"\\u0061":',
    '"b":',
    '"\\ud83d\\ude00"',
    '"\\ud83d',
    "\\ude00",
    "\\u12",
    "\\n",
    "é",
    "€",
    '"\u{1f600}"',
  ],
  ...[
    "9007199254740993",
    "1e400",
    "12345678901234567890",
    "1e-400",
    "[".repeat(40),
    "]".repeat(40),
    '{"a":'.repeat(30),
    "}".repeat(30),
  ],
  [0x80],
  [0xc3],
  [0xe2, 0x82],
  [0xed, 0xa0, 0x80],
  [0xff],
  [0x00],
  [0x1f],
];

type Below = (n: number) => number;
type Text = (string | number[])[];

function randomPieces(below: Below): Text {
  const opening = below(2) ? [below(2) ? "[" : '{"k":'] : [];
  return [...opening, ...Array.from({ length: 1 + below(10) }, () => PIECES[below(PIECES.length)]!)];
}

/** An object of up to 20 members, a few keys of which may be equal, and now and then something that does not belong there. */
function randomObject(below: Below): Text {
  const text: Text = ["{"];
  const count = below(20);
  for (let i = 0; i < count; i++) {
    const key = below(12) ? `k${i}` : `k${below(count)}`;
    const written = below(5) ? key : `\\u006b${key.slice(1)}`;
    text.push(
      i === 0 ? "" : ",",
      `"${written}"`,
      below(9) ? ":" : " : ",
      ["1.0", '"é"', "[{}]", '{"a":1}'][below(4)]!,
    );
    if (below(60) === 0) text.push(PIECES[below(PIECES.length)]!);
  }
  return [...text, "}"];
}

function reference(bytes: Uint8Array): string {
  try {
    parse(bytes);
    return "accepted";
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return `${error.code} ${JSON.stringify(error.detail)}`;
  }
}

test("the core and the reference refuse the same texts, with the same code at the same place", () => {
  const below = generator(SEED);
  const encoder = new TextEncoder();
  const seen = new Map<string, number>();
  for (let i = 0; i < 60_000; i++) {
    const text = below(2) ? randomPieces(below) : randomObject(below);
    const bytes = Uint8Array.from(
      text.flatMap((piece) => (typeof piece === "string" ? [...encoder.encode(piece)] : piece)),
    );
    const result = core.canonicalize(bytes);
    const got =
      typeof result === "string" ? "accepted" : `${NAMES.get(result.code)} {"offset":${result.offset}}`;
    const want = reference(bytes);
    if (got !== want)
      throw new Error(`seed ${SEED}, text ${i}: ${JSON.stringify(text)}: ${got}, not ${want}`);
    const kind = got.split(" ")[0]!;
    seen.set(kind, (seen.get(kind) ?? 0) + 1);
  }
  for (const name of ["accepted", ...NAMES.values()]) expect(seen.get(name) ?? 0, name).toBeGreaterThan(0);
});
