import type { StateStore } from "../../control/ports.ts";
import { bytesOf, equal, numberOf, rejects, textOf } from "./check.ts";
import type { Case, Place } from "./suite.ts";

const MIB = 1_048_576;

function ofState(
  name: string,
  run: (state: StateStore, place: Place) => Promise<void>,
  options: { shared?: true } = {},
): Case {
  return {
    name: `state: ${name}`,
    needs: ["state"],
    ...options,
    run: async (place) => run((await place.open()).state!, place),
  };
}

async function put(state: StateStore, key: string, text: string, expected = 0): Promise<void> {
  equal(await state.commit([{ key, expected, bytes: bytesOf(text) }]), { ok: true }, `commit of ${key}`);
}

async function get(state: StateStore, key: string): Promise<[string | null, number]> {
  const [entry] = await state.read([key]);
  return [textOf(entry?.bytes), entry?.version ?? 0];
}

const swapping: Case[] = [
  ofState("reads in the order asked, null for what is not there", async (state) => {
    equal(await state.read([]), []);
    await put(state, "b", "B");
    await put(state, "a", "A");
    const found = await state.read(["a", "none", "b", "a"]);
    equal(
      found.map((entry) => [textOf(entry?.bytes), entry?.version]),
      [
        ["A", 1],
        [null, undefined],
        ["B", 1],
        ["A", 1],
      ],
    );
  }),
  ofState("a version rises by one with every write, and only the expected one is replaced", async (state) => {
    for (let version = 0; version < 5; version++) await put(state, "k", `${version}`, version);
    equal(await get(state, "k"), ["4", 5]);
    for (const expected of [0, 1, 4, 6, 1_000_000]) {
      const result = await state.commit([{ key: "k", expected, bytes: bytesOf("x") }]);
      equal(result, { ok: false, conflict: "k" }, `expected ${expected}`);
    }
    equal(await state.commit([{ key: "new", expected: 1, bytes: bytesOf("x") }]), {
      ok: false,
      conflict: "new",
    });
    equal(
      [await get(state, "k"), await get(state, "new")],
      [
        ["4", 5],
        [null, 0],
      ],
    );
  }),
  ofState("of several writes all or none", async (state) => {
    await put(state, "b", "1");
    const bytes = bytesOf("2");
    const refused = await state.commit([
      { key: "a", expected: 0, bytes },
      { key: "b", expected: 0, bytes },
      { key: "c", expected: 0, bytes },
    ]);
    equal(refused, { ok: false, conflict: "b" });
    equal(await state.list("", null, 10), ["b"]);
    const done = await state.commit([
      { key: "a", expected: 0, bytes },
      { key: "b", expected: 1, bytes: null },
      { key: "c", expected: 0, bytes },
    ]);
    equal(done, { ok: true });
    equal(await state.list("", null, 10), ["a", "c"]);
    equal(await state.commit([]), { ok: true });
  }),
  ofState("a removed key is gone, and begins at version 1 again", async (state) => {
    await put(state, "k", "1");
    await put(state, "k", "2", 1);
    equal(await state.commit([{ key: "k", expected: 1, bytes: null }]), { ok: false, conflict: "k" });
    equal(await state.commit([{ key: "k", expected: 2, bytes: null }]), { ok: true });
    equal(await get(state, "k"), [null, 0]);
    equal(await state.commit([{ key: "k", expected: 2, bytes: null }]), { ok: false, conflict: "k" });
    equal(await state.commit([{ key: "k", expected: 0, bytes: null }]), { ok: true });
    equal(await state.list("", null, 10), []);
    await put(state, "k", "3");
    equal(await get(state, "k"), ["3", 1]);
  }),
  ofState("refuses what is no write, and changes nothing", async (state) => {
    const bytes = bytesOf("x");
    const write = { key: "k", expected: 0, bytes };
    for (const wrong of [
      [write, write],
      [{ key: "", expected: 0, bytes }],
      [{ key: "k".repeat(1025), expected: 0, bytes }],
      [{ key: "\ud800", expected: 0, bytes }],
      [{ key: "k", expected: -1, bytes }],
      [{ key: "k", expected: 0.5, bytes }],
      [{ key: "k", expected: 0, bytes: new Uint8Array(MIB + 1) }],
      [{ key: "k", expected: 0, bytes: "x" as unknown as Uint8Array }],
    ]) {
      await rejects(
        state.commit([{ key: "before", expected: 0, bytes }, ...wrong]),
        "RangeError",
        "TypeError",
      );
    }
    await rejects(state.read([""]), "RangeError");
    await rejects(state.read(["\udfff"]), "RangeError");
    await rejects(state.list("", null, 0), "RangeError");
    await rejects(state.list("", null, 1.5), "RangeError");
    equal(await state.list("", null, 10), []);
  }),
];

