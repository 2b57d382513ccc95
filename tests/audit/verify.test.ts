import { describe, expect, test } from "vitest";
import { isStateChange } from "../../control/audit/fields.ts";
import { chainHash, formatLine, genesis, MAX_LINE_BYTES } from "../../control/audit/line.ts";
import { LogVerifier, verifyLines } from "../../control/audit/verify.ts";
import type { SealedRecord } from "../../control/ports.ts";
import { behind, firstRecords, recordAt } from "../log/records.ts";

const joined = (parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
const lines = firstRecords(5).map(({ hash, record }) => formatLine(hash, record));
const log = joined(lines);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (value: string) => new TextEncoder().encode(value);

/** The line again with its record edited and its hash made to fit: a forger who knows the format. */
function forged(index: number, edit: (record: string) => string): Uint8Array {
  const line = text(lines[index]!);
  const record = bytes(edit(line.slice(line.indexOf('"record":') + 9, -2)));
  const previous =
    index === 0 ? new Uint8Array(32) : Buffer.from(text(lines[index - 1]!).slice(9, 73), "hex");
  return formatLine(chainHash(previous, record), record);
}

function replaced(index: number, line: Uint8Array): Uint8Array {
  return joined(lines.map((old, at) => (at === index ? line : old)));
}

function lineOf({ hash, record }: SealedRecord): Uint8Array {
  return formatLine(hash, record);
}

function startOfLine(bytes: Uint8Array, line: number): number {
  let start = 0;
  for (let count = 1; count < line; count++) start = bytes.indexOf(0x0a, start) + 1;
  return start;
}

test("a whole log verifies, handed in as chunks of any size", () => {
  for (const size of [1, 7, 100, log.length]) {
    const verifier = new LogVerifier();
    for (let at = 0; at < log.length; at += size) expect(verifier.push(log.slice(at, at + size))).toBe(true);
    const report = verifier.finish();
    expect(report).toMatchObject({ records: 5, end: log.length, fault: null, tip: { sequence: 5 } });
  }
});

test("an empty log verifies and starts at zero", () => {
  expect(verifyLines(new Uint8Array(0))).toEqual({ records: 0, end: 0, fault: null, tip: genesis() });
});

function alteredFirst(from: string, to: string): Uint8Array {
  return replaced(
    0,
    forged(0, (record) => record.replace(from, to)),
  );
}

const faults: [string, Uint8Array, string, number][] = [
  [
    "an edited byte of a record",
    joined([lines[0]!, bytes(text(lines[1]!).replace("note 1", "note 7")), ...lines.slice(2)]),
    "hash_mismatch",
    2,
  ],
  [
    "a record edited and hashed anew",
    replaced(
      1,
      forged(1, (record) => record.replace("permit", "deny")),
    ),
    "previous_mismatch",
    3,
  ],
  ["two lines swapped", joined([lines[0]!, lines[2]!, lines[1]!, ...lines.slice(3)]), "sequence_mismatch", 2],
  ["a line inserted", joined([lines[0]!, lines[1]!, lines[1]!, ...lines.slice(2)]), "sequence_mismatch", 3],
  ["a line dropped", joined([lines[0]!, ...lines.slice(2)]), "sequence_mismatch", 2],
  ["the first line dropped", joined(lines.slice(1)), "sequence_mismatch", 1],
  [
    "a line of another chain",
    replaced(2, lineOf(recordAt({ sequence: 2, previous: new Uint8Array(32) }, "x"))),
    "previous_mismatch",
    3,
  ],
  ["the last line torn", log.slice(0, -20), "line_torn", 5],
  ["only the last line break gone", log.slice(0, -1), "line_torn", 5],
  ["an empty line", joined([lines[0]!, bytes("\n"), ...lines.slice(1)]), "line_malformed", 2],
  ["a carriage return", bytes(text(log).replaceAll("\n", "\r\n")), "line_malformed", 1],
  ["a byte order mark", joined([bytes("\ufeff"), log]), "line_malformed", 1],
  ["a space in the frame", bytes(text(log).replace('"record":', '"record": ')), "record_not_canonical", 1],
  [
    "the hash in capitals",
    bytes(text(log).replace(/"hash":"[0-9a-f]+/, (head) => `"hash":"${head.slice(8).toUpperCase()}`)),
    "line_malformed",
    1,
  ],
  [
    "another field in the frame",
    bytes(text(log).replace('{"hash"', '{"also":1,"hash"')),
    "line_malformed",
    1,
  ],
  ["not a log", bytes("hello\n"), "line_malformed", 1],
  [
    "a record that is no object",
    replaced(
      0,
      forged(0, () => "[]"),
    ),
    "record_malformed",
    1,
  ],
  [
    "a record that is no JSON",
    replaced(
      0,
      forged(0, () => "{"),
    ),
    "record_malformed",
    1,
  ],
  [
    "invalid UTF-8",
    replaced(0, formatLine(new Uint8Array(32), Uint8Array.of(0x7b, 0xff, 0x7d))),
    "record_malformed",
    1,
  ],
  [
    "keys out of order",
    replaced(
      0,
      forged(0, (record) => record.replace('"time":null,"type":"decision"', '"type":"decision","time":null')),
    ),
    "record_not_canonical",
    1,
  ],
  [
    "a key twice",
    replaced(
      0,
      forged(0, (record) => record.replace('"time":null', '"time":null,"time":null')),
    ),
    "record_not_canonical",
    1,
  ],
  [
    "a number written otherwise",
    replaced(
      0,
      forged(0, (record) => record.replace('"version":2', '"version":2.0')),
    ),
    "record_not_canonical",
    1,
  ],
  [
    "half a surrogate pair",
    replaced(
      0,
      forged(0, (record) => record.replace("note 0", "\\ud800")),
    ),
    "record_not_canonical",
    1,
  ],
  [
    "nesting beyond any record",
    replaced(
      0,
      forged(0, (record) => record.replace('"detail":null', `"detail":${"[".repeat(200)}${"]".repeat(200)}`)),
    ),
    "record_not_canonical",
    1,
  ],
  [
    "a field missing",
    replaced(
      0,
      forged(0, (record) => record.replace('"time":null,', "")),
    ),
    "record_malformed",
    1,
  ],
  [
    "a field more",
    replaced(
      0,
      forged(0, (record) => record.replace('"time":null', '"time":null,"timf":1')),
    ),
    "record_malformed",
    1,
  ],
  [
    "another version",
    replaced(
      0,
      forged(0, (record) => record.replace('"version":2', '"version":1')),
    ),
    "record_malformed",
    1,
  ],
  [
    "a type that there is not",
    alteredFirst('"type":"decision"', '"type":"decisions"'),
    "record_malformed",
    1,
  ],
  ["state without its digests", alteredFirst('"state":null', '"state":[]'), "record_malformed", 1],
  [
    "a digest of the state that is none",
    alteredFirst(
      '"state":null,"state_after":null,"state_before":null',
      `"state":[],"state_after":"${"a".repeat(63)}","state_before":"${"b".repeat(64)}"`,
    ),
    "record_malformed",
    1,
  ],
  [
    "sequence as text",
    replaced(
      0,
      forged(0, (record) => record.replace('"sequence":0', '"sequence":"0"')),
    ),
    "record_malformed",
    1,
  ],
];

describe("the first bad line is named", () => {
  test.each(faults)("%s", (_, damaged, code, line) => {
    const { fault, records } = verifyLines(damaged);
    expect(fault).toMatchObject({ code, line });
    expect(records).toBe(line - 1);
    expect(fault!.offset).toBe(startOfLine(damaged, line));
    expect(fault!.message.length > 0 && fault!.help.length > 0).toBe(true);
  });

  test("a line without end does not fill the memory", () => {
    const verifier = new LogVerifier();
    const chunk = new Uint8Array(1 << 22).fill(0x61);
    let pushed = 0;
    while (verifier.push(chunk)) pushed += chunk.length;
    expect(pushed).toBeLessThanOrEqual(MAX_LINE_BYTES);
    expect(verifier.finish().fault).toMatchObject({ code: "line_too_long", line: 1, offset: 0 });
  });
});

test("every single-byte flip of a log is found, at its line", () => {
  const missed: number[] = [];
  const starts = lines.map((_, index) => joined(lines.slice(0, index)).length);
  for (let at = 0; at < log.length; at++) {
    for (const flip of [1, 0x20, 0x80]) {
      const damaged = log.slice();
      damaged[at]! ^= flip;
      const { fault } = verifyLines(damaged);
      const line = starts.filter((start) => start <= at).length;
      if (fault?.line !== line) missed.push(at);
    }
  }
  expect(missed).toEqual([]);
});

describe("a known record", () => {
  const head = { sequence: 3, hash: text(lines[3]!).slice(9, 73) };

  test("that is there changes nothing", () => {
    expect(verifyLines(log, { head }).fault).toBeNull();
  });

  test("shows that the end was cut off, which the rest alone cannot", () => {
    const cut = joined(lines.slice(0, 3));
    expect(verifyLines(cut).fault).toBeNull();
    expect(verifyLines(cut, { head }).fault).toMatchObject({ code: "head_missing", line: 4 });
  });

  test("shows that a whole log was written anew", () => {
    const others: Uint8Array[] = [];
    for (let index = 0, tip = genesis(); index < 5; index++) {
      const record = recordAt(tip, "another story");
      others.push(lineOf(record));
      tip = behind(record);
    }
    expect(verifyLines(joined(others)).fault).toBeNull();
    expect(verifyLines(joined(others), { head }).fault).toMatchObject({ code: "head_mismatch", line: 4 });
  });
});

describe("every change to every record is found", () => {
  const many = firstRecords(40).map(lineOf);
  const faultOf = (changed: Uint8Array[]) => verifyLines(joined(changed), { head: HEAD }).fault;
  const HEAD = { sequence: 39, hash: text(many[39]!).slice(9, 73) };

  test("whole, it verifies", () => {
    expect(faultOf(many)).toBeNull();
  });

  test.each([
    ["dropped", (at: number) => many.filter((_, index) => index !== at)],
    ["twice", (at: number) => many.flatMap((line, index) => (index === at ? [line, line] : [line]))],
    [
      "after the next one",
      (at: number) => [...many.slice(0, at), many[at + 1]!, many[at]!, ...many.slice(at + 2)].filter(Boolean),
    ],
    ["the last one that is left", (at: number) => many.slice(0, at)],
    ["the first one that is left", (at: number) => many.slice(at + 1)],
    [
      "cut in its middle",
      (at: number) => many.map((line, index) => (index === at ? line.subarray(0, 200) : line)),
    ],
    [
      "with the bytes of another",
      (at: number) => many.map((line, index) => (index === at ? many[(at + 7) % 40]! : line)),
    ],
  ])("each record %s", (name, change) => {
    const missed: number[] = [];
    for (let at = 0; at < many.length; at++) {
      // The last one has none behind it to change places with.
      if (name === "after the next one" && at === 39) continue;
      if (faultOf(change(at)) === null) missed.push(at);
    }
    expect(missed).toEqual([]);
  });

  test("each record edited, and hashed anew with all that follow: by the known head alone", () => {
    for (const at of [0, 17, 39]) {
      const rewritten = many.slice(0, at);
      let tip =
        at === 0
          ? genesis()
          : { sequence: at, previous: Buffer.from(text(many[at - 1]!).slice(9, 73), "hex") };
      for (let index = at; index < 40; index++) {
        const record = recordAt(tip, index === at ? "forged" : `note ${index}`);
        rewritten.push(lineOf(record));
        tip = behind(record);
      }
      expect(verifyLines(joined(rewritten)).fault).toBeNull();
      expect(faultOf(rewritten)).toMatchObject({ code: "head_mismatch", line: 40 });
    }
  });
});

test("the changes of a state have one form", () => {
  const good = [
    [],
    [[0, 12, 3, "ff"]],
    [
      [0, 12, 3, "0", 5, "1a"],
      [2, 0],
    ],
  ];
  const bad = [
    null,
    [[0, 12, 3]],
    [[0, 12, 3, "0f"]],
    [[0, 12, 3, "FF"]],
    [[0, 12, 3, 7]],
    [[0, 12, 12, "1"]],
    [[0, 12, 5, "1", 3, "1"]],
    [
      [1, 12],
      [0, 12],
    ],
    [
      [0, 12],
      [0, 12],
    ],
    [[-1, 12]],
    [[0]],
    [[0, 1.5]],
    [[0, 12, 3, "11111111111111111"]],
    [{}],
  ];
  for (const changes of good) expect(isStateChange(changes), JSON.stringify(changes)).toBe(true);
  for (const changes of bad) expect(isStateChange(changes), JSON.stringify(changes)).toBe(false);
});
