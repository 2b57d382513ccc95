/**
 * What is signed: an in-toto Statement v1 about one bundle or one policy source, as canonical JSON (RFC 8785).
 *
 *   {"_type":"https://in-toto.io/Statement/v1",
 *    "predicate":{"abi":2,"compiler":{"name":"faramesh","version":"0.1.0"},"critical":["abi","sequence"],
 *                 "sequence":7,"sources":[{"name":"policy.fpl","sha256":"<hex>"}]},
 *    "predicateType":"https://faramesh.dev/policy-bundle/v1",
 *    "subject":[{"digest":{"sha256":"<hex>"},"name":"bundle"}]}
 *
 * For a policy source that others import, `policy-source` and `source` stand in place of `policy-bundle` and `bundle`.
 *
 * Every object is closed. `critical` names the predicate's fields that a verifier must understand; a name it does not
 * know is refused before anything else of the predicate is read. A field that is not critical and not known is refused
 * too, under its own code: a later release may choose to let those pass, this one does not.
 */
import { ABI_VERSION } from "../../engine/constants.ts";
import { utf8 } from "./bytes.ts";
import { quote, refuse } from "./errors.ts";
import { type DocumentCodes, Fields, type Json, parseCanonical, printCanonical } from "./json.ts";

export const STATEMENT_TYPE = "https://in-toto.io/Statement/v1";
/** What a statement can be about. The two never stand for each other: each has its own predicate type and subject name. */
export type SubjectKind = "bundle" | "source";
export const PREDICATE_TYPES: Readonly<Record<SubjectKind, string>> = {
  bundle: "https://faramesh.dev/policy-bundle/v1",
  source: "https://faramesh.dev/policy-source/v1",
};
export const PREDICATE_FIELDS: readonly string[] = ["abi", "compiler", "critical", "sequence", "sources"];
/** What a signer marks critical; a verifier also accepts the other known fields there. */
export const CRITICAL_FIELDS: readonly string[] = ["abi", "sequence"];
const MAX_STATEMENT_BYTES = 786_432;
const MAX_NAME_LENGTH = 1_024;

export interface Source {
  /** Path of the source as given to the compiler, relative, with `/`. */
  name: string;
  /** 64 lower-case hexadecimal digits. */
  sha256: string;
}

export interface Statement {
  /** A compiled bundle, or one policy source that others import. */
  kind: SubjectKind;
  /** SHA-256 of the bundle or source, 64 lower-case hexadecimal digits. */
  digest: string;
  abi: number;
  compiler: { name: string; version: string };
  /** Whole number from 0; a policy's bundles count up. */
  sequence: number;
  /** In ascending order of name, each name once. */
  sources: Source[];
}

const CODES: DocumentCodes = { malformed: "statement_malformed", unknownField: "statement_unknown_field" };
const DIGEST = /^[0-9a-f]{64}$/;
const PRINTABLE = /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]+$/;

function object(entries: Record<string, Json>): Json {
  return new Map(Object.entries(entries));
}

/** The one encoding. @throws Refused when a part is not one that a verifier would read back. */
export function encodeStatement(statement: Statement): Uint8Array {
  const sources = [...statement.sources].sort((left, right) => (left.name < right.name ? -1 : 1));
  const predicate = object({
    abi: statement.abi,
    compiler: object({ name: statement.compiler.name, version: statement.compiler.version }),
    critical: [...CRITICAL_FIELDS],
    sequence: statement.sequence,
    sources: sources.map(({ name, sha256 }) => object({ name, sha256 })),
  });
  const subject = [object({ digest: object({ sha256: statement.digest }), name: statement.kind })];
  const whole = object({
    _type: STATEMENT_TYPE,
    predicate,
    predicateType: PREDICATE_TYPES[statement.kind],
    subject,
  });
  const bytes = utf8(printCanonical(whole));
  decodeStatement(bytes);
  return bytes;
}

function readName(fields: Fields, name: string): string {
  const text = fields.string(name);
  if (text.length <= MAX_NAME_LENGTH && PRINTABLE.test(text)) return text;
  return fields.fail(name, `1 to ${MAX_NAME_LENGTH} printable characters`);
}

function readDigest(fields: Fields): string {
  const digest = fields.string("sha256");
  return DIGEST.test(digest) ? digest : fields.fail("sha256", "64 lower-case hexadecimal digits");
}

function readSubject(list: Json[], kind: SubjectKind): string {
  if (list.length !== 1) refuse(CODES.malformed, "`subject` must be a list of one");
  const subject = new Fields(list[0]!, "subject", ["digest", "name"], CODES);
  subject.constant("name", kind);
  return readDigest(new Fields(subject.value("digest"), "digest", ["sha256"], CODES));
}

function readSources(list: Json[]): Source[] {
  const sources = list.map((value): Source => {
    const fields = new Fields(value, "sources", ["name", "sha256"], CODES);
    return { name: readName(fields, "name"), sha256: readDigest(fields) };
  });
  for (const [index, source] of sources.entries()) {
    const before = sources[index - 1];
    if (before !== undefined && before.name >= source.name) {
      refuse(CODES.malformed, `\`sources\` must be in order of name, each once, at ${quote(source.name)}`);
    }
  }
  return sources;
}

function checkCritical(predicate: Json): void {
  const list = predicate instanceof Map ? predicate.get("critical") : undefined;
  if (!Array.isArray(list)) refuse(CODES.malformed, "`critical` in `predicate` must be a list");
  for (const [index, name] of list.entries()) {
    if (typeof name !== "string") refuse(CODES.malformed, "`critical` must hold field names");
    if (!PREDICATE_FIELDS.includes(name)) refuse("critical_unknown", quote(name));
    const before = list[index - 1];
    if (typeof before === "string" && before >= name) {
      refuse(CODES.malformed, "`critical` must be in order, each name once");
    }
  }
}

/** @throws Refused for anything but the one encoding of a statement about a policy bundle. */
export function decodeStatement(bytes: Uint8Array): Statement {
  const value = parseCanonical(bytes, MAX_STATEMENT_BYTES, CODES.malformed);
  const fields = new Fields(value, "statement", ["_type", "predicate", "predicateType", "subject"], CODES);
  const type = fields.string("predicateType");
  const kind = (["bundle", "source"] as const).find((one) => PREDICATE_TYPES[one] === type);
  if (fields.string("_type") !== STATEMENT_TYPE || kind === undefined) refuse("statement_type_wrong");
  checkCritical(fields.value("predicate"));
  const predicate = new Fields(fields.value("predicate"), "predicate", PREDICATE_FIELDS, CODES);
  const compiler = new Fields(predicate.value("compiler"), "compiler", ["name", "version"], CODES);
  return {
    kind,
    digest: readSubject(fields.list("subject"), kind),
    abi: predicate.integer("abi", 0),
    compiler: { name: readName(compiler, "name"), version: readName(compiler, "version") },
    sequence: predicate.integer("sequence", 0),
    sources: readSources(predicate.list("sources")),
  };
}

/**
 * What must hold of a statement whoever signed it.
 * @throws Refused with `statement_type_wrong`, `digest_mismatch` or `abi_mismatch`.
 */
export function checkSubject(statement: Statement, digest: string, kind: SubjectKind): void {
  if (statement.kind !== kind) refuse("statement_type_wrong", `about a ${statement.kind}, not a ${kind}`);
  if (statement.digest !== digest) refuse("digest_mismatch", `signed ${statement.digest}, got ${digest}`);
  if (statement.abi !== ABI_VERSION) refuse("abi_mismatch", `${statement.abi}, this core has ${ABI_VERSION}`);
}
