/** What a verdict obliges its host to do (engine/ABI.md "Order of a decision"). */
import type { AgentPolicy, Credential } from "../../fpl-grammar/program.ts";
import { type Json, list, NULL, number, object, string, stringOrNull } from "./json.ts";
import { toolMatches } from "./names.ts";
import type { Judgement } from "./stages.ts";

export type ArgumentPath = (string | number)[];

export interface Obligations {
  credentials: Credential[];
  notify: string[];
  redact: ArgumentPath[];
}

export const NO_OBLIGATIONS: Obligations = { credentials: [], notify: [], redact: [] };

/** `limits`: targets of the alerts on limits. */
export function obligationsOf(
  policy: AgentPolicy,
  tool: string,
  { effect, rule }: Judgement,
  limits: string[],
): Obligations {
  const alerts = [...policy.alerts[effect]].sort(byCodePoint);
  const notify = [...(rule?.notify != null ? [rule.notify] : []), ...alerts];
  return {
    credentials: effect === "permit" ? policy.credentials.filter((one) => inScope(one, tool)) : [],
    notify: [...new Set([...notify, ...limits])],
    redact: redactions(policy, tool),
  };
}

const byCodePoint = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

const inScope = (credential: Credential, tool: string): boolean =>
  credential.scope.some((pattern) => toolMatches(pattern, tool));

/** Each path once, where the agent's blocks name it first. */
function redactions(policy: AgentPolicy, tool: string): ArgumentPath[] {
  const key = (path: ArgumentPath): string => JSON.stringify(path);
  const matching = policy.redactions.filter(({ pattern }) => toolMatches(pattern, tool));
  const wanted = new Set(matching.flatMap((one) => one.paths.map(key)));
  const declared = policy.redactions.flatMap((one) => one.paths);
  return [...new Map(declared.map((path) => [key(path), path])).entries()]
    .filter(([one]) => wanted.has(one))
    .map(([, path]) => path);
}

export const pathJson = (path: ArgumentPath): Json =>
  list(path.map((step) => (typeof step === "string" ? string(step) : number(step))));

export const obligationsJson = ({ credentials, notify, redact }: Obligations): Json =>
  object({
    credentials: list(credentials.map(credentialJson)),
    notify: list(notify.map(string)),
    redact: list(redact.map(pathJson)),
  });

const credentialJson = ({ name, backend, path, ttlMs, maxScope }: Credential): Json =>
  object({
    backend: stringOrNull(backend),
    max_scope: stringOrNull(maxScope),
    name: string(name),
    path: stringOrNull(path),
    ttl_ms: ttlMs === null ? NULL : number(ttlMs),
  });