const values: Case[] = [
  ofState("values of 0 bytes and of 1 MiB", async (state) => {
    const large = Uint8Array.from({ length: MIB }, (_, index) => (index * 7 + (index >> 8)) & 255);
    const write = (key: string, bytes: Uint8Array) => ({ key, expected: 0, bytes });
    equal(await state.commit([write("empty", new Uint8Array(0)), write("large", large)]), { ok: true });
    const found = await state.read(["empty", "large"]);
    equal(found[0], { bytes: new Uint8Array(0), version: 1 }, "empty");
    equal(found[1], { bytes: large, version: 1 }, "large");
  }),
  ofState("every byte comes back, and a part of a buffer is taken as that part", async (state) => {
    const every = Uint8Array.from({ length: 256 }, (_, index) => index);
    const part = every.subarray(3, 200);
    equal(await state.commit([{ key: "k", expected: 0, bytes: part }]), { ok: true });
    equal((await state.read(["k"]))[0]?.bytes, part);
  }),
  ofState("what was handed in and what was given out is not what is kept", async (state) => {
    const bytes = bytesOf("one");
    await state.commit([{ key: "k", expected: 0, bytes }]);
    bytes.fill(0);
    const [given] = await state.read(["k"]);
    equal(textOf(given?.bytes), "one");
    given!.bytes.fill(0);
    equal(await get(state, "k"), ["one", 1]);
  }),
  ofState("odd keys are keys of their own", async (state) => {
    const keys = [
      "\0",
      "a\0",
      "a\0b",
      "a",
      "A",
      " ",
      " a",
      "a ",
      "'",
      '"',
      "%",
      "_",
      "\\",
      "\n",
      "é",
      "e\u0301",
      "\ufeff",
      "\uffff",
      "😀",
      "ß",
      "ss",
      "ﬃ",
      "k".repeat(1024),
      "é".repeat(512),
      "null",
      "0",
      "00",
      "__proto__",
    ];
    for (const [index, key] of keys.entries()) await put(state, key, `${index}`);
    const found = await state.read(keys);
    equal(
      found.map((entry) => numberOf(entry?.bytes)),
      keys.map((_, index) => index),
    );
    equal((await state.list("", null, 100)).length, keys.length);
    await rejects(state.read(["é".repeat(513)]), "RangeError");
  }),
  ofState("many keys in one commit and one read", async (state) => {
    const keys = Array.from({ length: 1500 }, (_, index) => `key/${String(index).padStart(5, "0")}`);
    const writes = keys.map((key) => ({ key, expected: 0, bytes: bytesOf(key) }));
    equal(await state.commit(writes), { ok: true });
    const found = await state.read([...keys].reverse());
    equal(
      found.map((entry) => textOf(entry?.bytes)),
      [...keys].reverse(),
    );
    const listed: string[] = [];
    for (let after: string | null = null, page: string[]; ; after = page.at(-1)!) {
      page = await state.list("key/", after, 400);
      if (page.length === 0) break;
      listed.push(...page);
    }
    equal(listed, keys);
  }),
];

