/** Agents and what belongs to them: phases, selectors, redactions, credentials, alerts, policies; and the tool schemas. */

import {
  ROOT_ARGS,
  TYPE_BOOLEAN,
  TYPE_ENUM,
  TYPE_INTEGER,
  TYPE_LIST,
  TYPE_MONEY,
  TYPE_NUMBER,
  TYPE_OBJECT,
  TYPE_STRING,
} from "../../engine/constants.ts";
import type { AgentPolicy, ArgumentSchema, Credential } from "../../fpl-grammar/program.ts";
import { egressAutomaton, globAutomaton } from "./automata.ts";
import type { Build } from "./build.ts";
import type { Entry } from "./dispatch.ts";
import { lowerTransitions, memoryOf } from "./memory.ts";
import { EFFECTS, type OwnedMeters } from "./rules.ts";
import type { Scope } from "./scope.ts";
import { lowerCosts } from "./state.ts";

const TYPES: Record<ArgumentSchema["type"], number> = {
  string: TYPE_STRING,
  integer: TYPE_INTEGER,
  number: TYPE_NUMBER,
  money: TYPE_MONEY,
  boolean: TYPE_BOOLEAN,
  list: TYPE_LIST,
  object: TYPE_OBJECT,
  enum: TYPE_ENUM,
};

/** Before dispatch: what redactions, credentials and schemas bring to the patterns of their scopes. */
export function lowerItems(build: Build, system: Scope, agents: readonly Scope[]): void {
  for (const [agent, { policy }] of build.rows.entries()) {
    lowerRedactions(build, policy, agents[agent]!);
    lowerCredentials(build, policy, agents[agent]!);
    lowerCosts(build, policy, agents[agent]!);
  }
  for (const tool of build.program.tools) {
    if (tool.arguments === null) continue;
    const schema = build.schemas.length;
    build.schemas.push({ argumentFirst: build.arguments.length, argumentCount: tool.arguments.length });
    for (const argument of tool.arguments) {
      build.arguments.push({
        name: build.string(argument.name),
        type: TYPES[argument.type],
        required: argument.required,
        list: argument.type === "enum" ? build.stringList(argument.values) : null,
      });
    }
    for (const pattern of system.select(tool.pattern, tool.patternSpan)) pattern.schemas.push(schema);
  }
}

function lowerRedactions(build: Build, policy: AgentPolicy, scope: Scope): void {
  const first = build.redacts.length;
  for (const redaction of policy.redactions) {
    const ids = redaction.paths.map((steps) => {
      const path = build.path(ROOT_ARGS, steps);
      const known = build.redacts.indexOf(path, first);
      return known >= 0 ? known : build.redacts.push(path) - 1;
    });
    for (const pattern of scope.select(redaction.pattern, redaction.span)) pattern.redacts.push(...ids);
  }
}

function lowerCredentials(build: Build, policy: AgentPolicy, scope: Scope): void {
  for (const credential of policy.credentials) {
    const id = build.credentials.length;
    build.credentials.push({
      name: build.string(credential.name),
      json: build.string(credentialJson(credential)),
    });
    for (const text of credential.scope) {
      for (const pattern of scope.select(text, credential.span)) pattern.credentials.push(id);
    }
  }
}

/** The obligation's object, keys in canonical order. */
function credentialJson(credential: Credential): string {
  return JSON.stringify({
    backend: credential.backend,
    max_scope: credential.maxScope,
    name: credential.name,
    path: credential.path,
    ttl_ms: credential.ttlMs,
  });
}

export function lowerAgents(build: Build, entries: readonly Entry[], meters: OwnedMeters): void {
  for (const [agent, row] of build.rows.entries()) {
    const { policy } = row;
    const phaseFirst = build.phases.length;
    lowerTransitions(build, policy, phaseFirst);
    for (const phase of policy.phases) build.phases.push(build.string(phase.name));
    const selectorFirst = build.selectors.length;
    for (const selector of policy.selectors) {
      build.selectors.push({
        name: build.string(selector.name),
        onUnavailable: EFFECTS[selector.onUnavailable],
        onTimeout: EFFECTS[selector.onTimeout],
      });
    }
    const { identity, modelPolicy, egress, alerts, span } = policy;
    const methods = identity?.methods ?? null;
    const models = (globs: string[] | undefined) =>
      globs === undefined || globs.length === 0 ? null : globAutomaton(build, globs, "name", span);
    const hosts = (list: "allow" | "deny") => {
      const globs = egress?.[list] ?? [];
      return globs.length === 0 ? null : egressAutomaton(build, globs, list, span);
    };
    const targets = (names: string[]) => (names.length === 0 ? null : build.stringList(names));
    build.agents.push({
      name: build.string(policy.name),
      defaultEffect: EFFECTS[policy.default],
      ...entries[agent]!,
      requireVerified: identity?.requireVerified ?? false,
      methods: methods === null ? null : build.stringList(methods),
      hasModelPolicy: modelPolicy !== null,
      modelAllow: models(modelPolicy?.allow),
      modelDeny: models(modelPolicy?.deny),
      hasEgress: egress !== null,
      egressAllow: hosts("allow"),
      egressDeny: hosts("deny"),
      phaseFirst,
      phaseCount: policy.phases.length,
      selectorFirst,
      selectorCount: policy.selectors.length,
      alertPermit: targets(alerts.permit),
      alertDeny: targets(alerts.deny),
      alertDefer: targets(alerts.defer),
      memory: memoryOf(build, row, meters.system, meters.agents[agent]!),
    });
  }
}
