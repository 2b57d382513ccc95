/** One policy-and-action pair: run on both implementations, written to and read from the corpus. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { BINDING } from "../conformance/binding.ts";
import { CORE, coreDigest } from "../conformance/core.ts";
import { difference, type Loaded, type RecordContext } from "../conformance/implementation.ts";
import { type Compiled, compilePolicy } from "../conformance/policy.ts";
import { REFERENCE } from "../conformance/reference.ts";

export interface Case {
  policy: string;
  action: Uint8Array;
  facts: Uint8Array;
}

/** What differs, in words; `signature` is equal for differences of one kind. */
export interface Difference {
  signature: string;
  text: string;
}

export const CORPUS_FOLDER = join(dirname(fileURLToPath(import.meta.url)), "corpus");

export const contextOf = (seed: number): RecordContext => ({
  engineDigest: coreDigest(),
  signed: seed % 2 === 0,
  sequence: BigInt(seed >>> 0) * 2097151n,
  previous: new Uint8Array(32).fill(seed & 0xff),
});

/** The implementations with one policy loaded, for as long as no other is. */
export class Trial {
  private readonly reference: Loaded;
  private readonly policy: Compiled;
  private readonly context: RecordContext;
  private others: { name: string; loaded: Loaded }[];
  /** Code of the last verdict of the reference. */
  lastCode = "";

  constructor(policy: Compiled, context: RecordContext) {
    this.policy = policy;
    this.context = context;
    this.reference = REFERENCE.load(policy, context);
    this.others = this.loadOthers();
  }

  private loadOthers(): { name: string; loaded: Loaded }[] {
    return [CORE, BINDING].map((one) => ({ name: one.name, loaded: one.load(this.policy, this.context) }));
  }

  /** Null when all say the same. A breakdown of one is a difference. */
  compare(action: Uint8Array, facts: Uint8Array): Difference | null {
    const expected = this.reference.decide(action, facts);
    this.lastCode = code(Buffer.from(expected.verdict).toString());
    for (const { name, loaded } of this.others) {
      try {
        const found = difference(expected, loaded.decide(action, facts));
        if (found !== null) return describe(name, found);
      } catch (error) {
        this.others = this.loadOthers();
        const verdict = Buffer.from(expected.verdict);
        return {
          signature: `${name} breaks down`,
          text: `${name} breaks down: ${error}\n  reference ${verdict}`,
        };
      }
    }
    return null;
  }
}

function describe(
  name: string,
  { part, left, right }: { part: string; left: string; right: string },
): Difference {
  return {
    signature: `${part} of ${name}, ${code(left)} ${code(right)}`,
    text: `${part}\n  reference ${left}\n  ${name.padEnd(9)} ${right}`,
  };
}

const code = (text: string): string => /"code":"(\w+)"/.exec(text)?.[1] ?? "";

/** The difference of a case on its own, or null; null also when its policy does not compile. */
export function differenceOf({ policy, action, facts }: Case, seed: number): Difference | null {
  const built = compilePolicy(policy);
  return "errors" in built ? null : new Trial(built, contextOf(seed)).compare(action, facts);
}

interface Stored {
  why: string;
  seed: number;
  policy: string[];
  /** UTF-8 text, or `base64:` and bytes that are none. */
  action: string;
  facts: string;
}

function textOf(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString("utf8");
  const isText = Buffer.from(text).equals(Buffer.from(bytes)) && !text.startsWith("base64:");
  return isText ? text : `base64:${Buffer.from(bytes).toString("base64")}`;
}

const bytesOf = (text: string): Uint8Array =>
  new Uint8Array(text.startsWith("base64:") ? Buffer.from(text.slice(7), "base64") : Buffer.from(text));

/** Keeps a case; returns the file's path. */
export function keep({ policy, action, facts }: Case, seed: number, name: string, why: string): string {
  const file = join(CORPUS_FOLDER, `${name}.json`);
  const stored: Stored = {
    why,
    seed,
    policy: policy.split("\n"),
    action: textOf(action),
    facts: textOf(facts),
  };
  writeFileSync(file, `${JSON.stringify(stored, null, 2)}\n`);
  return file;
}

/** The kept cases, by file name. */
export function corpus(): (Case & { name: string; why: string; seed: number })[] {
  const names = readdirSync(CORPUS_FOLDER)
    .filter((name) => name.endsWith(".json") && !name.startsWith("steps-"))
    .sort();
  return names.map((name) => {
    const stored = JSON.parse(readFileSync(join(CORPUS_FOLDER, name), "utf8")) as Stored;
    const { why, seed } = stored;
    return {
      name,
      why,
      seed,
      policy: stored.policy.join("\n"),
      action: bytesOf(stored.action),
      facts: bytesOf(stored.facts),
    };
  });
}
