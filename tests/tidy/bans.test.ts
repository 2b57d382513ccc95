/** What may not stand where. Each ban names its replacement. */
import { describe, expect, it } from "vitest";
import { listFiles, readSource, readSources, withoutComments } from "./sources.ts";

interface Ban {
  pattern: RegExp;
  instead: string;
}

/** Outside hosts and cli: nothing that differs from one run or machine to the next. */
const RUNTIME_BANS: Ban[] = [
  { pattern: /\bDate\b/, instead: "take the time as an input, `nowMs`" },
  {
    pattern: /\bMath\.random\b|\bgetRandomValues\b|\brandomUUID\b/,
    instead: "take random bytes as an input",
  },
  { pattern: /\bperformance\b/, instead: "measure in bench/" },
  { pattern: /\bfetch\s*\(/, instead: "a port, implemented in hosts/" },
  { pattern: /\bconsole\./, instead: "return a value; the cli prints" },
  { pattern: /\bprocess\./, instead: "take it as an input" },
  { pattern: /\bBuffer\b/, instead: "Uint8Array and TextEncoder" },
  { pattern: /\bsetTimeout\b|\bsetInterval\b/, instead: "limits on sizes, not on time" },
  { pattern: /\blocaleCompare\b|\btoLocale\w*\b|\bIntl\b/, instead: "compare by code unit" },
  { pattern: /\bMath\.(?:sin|cos|tan|exp|log|pow|sqrt|fround)\b/, instead: "integer arithmetic" },
];

const CORE_BANS: Ban[] = [
  { pattern: /\bf32\b|\bf64\b/, instead: "integers: the core has no floats" },
  { pattern: /\bnew\s+[A-Z]/, instead: "static memory: the core has no managed heap" },
  { pattern: /\bthrow\b/, instead: "a status code" },
];

/** Everywhere. */
const TEXT_BANS: Ban[] = [
  { pattern: /\b(?:TODO|FIXME|XXX)\b/, instead: "do it, or leave it out" },
  { pattern: /\b(?:it|test|describe)\.(?:only|todo)\b/, instead: "run the whole suite" },
];

function offences(paths: RegExp, bans: Ban[], except: RegExp): string[] {
  return readSources(paths)
    .filter((source) => !except.test(source.path))
    .flatMap((source) =>
      withoutComments(source.text)
        .split("\n")
        .flatMap((line) =>
          bans
            .filter((ban) => ban.pattern.test(line.replace(/"(?:[^"\\]|\\.)*"|`[^`]*`/g, '""')))
            .map((ban) => `${source.path}: \`${line.trim().slice(0, 80)}\`: instead: ${ban.instead}`),
        ),
    );
}

describe("bans", () => {
  it("no clock, randomness, I/O or locale outside hosts and cli", () => {
    expect(
      offences(/^(engine|fpl-grammar|bundles|control|gateway)\/.*\.ts$/, RUNTIME_BANS, /\.d\.ts$/),
    ).toEqual([]);
  });

  it("no floats, managed objects or exceptions in the core's source", () => {
    expect(offences(/^engine\/(assembly|wit\/adapter)\/.*\.ts$/, CORE_BANS, /^$/)).toEqual([]);
  });

  it("no marks of unfinished work, no narrowed tests", () => {
    expect(offences(/\.(ts|mjs|ne|py)$/, TEXT_BANS, /^tests\/tidy\//)).toEqual([]);
  });

  it("no import of a built-in without its `node:` prefix", () => {
    const bare = /from "(?:fs|path|crypto|os|child_process|util|url|stream|zlib)(?:\/\w+)?"/;
    const found = readSources(/\.(ts|mjs)$/).filter((source) => bare.test(source.text));
    expect(found.map((source) => source.path)).toEqual([]);
  });

  it("no absolute path of a machine and no download address in code, settings or scripts", () => {
    const found = listFiles()
      .filter(
        (path) => /\.(ts|mjs|py|json|ne|yml|toml)$|^\.ci\//.test(path) && !path.startsWith("tests/tidy/"),
      )
      .map(readSource)
      .filter((source) => /(?:^|[\s"'`(])\/(?:work|Users)\/\w|"resolved": *"https?:/m.test(source.text));
    expect(found.map((source) => source.path)).toEqual([]);
  });
});
