/** Scopes of a grant to a bundle: the compiler's part of granting, which nothing that decides imports. */
import { compile } from "../../bundles/compile/compile.ts";
import type { Ceiling } from "../../control/delegation/index.ts";
import { check } from "../../fpl-grammar/index.ts";
import type { AgentPolicy, Diagnostic, Program } from "../../fpl-grammar/program.ts";

export interface GrantScope {
  readonly from: string;
  readonly to: string;
  /** `PATTERN[:CONDITION]`. */
  readonly scope: readonly string[];
  readonly ceiling: Ceiling;
}

export type ScopeResult =
  | { readonly ok: true; readonly bundle: Uint8Array }
  /** `message` is one line. */
  | { readonly ok: false; readonly message: string; readonly help: string };

const SOURCE_NAME = "scope.fpl";
/** The agent that serves every agent: a scope is asked of whoever acts on the grant. */
const EVERYBODY = "default";

/** What a scope is judged on: the action, its agent and the time. The rest is known to the policy, not to a token. */
const KNOWN_ROOTS: readonly string[] = ["args", "tool", "agent", "http", "facet", "time"];

/** JSON's strings are FPL's but for control characters, which the caller refuses. */
function sourceText({ from, to, scope, ceiling }: GrantScope): string {
  const scopes = scope.map((item) => JSON.stringify(item)).join(", ");
  const block = `  delegate ${JSON.stringify(to)} {\n    scope = [${scopes}]\n    ceiling = ${ceiling}\n  }\n`;
  return `agent ${JSON.stringify(from)} {\n${block}}\n\nagent ${JSON.stringify(to)} {}\n`;
}

/** The first root of a condition that a token's scope cannot ask of, or null. */
function unknownRoot(node: unknown): string | null {
  if (typeof node !== "object" || node === null) return null;
  if (Array.isArray(node)) return firstOf(node);
  const { kind, root, name, of } = node as { kind?: unknown; root?: string; name?: string; of?: unknown };
  if (kind === "field" && root !== undefined && !KNOWN_ROOTS.includes(root)) return root;
  if (kind === "computed") return String(name);
  if (kind === "length") return unknownRoot(of);
  return firstOf(Object.values(node));
}

function firstOf(nodes: readonly unknown[]): string | null {
  for (const node of nodes) {
    const found = unknownRoot(node);
    if (found !== null) return found;
  }
  return null;
}

/** The grantor's own rules become those of its delegate's scope alone. */
function scopeProgram(program: Program, grantor: AgentPolicy): Program {
  const only: AgentPolicy = {
    ...grantor,
    name: EVERYBODY,
    default: "deny",
    rules: grantor.delegates[0]!.rules,
    delegates: [],
  };
  return { ...program, agents: [only] };
}

function refusedBy(diagnostics: readonly Diagnostic[]): ScopeResult {
  const error = diagnostics.find(({ severity }) => severity === "error")!;
  return {
    ok: false,
    message: `${error.message} (${error.code})`,
    help: error.help ?? "a scope is `PATTERN` or `PATTERN:CONDITION`, such as `orders/*:amount <= 100`",
  };
}

/** Compiles scopes: by default denied, one rule for each scope, of the ceiling's effect. The same scopes give the same bytes. */
export function compileScope(scope: GrantScope): ScopeResult {
  const checked = check([{ name: SOURCE_NAME, text: sourceText(scope) }]);
  if (checked.program === null) return refusedBy(checked.diagnostics);
  const grantor = checked.program.agents.find(({ name }) => name === scope.from)!;
  const program = scopeProgram(checked.program, grantor);
  const root = unknownRoot(program.agents[0]!.rules.map(({ condition }) => condition));
  if (root !== null) {
    return {
      ok: false,
      message: `a scope of a grant cannot ask of \`${root}\``,
      help: "it asks of arguments, tool, http, agent and time; write the rest into the policy's own `delegate` block or rules",
    };
  }
  const { bundle, diagnostics } = compile(program);
  return bundle === null ? refusedBy(diagnostics) : { ok: true, bundle };
}
