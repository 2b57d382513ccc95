import { existsSync } from "node:fs";
import { join } from "node:path";
import { sha256Hex, type TrustFile } from "../bundles/trust/index.ts";
import { type ImportedSource, parse } from "../fpl-grammar/index.ts";
import type { Diagnostic, SourceFile, Span } from "../fpl-grammar/program.ts";
import { refused } from "./errors.ts";
import { readBytes, readText } from "./io.ts";
import type { Finding } from "./report/diagnostics.ts";
import { verifySource } from "./signing.ts";
import { displayName, type Sources } from "./sources.ts";

export const LOCK_NAME = "fpl.lock";
const MAX_IMPORT_BYTES = 16 * 1024 * 1024;

/** One pinned import of `fpl.lock`. */
export interface Locked {
  path: string;
  version: string;
  /** Relative to the lock file's folder, with `/`, below it. */
  file: string;
  /** Hex. */
  sha256: string;
  /** Name of the trusted key whose signature `FILE.sig` must hold, or null. */
  signer: string | null;
}

/** An import as a policy declares it. */
export interface Declared {
  path: string;
  version: string;
  span: Span;
  /** Where it is declared. */
  source: SourceFile;
}

/** Diagnostics of this folder, beside those of the language and of the compiler. */
export const LOCK_DIAGNOSTICS = {
  F801: "an import is not pinned in `fpl.lock`",
  F802: "an imported file is missing or is not the one that `fpl.lock` pins",
  F803: "the signature of an imported file is missing or does not verify",
  F804: "a library imports a file of the policy, whose own rules would no longer apply",
} as const;

/** As the language has it: a version that the checks refuse is not looked for. */
const EXACT_VERSION = /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/;
const FILE_NAME = /^[A-Za-z0-9._@+-]+(\/[A-Za-z0-9._@+-]+)*$/;

function isInside(file: string): boolean {
  return FILE_NAME.test(file) && !file.split("/").some((part) => part === "." || part === "..");
}

/** Where an import may stand, the first that exists counts. Null when there is none. */
export function findImport(folder: string, path: string, version: string): string | null {
  if (!isInside(path)) return null;
  const candidates = [`${path}@${version}.fpl`, `${path}.fpl`, `${path}/policy.fpl`];
  return candidates.find((candidate) => existsSync(join(folder, candidate))) ?? null;
}

/**
 * Goes through the imports that a policy's files declare, and those of the imported documents, each path and version once. `load`
 * gives the document of an import, or null. Imports without an exact version are left to the checks.
 */
export function walkImports(
  files: readonly SourceFile[],
  load: (declared: Declared) => SourceFile | null,
): void {
  const seen = new Set<string>();
  const queue = [...files];
  for (const source of queue) {
    for (const declared of importsOf(source)) {
      const key = keyOf(declared);
      if (seen.has(key)) continue;
      seen.add(key);
      const loaded = load(declared);
      if (loaded !== null) queue.push(loaded);
    }
  }
}

function importsOf(source: SourceFile): Declared[] {
  if (!source.text.includes("import")) return [];
  return (parse(source).document?.body ?? []).flatMap((statement) => {
    if (statement.kind !== "import" || !EXACT_VERSION.test(statement.version)) return [];
    const { path, version, target } = statement;
    return [{ path, version, span: target.span, source }];
  });
}

function keyOf({ path, version }: Pick<Declared, "path" | "version">): string {
  return `${path}@${version}`;
}

/** The entries of `fpl.lock` in a folder; null when there is no such file. Throws CommandError for a malformed one. */
export function readLock(folder: string): Locked[] | null {
  const path = join(folder, LOCK_NAME);
  if (!existsSync(path)) return null;
  const help = "write it again with `faramesh lock`";
  let value: unknown;
  try {
    value = JSON.parse(readText(path, MAX_IMPORT_BYTES));
  } catch (error) {
    throw refused(
      path,
      `it is not a lock file: ${error instanceof Error ? error.message : "not JSON"}`,
      help,
    );
  }
  const file = value as { version?: unknown; imports?: unknown } | null;
  if (file === null || typeof file !== "object" || file.version !== 1 || !Array.isArray(file.imports)) {
    throw refused(path, "it is not a lock file of version 1", help);
  }
  return file.imports.map((entry, index) => {
    if (isLocked(entry)) return entry;
    throw refused(path, `entry ${index + 1} is malformed`, help);
  });
}

function isLocked(value: unknown): value is Locked {
  const entry = value as Partial<Locked> | null;
  return (
    entry !== null &&
    typeof entry === "object" &&
    Object.keys(entry).sort().join() === "file,path,sha256,signer,version" &&
    typeof entry.path === "string" &&
    typeof entry.version === "string" &&
    typeof entry.file === "string" &&
    isInside(entry.file) &&
    typeof entry.sha256 === "string" &&
    /^[0-9a-f]{64}$/.test(entry.sha256) &&
    (entry.signer === null || typeof entry.signer === "string")
  );
}

export function printLock(imports: Locked[]): string {
  const ordered = [...imports].sort((left, right) =>
    `${left.path}@${left.version}` < `${right.path}@${right.version}` ? -1 : 1,
  );
  const entries = ordered.map(({ file, path, sha256, signer, version }) => ({
    path,
    version,
    file,
    sha256,
    signer,
  }));
  return `${JSON.stringify({ version: 1, imports: entries }, null, 2)}\n`;
}

