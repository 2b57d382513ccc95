/** The form of each kind of line, closed: what README.md says, as code. For any runtime. */
import type { Line } from "./lines.ts";

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string";
const isWhole: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isDigest: Check = (value) => /^[0-9a-f]{64}$/.test(String(value));
const isCode: Check = (value) => /^[a-z0-9_]+$/.test(String(value));
const isList =
  (of: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(of);
const isNullOr =
  (of: Check): Check =>
  (value) =>
    value === null || of(value);
const isPiece: Check = (value) =>
  Array.isArray(value) && value.length === 2 && isText(value[0]) && isWhole(value[1]);
const isFolded: Check = (value) => isText(value) || isList(isPiece)(value);
const isHighest: Check = (value) => {
  const { sequence, digest, ...rest } = Object(value) as Record<string, unknown>;
  return Object.keys(rest).length === 0 && isWhole(sequence) && isDigest(digest);
};

interface Form {
  readonly needed: Readonly<Record<string, Check>>;
  readonly optional: Readonly<Record<string, Check>>;
  /** Exactly one of these is there. */
  readonly oneOf?: readonly string[];
}

const OPENING = {
  bundle: isText,
  trust: isNullOr(isText),
  now: isWhole,
  highest: isNullOr(isHighest),
  expect: isCode,
};
const PLAIN: Form = {
  needed: { code: isCode },
  optional: {
    text: isFolded,
    bytes: isText,
    facts: isFolded,
    factsBytes: isText,
    state: isList(isNullOr(isText)),
  },
  oneOf: ["text", "bytes"],
};
const RECORDED: Form = {
  ...PLAIN,
  needed: { ...PLAIN.needed, hash: (value) => /^[0-9a-f]{16}$/.test(String(value)) },
};

export const FORMS: Readonly<Record<Line["kind"], Form>> = {
  header: {
    needed: {
      corpus: (value) => value === 2,
      core: isDigest,
      decisions: isWhole,
      refusals: isWhole,
      result: isDigest,
    },
    optional: {},
  },
  trust: { needed: { id: isText, file: isText }, optional: {} },
  bundle: { needed: { id: isText, bytes: isText }, optional: {} },
  open: { needed: OPENING, optional: { coreCode: isCode, sequence: isWhole } },
  load: { needed: OPENING, optional: { coreCode: isCode } },
  decide: RECORDED,
  event: RECORDED,
  plain: PLAIN,
};

/** Reads a line of JSON. Throws Error, which names the fault, for what is no line of the corpus. */
export function lineOf(json: string): Line {
  const { kind, title, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const form = (FORMS as Readonly<Record<string, Form | undefined>>)[String(kind)];
  if (form === undefined) throw new Error(`\`${kind}\` is no kind of line`);
  if (title !== undefined && !isText(title)) throw new Error("`title` must be a text");
  for (const [name, check] of Object.entries(form.needed)) {
    if (!check(fields[name])) throw new Error(`\`${name}\` of \`${kind}\` is missing or malformed`);
  }
  for (const [name, value] of Object.entries(fields)) {
    const check = form.needed[name] ?? form.optional[name];
    if (check === undefined) throw new Error(`\`${kind}\` has no field \`${name}\``);
    if (!check(value)) throw new Error(`\`${name}\` of \`${kind}\` is malformed`);
  }
  const given = form.oneOf?.filter((name) => fields[name] !== undefined).length ?? 1;
  if (given !== 1 || (fields.facts !== undefined && fields.factsBytes !== undefined))
    throw new Error(`\`${kind}\` gives one text twice, or none`);
  return JSON.parse(json) as Line;
}
