/** `agent NAME { … }`: everything of one agent that the core enforces, and note of what it does not. */

import type { Block, Statement } from "../ast.ts";
import { tableOf, type ValueType } from "../blocks.ts";
import { place, report } from "../diagnostics.ts";
import { parseArgumentPath } from "../parse/paths.ts";
import type { AgentPolicy, Credential, Phase, Redaction, Selector, Span } from "../program.ts";
import type { AgentSource } from "./collect.ts";
import { twice } from "./collect.ts";
import { programRules } from "./rules.ts";
import type { Findings, Scope } from "./scope.ts";
import {
  booleanSetting,
  integerSetting,
  type ReadSetting,
  readSettings,
  textSetting,
  textsSetting,
} from "./settings.ts";
import { checkStateful } from "./stateful.ts";
import type { Surroundings } from "./surroundings.ts";
import { checkPattern } from "./tools.ts";
import { variablesOf } from "./variables.ts";

/** Blocks of which an agent may have several. */
const REPEATABLE = new Set(["rules", "phase", "budget", "delegate", "selector", "credential"]);

export function agentPolicy(source: AgentSource, surroundings: Surroundings): AgentPolicy {
  const { findings, environment } = surroundings;
  const body = source.block?.body ?? [];
  const blocks = uniqueBlocks(body, findings);
  const settings = readSettings({ body }, typeIn("agent"), environment, findings);
  const scope: Scope = {
    findings,
    variables: variablesOf(body, findings),
    selectors: new Set(namesOf(blocks, "selector")),
    phases: new Set(namesOf(blocks, "phase")),
    place: "this agent",
    stateful: false,
  };
  const only = (name: Block["name"]) => blocks.find((block) => block.name === name) ?? null;
  const listed = (name: Block["name"]) => allowAndDeny(only(name), surroundings);
  const egress = listed("egress");
  if (egress !== null) checkEgress(only("egress")!, findings);
  checkStateful(source.name, body, blocks, scope, surroundings);
  return {
    name: source.name,
    default: (textSetting(settings, "default") ?? "deny") as AgentPolicy["default"],
    rules: agentRules(source, scope, surroundings),
    phases: blocks.filter(({ name }) => name === "phase").map((block) => phaseOf(block, scope, surroundings)),
    selectors: blocks
      .filter(({ name }) => name === "selector")
      .map((block) => selectorOf(block, surroundings)),
    credentials: blocks
      .filter(({ name }) => name === "credential")
      .map((block) => credentialOf(block, surroundings)),
    redactions: body.flatMap((statement) => redactionOf(statement, surroundings)),
    identity: identityOf(only("identity"), surroundings),
    modelPolicy: listed("model_policy"),
    egress,
    alerts: alertsOf(only("alert"), surroundings),
    framework: textSetting(settings, "framework"),
    model: textSetting(settings, "model"),
    version: textSetting(settings, "version"),
    span: source.span,
  };
}

function typeIn(block: Block["name"], insideAgent = true) {
  return (name: string): ValueType | null => {
    const form = tableOf(block, insideAgent).statements.get(name);
    return form?.form === "setting" ? form.type : null;
  };
}

function settingsOf(block: Block, { environment, findings }: Surroundings): Map<string, ReadSetting> {
  return readSettings(block, typeIn(block.name), environment, findings);
}

/** The blocks without second ones of the same name, which are reported. */
function uniqueBlocks(body: readonly Statement[], findings: Findings): Block[] {
  const seen = new Map<string, Block>();
  return body.filter((statement): statement is Block => {
    if (statement.kind !== "block") return false;
    if (statement.name === "rules") return true;
    const label = REPEATABLE.has(statement.name) ? (statement.label?.text ?? "") : "";
    const key = `${statement.name} ${label}`;
    const earlier = seen.get(key);
    if (earlier === undefined) {
      seen.set(key, statement);
      return true;
    }
    twice(
      label === "" ? "block" : statement.name,
      label === "" ? statement.name : label,
      statement,
      earlier,
      findings,
    );
    return false;
  });
}

function namesOf(blocks: readonly Block[], kind: Block["name"]): string[] {
  return blocks.filter(({ name }) => name === kind).map(({ label }) => label!.text);
}

/** Rules of all `rules` blocks and bare rules, in the order of their files and places. */
function agentRules(source: AgentSource, scope: Scope, { imports, schemas }: Surroundings) {
  const own = (source.block?.body ?? []).filter(
    (statement) => statement.kind === "block" && statement.name === "rules",
  );
  const groups: { statements: readonly Statement[]; span: Span }[] = [
    ...own.map((block) => ({ statements: (block as Block).body, span: block.span })),
    ...source.bareRules.map((rule) => ({ statements: [rule], span: rule.span })),
  ];
  groups.sort(({ span: left }, { span: right }) =>
    left.file === right.file ? left.offset - right.offset : left.file < right.file ? -1 : 1,
  );
  return programRules(
    groups.flatMap(({ statements }) => imports.place(statements)),
    scope,
    schemas,
  );
}