function finding(
  sources: Sources,
  declared: Declared,
  code: keyof typeof LOCK_DIAGNOSTICS,
  message: string,
  help: string,
): Finding {
  const diagnostic: Diagnostic = { severity: "error", code, message, help, span: declared.span };
  return { diagnostic, file: displayName(sources, declared.span.file), source: declared.source };
}

/**
 * The documents that a policy imports, each exactly as `fpl.lock` pins it, and the policy's own files without them. An import that
 * is not pinned, altered, or not signed by the signer that the lock names is a finding of severity error.
 */
export function resolveImports(
  given: Sources,
  trust: TrustFile | null,
): { sources: Sources; imports: ImportedSource[]; findings: Finding[] } {
  const imports: ImportedSource[] = [];
  const findings: Finding[] = [];
  const targets = new Map<string, { file: string; declared: Declared }>();
  let locks: Locked[] | null = null;
  walkImports(given.files, (declared) => {
    const { path, version } = declared;
    locks ??= readLock(given.folder) ?? [];
    const lock = locks.find((one) => one.path === path && one.version === version);
    const file = lock?.file ?? findImport(given.folder, path, version);
    if (file !== null) targets.set(keyOf(declared), { file, declared });
    const loaded = lock === undefined ? notLocked(given, declared) : loadLocked(given, declared, lock, trust);
    if ("diagnostic" in loaded) {
      findings.push(loaded);
      return null;
    }
    imports.push(loaded);
    return loaded.file;
  });
  const imported = new Set([...targets.values()].map(({ file }) => file));
  const own = given.files.filter(({ name }) => !imported.has(name));
  if (own.length === 0)
    throw refused(
      given.path,
      "every file of the policy is imported, so none of it applies",
      "leave away the import of the policy itself",
    );
  const chosen = new Set(own.flatMap(importsOf).map((declared) => targets.get(keyOf(declared))?.file));
  const files = given.files.filter(({ name }) => !chosen.has(name));
  for (const { name } of files) {
    const target = [...targets.values()].find(({ file }) => file === name);
    if (target !== undefined) findings.push(notChosen(given, target.declared, name));
  }
  return { sources: { ...given, files }, imports, findings };
}

/** What an import takes out of a policy is for the policy's own files to say, not for what they import. */
function notChosen(sources: Sources, declared: Declared, name: string): Finding {
  const message = `this import takes \`${displayName(sources, name)}\` out of the policy, and no file that stays in it imports that`;
  const help = `import \`${keyOf(declared)}\` in the policy's own file too, or keep the library's files out of the policy's folder`;
  return finding(sources, declared, "F804", message, help);
}

function notLocked(sources: Sources, declared: Declared): Finding {
  const message = `the import \`${declared.path}@${declared.version}\` is not pinned in \`${LOCK_NAME}\``;
  const help = `look at what it imports, then run \`faramesh lock ${sources.path}\``;
  return finding(sources, declared, "F801", message, help);
}

function loadLocked(
  sources: Sources,
  declared: Declared,
  lock: Locked,
  trust: TrustFile | null,
): ImportedSource | Finding {
  const path = join(sources.folder, lock.file);
  if (!existsSync(path)) {
    return finding(
      sources,
      declared,
      "F802",
      `the imported file \`${path}\` is missing`,
      "restore it, or run `faramesh lock` again",
    );
  }
  const bytes = readBytes(path, MAX_IMPORT_BYTES);
  if (sha256Hex(bytes) !== lock.sha256) {
    const message = `the imported file \`${path}\` is not the one that \`${LOCK_NAME}\` pins`;
    return finding(
      sources,
      declared,
      "F802",
      message,
      "restore it, or look at the change and run `faramesh lock` again",
    );
  }
  const refusal = lock.signer === null ? null : signatureRefusal(path, bytes, lock.signer, trust);
  if (refusal !== null) return finding(sources, declared, "F803", refusal.message, refusal.help);
  return {
    path: declared.path,
    version: declared.version,
    file: { name: lock.file, text: readText(path, MAX_IMPORT_BYTES) },
  };
}

function signatureRefusal(
  path: string,
  bytes: Uint8Array,
  signer: string,
  trust: TrustFile | null,
): { message: string; help: string } | null {
  if (trust === null) {
    return {
      message: `the imported file \`${path}\` must be signed by \`${signer}\`, and there is no trust file`,
      help: "name it with `--trust FILE`",
    };
  }
  const signature = `${path}.sig`;
  if (!existsSync(signature)) {
    return {
      message: `the signature \`${signature}\` is missing`,
      help: `it must be by \`${signer}\`: \`faramesh sign\` writes it`,
    };
  }
  const verified = verifySource(bytes, readBytes(signature), trust);
  if (!verified.ok)
    return { message: `the signature \`${signature}\` is refused: ${verified.message}`, help: verified.help };
  if (verified.keys.includes(signer)) return null;
  return {
    message: `\`${signature}\` is not signed by \`${signer}\``,
    help: "see who signed it before you run `faramesh lock` again",
  };
}
