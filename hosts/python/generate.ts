/**
 * Puts into the Python package what is made elsewhere: the core, and the tables of codes, refusals and limits.
 * `node cli/run.mjs hosts/python/generate.ts`, a part of `npm run build`.
 */
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { TRUST_REFUSALS } from "../../bundles/trust/index.ts";
import { CODES } from "../../engine/binding/index.ts";
import { loadRefusal } from "../../engine/binding/load.ts";
import {
  ABI_VERSION,
  LOAD_BAD_MAGIC,
  LOAD_TOO_LARGE,
  MAX_BUNDLE_BYTES,
  MAX_INPUT_BYTES,
  MAX_STATE_BYTES,
  NONE,
} from "../../engine/constants.ts";

const FOLDER = fileURLToPath(new URL("src/faramesh/generated/", import.meta.url));
const CORE = fileURLToPath(new URL("../../engine/dist/core.wasm", import.meta.url));

/** JSON strings of texts without surrogates are Python literals too. */
const text = (value: string): string => JSON.stringify(value);

function codes(): string[] {
  return [
    "CodeName = Literal[",
    ...CODES.map(({ name }) => `    ${text(name)},`),
    "]",
    "",
    "#: Number, name, effect, what it means, what the caller can do next. Ascending by number.",
    'CODES: "tuple[tuple[int, CodeName, Effect, str, str], ...]" = (',
    ...CODES.map(
      ({ number, name, effect, text: meaning, next }) =>
        `    (${number}, ${text(name)}, ${text(effect)}, ${text(meaning)}, ${text(next)}),`,
    ),
    ")",
  ];
}

function loadRefusals(): string[] {
  const rows: string[] = [];
  for (let status = LOAD_BAD_MAGIC; status <= LOAD_TOO_LARGE; status++) {
    const refusal = loadRefusal(status);
    if (!refusal.ok) rows.push(`    ${status}: (${text(refusal.code)}, ${text(refusal.message)}),`);
  }
  return [
    "#: Why the core refuses a bundle: code and message, by the status of `load`.",
    "LOAD_REFUSALS: dict[int, tuple[str, str]] = {",
    ...rows,
    "}",
  ];
}

function trustRefusals(): string[] {
  return [
    "#: Why a bundle file, its envelope or a trust file is refused: message and help, by code.",
    "TRUST_REFUSALS: dict[str, tuple[str, str]] = {",
    ...Object.entries(TRUST_REFUSALS).map(
      ([code, { message, help }]) => `    ${text(code)}: (${text(message)}, ${text(help)}),`,
    ),
    "}",
  ];
}

const limits = { ABI_VERSION, NONE, LOAD_TOO_LARGE, MAX_INPUT_BYTES, MAX_STATE_BYTES, MAX_BUNDLE_BYTES };
const lines = [
  '"""Written by hosts/python/generate.ts from the tables of the TypeScript binding; not edited."""',
  "",
  "from typing import Literal",
  "",
  ...Object.entries(limits).map(([name, value]) => `${name} = ${value}`),
  "",
  'Effect = Literal["permit", "deny", "defer"]',
  "",
  ...codes(),
  "",
  ...loadRefusals(),
  "",
  ...trustRefusals(),
];

mkdirSync(FOLDER, { recursive: true });
writeFileSync(`${FOLDER}__init__.py`, '"""What the build makes: the core and its tables."""\n');
writeFileSync(`${FOLDER}tables.py`, `${lines.join("\n")}\n`);
copyFileSync(CORE, `${FOLDER}core.wasm`);
