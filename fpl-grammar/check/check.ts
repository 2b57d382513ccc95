/** The spine of the checks: parsed documents to the checked program. */

import type { Document, Import } from "../ast.ts";
import { compareDiagnostics, hasErrors, report } from "../diagnostics.ts";
import { parse } from "../parse.ts";
import type { Diagnostic, Program, Rule, SourceFile, ToolSchema } from "../program.ts";
import { agentPolicy } from "./agents.ts";
import { collect } from "./collect.ts";
import { checkCharacters } from "./delegates.ts";
import { deploymentBlock } from "./deployment.ts";
import { type ImportedSource, Imports } from "./imports.ts";
import { checkUndeclared, invocationsOf, rulesOfInvocations } from "./manifest.ts";
import { PatternIndex } from "./pattern-index.ts";
import { checkReachability, type ReachabilityWork } from "./reachability.ts";
import type { Findings } from "./scope.ts";
import type { Environment } from "./settings.ts";
import type { Surroundings } from "./surroundings.ts";
import { systemPolicy } from "./system.ts";
import { toolSchemas } from "./tools.ts";
import { Work } from "./work.ts";

export interface CheckOptions {
  /** Values for `env("NAME")`. */
  environment?: Environment;
}

/** Checks files that are compiled together. The program is null if there is any error. */
export function check(
  sources: readonly SourceFile[],
  imported: readonly ImportedSource[] = [],
  options: CheckOptions = {},
): { program: Program | null; diagnostics: Diagnostic[] } {
  const files = [...sources].sort((left, right) =>
    left.name < right.name ? -1 : left.name > right.name ? 1 : 0,
  );
  const parsed = files.map((file) => parse(file));
  const findings: Findings = {
    diagnostics: parsed.flatMap(({ diagnostics }) => diagnostics),
    unenforced: [],
  };
  const documents = parsed.map(({ document }) => document);
  // Names that a broken document would have declared are unknown: the checks would only repeat its errors.
  if (documents.includes(null))
    return { program: null, diagnostics: findings.diagnostics.sort(compareDiagnostics) };
  const program = programOf(files, documents as Document[], imported, options, findings);
  const diagnostics = distinct(findings.diagnostics.sort(compareDiagnostics));
  return { program: hasErrors(diagnostics) ? null : program, diagnostics };
}

function programOf(
  files: readonly SourceFile[],
  documents: readonly Document[],
  imported: readonly ImportedSource[],
  { environment = {} }: CheckOptions,
  findings: Findings,
): Program {
  const collected = collect(documents, findings);
  const imports = new Imports(imported, findings);
  for (const { file, body } of documents) {
    imports.declare(
      file,
      body.filter((statement): statement is Import => statement.kind === "import"),
    );
  }
  const tools = toolSchemas(collected.tools, environment, findings);
  const schemaWork = new Work();
  const schemas = new PatternIndex<ToolSchema>(schemaWork);
  for (const tool of tools) schemas.entry(tool.pattern, () => tool);
  const surroundings: Surroundings = {
    findings,
    environment,
    imports,
    schemas,
    agents: new Set(collected.agents.map(({ name }) => name)),
    providers: new Set(
      collected.deployment.filter(({ name }) => name === "provider").map(({ label }) => label!.text),
    ),
  };
  for (const { block } of collected.agents) if (block !== null) checkCharacters(block.label!, findings);
  const system = systemPolicy(collected.system, surroundings);
  const invocations = invocationsOf(collected.manifests, surroundings);
  const agents = collected.agents.map((source) => ({
    ...agentPolicy(source, surroundings),
    invocations: invocations.get(source.name) ?? null,
  }));
  const deployment = collected.deployment.map((block) => deploymentBlock(block, null, surroundings));
  for (const { name, block } of collected.agents) {
    for (const inner of block?.body ?? []) {
      if (inner.kind !== "block" || inner.name !== "enforcement") continue;
      deployment.push(deploymentBlock(inner, name, surroundings));
    }
  }
  imports.finish();
  const program: Program = {
    files: [...files, ...imports.files()].sort((left, right) => (left.name < right.name ? -1 : 1)),
    system,
    tools,
    agents,
    deployment,
    unenforced: findings.unenforced,
  };
  if (agents.length === 0) warnOfNothing(files, findings);
  noteEnd(schemaWork, "checks of arguments against `tool` blocks", findings);
  checkRules(program, findings);
  return program;
}

/** Rules of the system alone never permit. */
function warnOfNothing([first]: readonly SourceFile[], { diagnostics }: Findings): void {
  if (first === undefined || hasErrors(diagnostics)) return;
  const span = { file: first.name, line: 1, column: 1, offset: 0, length: 0 };
  diagnostics.push(report("F412", span));
}

/** Dead and shadowed rules, scope by scope in the order of a decision. */
function checkRules({ system, agents }: Program, findings: Findings): void {
  const work: ReachabilityWork = { hiding: new Work(), overlaps: new Work() };
  const isAlways = ({ effect }: Rule) => effect === "deny!";
  const systemAlways = system.rules.filter(isAlways);
  checkReachability([], system.rules, systemAlways, work, findings);
  for (const { name, rules, phases, invocations } of agents) {
    const always = [...systemAlways, ...[...rulesOfInvocations(invocations), ...rules].filter(isAlways)];
    checkUndeclared(name, invocations, [...rules, ...phases.flatMap((phase) => phase.rules)], findings);
    checkReachability(system.rules, rules, always, work, findings);
    for (const phase of phases) {
      const before = [...system.rules, ...rules];
      const alwaysHere = [...always, ...phase.rules.filter(isAlways)];
      checkReachability(before, phase.rules, alwaysHere, work, findings);
    }
  }
  noteEnd(work.hiding, "findings of rules that can never apply", findings);
  noteEnd(work.overlaps, "notes on overlaps with `deny!`", findings);
}

function noteEnd({ stoppedAt }: Work, what: string, findings: Findings): void {
  if (stoppedAt !== null) findings.diagnostics.push(report("F409", stoppedAt, { what }));
}

/** An included rule is checked once per place; what is found twice is reported once. */
function distinct(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Set<string>();
  return diagnostics.filter(({ code, message, span }) => {
    const key = `${code} ${span.file} ${span.offset} ${message}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
