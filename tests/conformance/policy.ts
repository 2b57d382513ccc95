/** From policy text to what implementations load. */
import { createHash } from "node:crypto";
import { compile } from "../../bundles/compile/compile.ts";
import type { Ir } from "../../bundles/format/ir.ts";
import { check, type Diagnostic, type Program } from "../../fpl-grammar/index.ts";
import type { ImportedText } from "../vectors/vectors.ts";

export interface Compiled {
  program: Program;
  bundle: Uint8Array;
  ir: Ir;
  /** SHA-256 of the bundle. */
  digest: Uint8Array;
}

export const POLICY_FILE = "policy.fpl";

/** The policy through the whole front end, or the errors that refuse it. */
export function compilePolicy(
  text: string,
  imports: readonly ImportedText[] = [],
): Compiled | { errors: Diagnostic[] } {
  const sources = imports.map(({ path, version, text }) => ({
    path,
    version,
    file: { name: `${path}.fpl`, text },
  }));
  const checked = check([{ name: POLICY_FILE, text }], sources);
  if (checked.program === null) return { errors: checked.diagnostics };
  const { bundle, ir, diagnostics } = compile(checked.program);
  if (bundle === null || ir === null) return { errors: diagnostics };
  return { program: checked.program, bundle, ir, digest: digestOf(bundle) };
}

/** The same for a policy that must compile. */
export function compiled(text: string, imports: readonly ImportedText[] = []): Compiled {
  const result = compilePolicy(text, imports);
  if (!("errors" in result)) return result;
  const errors = result.errors.filter(({ severity }) => severity === "error");
  const lines = errors.map(({ code, message, span }) => `${span.line}:${span.column} ${code} ${message}`);
  throw new Error(`the policy does not compile:\n${lines.join("\n")}\n${text}`);
}

export const digestOf = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHash("sha256").update(bytes).digest());
