import { compile } from "../bundles/compile/compile.ts";
import { decodeContainer } from "../bundles/container.ts";
import { decode } from "../bundles/format/decode.ts";
import type { Ir } from "../bundles/format/ir.ts";
import { type Loaded, load } from "../bundles/load.ts";
import { parseTrustFile, type TrustFile } from "../bundles/trust/index.ts";
import { check } from "../fpl-grammar/index.ts";
import type { Diagnostic, Program } from "../fpl-grammar/program.ts";
import { type Core, openCore } from "./core.ts";
import { misuse, refused } from "./errors.ts";
import { resolveImports } from "./imports.ts";
import { readBytes } from "./io.ts";
import { countFindings, type Finding, findingText, sortFindings } from "./report/diagnostics.ts";
import { displayName, isFolder, readSources, type Sources } from "./sources.ts";
import { styleFor } from "./style.ts";

/** Sources after every stage of the compiler. `bundle` and `ir` are null when there is any error. */
export interface Compiled {
  sources: Sources;
  findings: Finding[];
  program: Program | null;
  bundle: Uint8Array | null;
  ir: Ir | null;
}

/** Reads, checks and compiles a policy. `trust` is for imports whose lock names a signer. Throws CommandError when it cannot be read. */
export function compilePath(path: string, trust: TrustFile | null): Compiled {
  const given = readSources(path);
  const { sources, imports, findings } = resolveImports(given, trust);
  const toFinding = (diagnostic: Diagnostic): Finding => {
    const { file } = diagnostic.span;
    const source =
      sources.files.find(({ name }) => name === file) ?? imports.find((one) => one.file.name === file)?.file;
    return { diagnostic, file: displayName(sources, file), source: source ?? null };
  };
  const checked = check(sources.files, imports, { environment: environment() });
  findings.push(...checked.diagnostics.map(toFinding).filter((one) => !isExplained(one, findings)));
  if (checked.program === null || findings.some(({ diagnostic }) => diagnostic.severity === "error")) {
    return { sources, findings: sortFindings(findings), program: null, bundle: null, ir: null };
  }
  const compiled = compile(checked.program);
  findings.push(...compiled.diagnostics.map(toFinding));
  return {
    sources,
    findings: sortFindings(findings),
    program: checked.program,
    bundle: compiled.bundle,
    ir: compiled.ir,
  };
}

/** For `env("NAME")` in settings. */
function environment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** Whether an import that is "not available" was refused here, with the reason, already. */
function isExplained({ diagnostic }: Finding, findings: readonly Finding[]): boolean {
  if (diagnostic.code !== "F603") return false;
  const { file, offset } = diagnostic.span;
  return findings.some(({ diagnostic: { span } }) => span.file === file && span.offset === offset);
}

/** As `compilePath`, but throws CommandError, with the findings printed to standard error, when there is any error. */
export function compileOrFail(
  path: string,
  trust: TrustFile | null,
): Compiled & { bundle: Uint8Array; ir: Ir; program: Program } {
  const compiled = compilePath(path, trust);
  const { bundle, ir, program, findings } = compiled;
  if (bundle !== null && ir !== null && program !== null) return { ...compiled, bundle, ir, program };
  const errors = findings.filter(({ diagnostic }) => diagnostic.severity === "error");
  const style = styleFor(process.stderr);
  process.stderr.write(errors.map((finding) => `${findingText(finding, style)}\n`).join(""));
  throw refused(
    path,
    `the policy does not compile: ${countFindings(errors)}`,
    "`faramesh check` shows warnings too",
  );
}

/** A trust file, or null when none is named. Throws CommandError when it is refused. */
export function readTrust(path: string | null): TrustFile | null {
  if (path === null) return null;
  const parsed = parseTrustFile(readBytes(path));
  if (!parsed.ok) throw refused(path, parsed.message, parsed.help);
  return parsed.trust;
}

/** A policy ready to decide. */
export interface Opened {
  core: Core;
  bundle: Uint8Array;
  ir: Ir;
  /** How a rule's file is shown. */
  display: (name: string) => string;
  /** Sources when the policy was compiled here; their text serves reports. */
  sources: Sources | null;
  signed: boolean;
  /** Names of the keys that signed. */
  keys: string[];
}