const lists: Case[] = [
  ofState("lists by the bytes of UTF-8", async (state) => {
    const keys = [
      "a",
      "a\0",
      "a!",
      "aa",
      "b",
      "z",
      "\u007f",
      "\u0080",
      "é",
      "\u07ff",
      "\u0800",
      "\ue000",
      "\uffff",
      "😀",
      "\u{10ffff}",
    ];
    for (const key of [...keys].reverse()) await put(state, key, "x");
    equal(await state.list("", null, 100), keys);
    equal(await state.list("", "\uffff", 100), ["😀", "\u{10ffff}"]);
    equal(await state.list("\uffff", null, 100), ["\uffff"]);
  }),
  ofState("a prefix is no pattern; `after` need not exist", async (state) => {
    for (const key of ["a%b", "a%c", "aXb", "a_", "a__", "b", "A%b"]) await put(state, key, "x");
    equal(await state.list("a%", null, 10), ["a%b", "a%c"]);
    equal(await state.list("a_", null, 10), ["a_", "a__"]);
    equal(await state.list("a", "a%bb", 2), ["a%c", "aXb"]);
    equal(await state.list("a%", "b", 10), []);
    equal(await state.list("b", "a", 10), ["b"]);
    equal(await state.list("zz", null, 10), []);
    equal(await state.list("z".repeat(3000), null, 10), []);
  }),
];

const together: Case[] = [
  ofState("what is committed is there after closing and opening", async (state, place) => {
    await put(state, "k", "1");
    await put(state, "k", "2", 1);
    await put(state, "removed", "1");
    await state.commit([{ key: "removed", expected: 1, bytes: null }]);
    await state.close();
    const again = (await place.open()).state!;
    equal(await get(again, "k"), ["2", 2]);
    equal(await again.list("", null, 10), ["k"]);
  }),
  ofState("rejects everything behind `close`, which may be called again", async (state) => {
    await put(state, "k", "1");
    await state.close();
    await state.close();
    await rejects(state.read(["k"]));
    await rejects(state.commit([{ key: "k", expected: 1, bytes: null }]));
    await rejects(state.list("", null, 1));
  }),
  ofState(
    "writers on several connections lose no write",
    async (first, place) => {
      const writers = [first, ...(await others(place, 3))];
      const add = async (state: StateStore): Promise<void> => {
        for (let done = 0, attempts = 0; done < 25; attempts++) {
          if (attempts > 10_000) throw new Error("no write comes through");
          const [text, version] = await get(state, "sum");
          const bytes = bytesOf(`${Number(text ?? 0) + 1}`);
          if ((await state.commit([{ key: "sum", expected: version, bytes }])).ok) done++;
        }
      };
      await Promise.all(writers.flatMap((state) => [add(state), add(state)]));
      equal(await get(first, "sum"), ["200", 200]);
    },
    { shared: true },
  ),
  ofState(
    "a read is of one moment",
    async (first, place) => {
      const [second] = await others(place, 1);
      let writing = true;
      const write = async (): Promise<void> => {
        for (let version = 0; version < 150; version++) {
          const bytes = bytesOf(`${version}`);
          const writes = ["a", "b", "c"].map((key) => ({ key, expected: version, bytes }));
          equal(await second!.commit(writes), { ok: true });
        }
        writing = false;
      };
      const look = async (): Promise<void> => {
        for (let count = 0; writing && count < 100_000; count++) {
          const [a, b, c] = await first.read(["a", "b", "c"]);
          equal([b, c], [a, a], "values written together");
        }
      };
      await Promise.all([write(), look()]);
    },
    { shared: true },
  ),
];

async function others(place: Place, count: number): Promise<StateStore[]> {
  const opened: StateStore[] = [];
  for (let index = 0; index < count; index++) opened.push((await place.open()).state!);
  return opened;
}

export const STATE_CASES: readonly Case[] = [...swapping, ...values, ...lists, ...together];
