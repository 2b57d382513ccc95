import {
  formatInstant,
  parseInstant,
  parsePublicKey,
  parseTrustFile,
  printTrustFile,
  type TrustedKey,
  type TrustFile,
} from "../../bundles/trust/index.ts";
import { wholeNumber } from "../arguments.ts";
import type { Command, Invocation } from "../command.ts";
import { EXIT_OK, misuse, refused } from "../errors.ts";
import { createFile, writeFile } from "../files.ts";
import { print, readBytes } from "../io.ts";
import { readTrust } from "../policy.ts";
import { table } from "../style.ts";

const YEAR_MS = 365 * 86_400_000;

function instant(invocation: Invocation, name: string, otherwise: number): number {
  const text = invocation.value(name);
  if (text === null) return otherwise;
  const value = parseInstant(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
  if (value === null)
    throw misuse(
      `\`--${name}\` cannot be \`${text}\``,
      "a day like 2027-01-31, or a time like 2027-01-31T00:00:00Z",
    );
  return value;
}

function readKeys(invocation: Invocation, paths: string[]): TrustedKey[] {
  const now = Math.floor(Date.now() / 1000) * 1000;
  const notBeforeMs = instant(invocation, "not-before", now);
  const notAfterMs = instant(invocation, "not-after", notBeforeMs + YEAR_MS);
  return paths.map((path) => {
    const parsed = parsePublicKey(readBytes(path));
    if (!parsed.ok) throw refused(path, parsed.message, parsed.help);
    return { name: parsed.key.name, publicKey: parsed.key.publicKey, notBeforeMs, notAfterMs };
  });
}

/** What is written is read first as every other command will read it. */
function checked(path: string, trust: TrustFile): Uint8Array {
  const bytes = printTrustFile(trust);
  const parsed = parseTrustFile(bytes);
  if (!parsed.ok) throw refused(path, parsed.message, parsed.help);
  return bytes;
}

function numberOption(invocation: Invocation, name: string, otherwise: number): number {
  const text = invocation.value(name);
  return text === null
    ? otherwise
    : wholeNumber(name, text, name === "threshold" ? 1 : 0, Number.MAX_SAFE_INTEGER);
}

export const trust: Command = {
  name: "trust",
  summary: "write a trust file: whose signatures count",
  description:
    "init writes a new trust file with the public keys given; add puts further keys, or a new threshold, into one.\nThe file is JSON, for people to read and edit: keys leave it by deleting them.",
  operands: [
    { name: "ACTION", minimum: 1, maximum: 1, choices: ["init", "add"], help: "init or add" },
    { name: "FILE", minimum: 1, maximum: 1, help: "the trust file" },
    { name: "PUBLICKEY", minimum: 0, maximum: 64, help: "NAME.pub of `faramesh keygen`" },
  ],
  options: [
    { name: "threshold", value: "N", help: "how many of the keys must sign (init: 1)" },
    { name: "minimum-sequence", value: "N", help: "refuse bundles below this sequence number (init: 0)" },
    { name: "not-before", value: "TIME", help: "signatures of the keys given count from then on (now)" },
    { name: "not-after", value: "TIME", help: "and until then (a year after --not-before)" },
  ],
  examples: [
    { command: "faramesh trust init trust.json keys/release.pub", text: "trust one key, for a year" },
    {
      command: "faramesh trust add trust.json keys/second.pub --threshold 2",
      text: "two people must sign from now on",
    },
  ],
  exits: { ok: "the file was written", findings: "a key or the trust file was refused" },
  async run(invocation) {
    const [action, path, ...keyPaths] = invocation.operands as [string, string, ...string[]];
    const keys = readKeys(invocation, keyPaths);
    let next: TrustFile;
    if (action === "init") {
      if (keys.length === 0)
        throw misuse(
          "PUBLICKEY is missing: NAME.pub of `faramesh keygen`",
          "a trust file holds at least one key",
        );
      next = {
        threshold: numberOption(invocation, "threshold", 1),
        minimumSequence: numberOption(invocation, "minimum-sequence", 0),
        keys,
      };
      await createFile(path, checked(path, next));
    } else {
      const old = readTrust(path)!;
      next = {
        threshold: numberOption(invocation, "threshold", old.threshold),
        minimumSequence: numberOption(invocation, "minimum-sequence", old.minimumSequence),
        keys: [...old.keys, ...keys],
      };
      await writeFile(path, checked(path, next));
    }
    const rows = next.keys.map((key) => [
      `  ${key.name}`,
      `${formatInstant(key.notBeforeMs)} to ${formatInstant(key.notAfterMs)}`,
    ]);
    await print(
      `${path}: ${next.threshold} of ${next.keys.length} must sign\n${table(rows, (text) => text)}`,
    );
    return EXIT_OK;
  },
};