/**
 * The name alone says what a policy is, never its content: otherwise whoever exchanges a bundle for a source text would be
 * rid of its signatures. Throws CommandError for any other name.
 */
function isBundle(path: string): boolean {
  if (path.endsWith(".fplb")) return true;
  if (path.endsWith(".fpl") || isFolder(path)) return false;
  throw misuse(
    `\`${path}\` is neither a bundle, nor a policy file, nor a folder`,
    "name a file that ends in `.fplb` or `.fpl`, or a folder",
  );
}

/**
 * Opens a bundle or sources for deciding. A bundle must be verified against `trust` unless `insecure`; sources are
 * compiled in memory and count as unsigned. Throws CommandError when anything is refused.
 */
export async function openPolicy(
  path: string,
  options: { trust: string | null; insecure: boolean },
): Promise<Opened> {
  if (path === "-")
    throw misuse("the policy cannot come from standard input here", "the calls do: name a file or folder");
  if (options.trust !== null && options.insecure) {
    throw misuse("`--trust` and `--insecure` exclude each other", "keep `--trust`");
  }
  const trust = readTrust(options.trust);
  if (!isBundle(path)) {
    const compiled = compileOrFail(path, trust);
    const core = await loadCore(path, compiled.bundle, false);
    const display = (name: string) => displayName(compiled.sources, name);
    const { bundle, ir, sources } = compiled;
    return { core, bundle, ir, display, sources, signed: false, keys: [] };
  }
  const loaded = loadBundle(path, trust, options.insecure);
  const core = await loadCore(path, loaded.bundle, loaded.signed);
  return {
    core,
    bundle: loaded.bundle,
    ir: decodeOrFail(path, loaded.bundle),
    display: (name) => name,
    sources: null,
    signed: loaded.signed,
    keys: loaded.keys,
  };
}

function loadBundle(path: string, trust: TrustFile | null, insecure: boolean): Loaded {
  if (trust === null && !insecure) {
    throw misuse(
      `a bundle is used only with its signatures verified: \`--trust\` is missing`,
      "name the trust file with `--trust FILE`; for experiments, `--insecure` uses the bundle unverified",
    );
  }
  const file = readBytes(path);
  const result =
    trust === null ? load(file, { insecure: true }) : load(file, { trust, nowMs: Date.now(), highest: null });
  if (!result.ok) throw refused(path, `${result.message} (${result.code})`, result.help);
  return result;
}

/** A policy's bundle, compiled here or out of a file whose signatures are not looked at: for what is found by its digest. */
export function loadBundleBytes(path: string): Uint8Array {
  return isBundle(path) ? readContainer(path).bundle : compileOrFail(path, null).bundle;
}

/** A policy to try out, never to enforce: nothing of a bundle is verified. */
export async function openUnverified(path: string): Promise<Opened> {
  return openPolicy(path, { trust: null, insecure: isBundle(path) });
}

export async function loadCore(path: string, bundle: Uint8Array, signed: boolean): Promise<Core> {
  const core = await openCore();
  const result = core.load(bundle, { signed });
  if (!result.ok)
    throw refused(
      path,
      `the core refuses the bundle: ${result.message} (${result.code})`,
      "build it again with this release",
    );
  return core;
}

/** The bundle's tables. Throws CommandError for bytes that are not a bundle. */
export function decodeOrFail(path: string, bundle: Uint8Array): Ir {
  try {
    return decode(bundle);
  } catch (error) {
    throw refused(
      path,
      `the bundle is malformed: ${error instanceof Error ? error.message : String(error)}`,
      "build it again",
    );
  }
}

/** The two parts of a bundle file. Throws CommandError when it is not one. */
export function readContainer(path: string): { bundle: Uint8Array; envelope: Uint8Array | null } {
  const container = decodeContainer(readBytes(path));
  if (!container.ok) throw refused(path, container.message, container.help);
  return container;
}