function phaseOf(block: Block, scope: Scope, { imports, schemas, findings }: Surroundings): Phase {
  const statements = block.body.flatMap((statement) =>
    statement.kind === "block" && statement.name === "rules" ? statement.body : [statement],
  );
  return {
    name: block.label!.text,
    tools: patternsIn(block, "tools", findings),
    rules: programRules(imports.place(statements), scope, schemas),
    span: block.span,
  };
}

/** `tools P …` or `scope P …`, at most once. */
export function patternsIn(block: Block, name: string, findings: Findings): string[] {
  const found = block.body.filter(
    (statement) => statement.kind === "patterns" && statement.name.text === name,
  );
  const [first, second] = found;
  if (second !== undefined) {
    findings.diagnostics.push(report("F302", second.span, { name, place: place(first!.span) }));
  }
  if (first?.kind !== "patterns") return [];
  return first.patterns
    .filter(({ text, span }) => checkPattern(text, span, findings))
    .map(({ text }) => text);
}

function selectorOf(block: Block, surroundings: Surroundings): Selector {
  const settings = settingsOf(block, surroundings);
  const effect = (name: string) => (textSetting(settings, name) ?? "deny") as "deny" | "defer";
  return {
    name: block.label!.text,
    source: textSetting(settings, "source"),
    cacheMs: integerSetting(settings, "cache"),
    onUnavailable: effect("on_unavailable"),
    onTimeout: effect("on_timeout"),
    span: block.span,
  };
}

function credentialOf(block: Block, surroundings: Surroundings): Credential {
  const { findings, providers } = surroundings;
  const settings = settingsOf(block, surroundings);
  const scope = patternsIn(block, "scope", findings);
  const name = block.label!.text;
  if (!block.body.some((statement) => statement.kind === "patterns")) {
    findings.diagnostics.push(
      report("F305", block.label!.span, { name: `credential ${name}`, setting: "scope" }),
    );
  }
  const backend = textSetting(settings, "backend");
  if (backend !== null && backend !== "local" && providers.size > 0 && !providers.has(backend)) {
    const list = `declared are ${[...providers].map((text) => `\`${text}\``).join(", ")}`;
    findings.diagnostics.push(report("F109", settings.get("backend")!.name.span, { name: backend }, list));
  }
  return {
    name,
    scope,
    backend,
    path: textSetting(settings, "path"),
    ttlMs: integerSetting(settings, "ttl"),
    maxScope: textSetting(settings, "max_scope"),
    span: block.span,
  };
}

function redactionOf(statement: Statement, { findings, schemas }: Surroundings): Redaction[] {
  if (statement.kind !== "redact") return [];
  const { text: pattern, span } = statement.pattern;
  if (!checkPattern(pattern, span, findings)) return [];
  const covering = [...schemas.including(pattern, span)];
  const paths = statement.paths.flatMap(({ text, span: pathSpan }) => {
    const path = parseArgumentPath(text);
    if (path === null) {
      findings.diagnostics.push(report("F213", pathSpan, { text }));
      return [];
    }
    const closed = covering.find(
      (schema) => schema.arguments !== null && !schema.arguments.some(({ name }) => name === path[0]),
    );
    if (closed !== undefined) {
      findings.diagnostics.push(report("F110", pathSpan, { name: String(path[0]), tool: closed.pattern }));
    }
    return [path];
  });
  return [{ pattern, paths, span: statement.span }];
}

function identityOf(block: Block | null, surroundings: Surroundings): AgentPolicy["identity"] {
  if (block === null) return null;
  const settings = settingsOf(block, surroundings);
  return {
    requireVerified: booleanSetting(settings, "require_verified") ?? false,
    methods: textsSetting(settings, "methods"),
  };
}

function allowAndDeny(
  block: Block | null,
  surroundings: Surroundings,
): { allow: string[]; deny: string[] } | null {
  if (block === null) return null;
  const settings = settingsOf(block, surroundings);
  return { allow: textsSetting(settings, "allow") ?? [], deny: textsSetting(settings, "deny") ?? [] };
}

const EGRESS =
  /^(?:\[[0-9a-fA-F:.*]+\]|[A-Za-z0-9*](?:[A-Za-z0-9.*-]*[A-Za-z0-9*])?)(?::(?:[1-9]\d{0,4}|\*))?$/;

function isEgress(text: string): boolean {
  const port = /:(\d+)$/.exec(text)?.[1];
  return EGRESS.test(text) && (port === undefined || Number(port) <= 65535);
}

function checkEgress(block: Block, findings: Findings): void {
  for (const statement of block.body) {
    if (statement.kind !== "setting" || statement.value.kind !== "list") continue;
    for (const item of statement.value.items) {
      if (item.kind !== "string" || isEgress(item.value)) continue;
      const expected = "a host with an optional port, such as `*.example.com:443`";
      findings.diagnostics.push(report("F215", item.span, { text: item.value, expected }));
    }
  }
}

function alertsOf(block: Block | null, surroundings: Surroundings): AgentPolicy["alerts"] {
  const alerts: AgentPolicy["alerts"] = { permit: [], deny: [], defer: [] };
  if (block === null) return alerts;
  const settings = settingsOf(block, surroundings);
  for (const effect of ["permit", "deny", "defer"] as const) {
    alerts[effect] = [...new Set(textsSetting(settings, effect))];
  }
  return alerts;
}
