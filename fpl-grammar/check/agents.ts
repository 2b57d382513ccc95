/** `agent NAME { … }`: everything of one agent. */

import type { Block, Statement } from "../ast.ts";
import { tableOf, type ValueType } from "../blocks.ts";
import { report } from "../diagnostics.ts";
import { parseArgumentPath } from "../parse/paths.ts";
import type { AgentPolicy, Credential, Phase, Redaction, Selector, Span } from "../program.ts";
import { alertsOf } from "./alerts.ts";
import type { AgentSource } from "./collect.ts";
import { twice } from "./collect.ts";
import { delegateOf } from "./delegates.ts";
import { checkAddress } from "./hosts.ts";
import { limitsOf, patternsAt } from "./limits.ts";
import { programRules } from "./rules.ts";
import type { Findings, Scope } from "./scope.ts";
import { checkCircles, completionGateOf, sessionOf, spawnOf, transitionOf } from "./sessions.ts";
import {
  booleanSetting,
  integerSetting,
  readSettings,
  blockSettings as settingsOf,
  textSetting,
  textsSetting,
} from "./settings.ts";
import type { Surroundings } from "./surroundings.ts";
import { checkPattern } from "./tools.ts";
import { variablesOf } from "./variables.ts";

/** Blocks of which an agent may have several. */
const REPEATABLE = new Set(["rules", "phase", "budget", "delegate", "selector", "credential"]);

/** All but what a manifest says of it. */
export function agentPolicy(
  source: AgentSource,
  surroundings: Surroundings,
): Omit<AgentPolicy, "invocations"> {
  const { findings, environment, schemas } = surroundings;
  const body = source.block?.body ?? [];
  const blocks = uniqueBlocks(body, findings);
  const settings = readSettings({ body }, settingType, environment, findings);
  const scope: Scope = {
    findings,
    schemas,
    variables: variablesOf(body, findings),
    selectors: new Set(namesOf(blocks, "selector")),
    phases: new Set(namesOf(blocks, "phase")),
    place: "this agent",
    remembers: true,
  };
  const only = (name: Block["name"]) => blocks.find((block) => block.name === name) ?? null;
  const listed = (name: Block["name"]) => allowAndDeny(only(name), surroundings);
  const egress = listed("egress");
  if (egress !== null) checkEgress(only("egress")!, findings);
  const phases = blocks
    .filter(({ name }) => name === "phase")
    .map((block) => phaseOf(block, scope, surroundings));
  checkCircles(phases, findings);
  const limits = {
    ...limitsOf(body, blocks, surroundings),
    session: sessionOf(only("session"), surroundings),
  };
  const hasSessionBudget = namesOf(blocks, "budget").includes("session");
  return {
    name: source.name,
    default: (textSetting(settings, "default") ?? "deny") as AgentPolicy["default"],
    rules: agentRules(source, scope, surroundings),
    phases,
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
    ...limits,
    alerts: alertsOf(only("alert"), limits, surroundings),
    spawn: spawnOf(only("spawn"), surroundings),
    completionGate: completionGateOf(only("completion_gate"), hasSessionBudget, surroundings),
    delegates: blocks
      .filter(({ name }) => name === "delegate")
      .map((block) => delegateOf(source.name, block, scope, surroundings)),
    framework: textSetting(settings, "framework"),
    model: textSetting(settings, "model"),
    version: textSetting(settings, "version"),
    span: source.span,
  };
}

function settingType(name: string): ValueType | null {
  const form = tableOf("agent", true).statements.get(name);
  return form?.form === "setting" ? form.type : null;
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
function agentRules(source: AgentSource, scope: Scope, { imports }: Surroundings) {
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
  );
}

function phaseOf(block: Block, scope: Scope, surroundings: Surroundings): Phase {
  const { imports, findings } = surroundings;
  const statements = block.body.flatMap((statement) =>
    statement.kind === "block" && statement.name === "rules" ? statement.body : [statement],
  );
  return {
    name: block.label!.text,
    ...transitionOf(block, scope, surroundings),
    tools: patternsIn(block, "tools", findings),
    rules: programRules(imports.place(statements), scope),
    span: block.span,
  };
}

function patternsIn(block: Block, name: string, findings: Findings): string[] {
  return patternsAt(block, name, findings).map(({ pattern }) => pattern);
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
      if (item.kind !== "string") continue;
      if (isEgress(item.value)) {
        checkAddress(hostOf(item.value), item.span, findings);
        continue;
      }
      const expected = "a host with an optional port, such as `*.example.com:443`";
      findings.diagnostics.push(report("F215", item.span, { text: item.value, expected }));
    }
  }
}

/** Of an entry, without brackets and port. */
function hostOf(entry: string): string {
  return entry.startsWith("[") ? entry.slice(1, entry.indexOf("]")) : entry.replace(/:[^:]*$/, "");
}
