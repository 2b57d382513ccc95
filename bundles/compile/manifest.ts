/** The manifest: what the bundle is made of, as canonical JSON. The core does not read it. */

import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { ABI_VERSION, FORMAT_VERSION } from "../../engine/constants.ts";
import type {
  AgentPolicy,
  Decimal,
  DeploymentBlock,
  Program,
  SettingValue,
  ToolSchema,
} from "../../fpl-grammar/program.ts";
import { canonicalJson, type Json } from "../format/json.ts";

export const COMPILER_NAME = "faramesh";
/** That of package.json. */
export const COMPILER_VERSION = "0.1.0";

/** Any decimal of so many digits is the shortest text of its double. */
const EXACT_DIGITS = 15;
const EXACT_EXPONENT = 290;

const utf8 = new TextEncoder();

export function manifestOf(program: Program): string {
  const { system } = program;
  return canonicalJson({
    abi: ABI_VERSION,
    agents: program.agents.map(agentJson),
    compiler: { name: COMPILER_NAME, version: COMPILER_VERSION },
    deployment: program.deployment.map((block) => deploymentJson(block, program)),
    format: FORMAT_VERSION,
    sources: program.files.map((file) => ({
      name: file.name,
      sha256: bytesToHex(sha256(utf8.encode(file.text))),
    })),
    system: {
      max_output_bytes: system.maxOutputBytes,
      on_policy_load_failure: system.onPolicyLoadFailure,
      version: system.version,
    },
    tools: program.tools.map(toolJson),
  });
}

/** Of `enforcement` also where it stands, for explanations, and the hosts that the launcher's second layer is made from. */
function deploymentJson({ kind, name, agent, settings, span }: DeploymentBlock, { agents }: Program): Json {
  const common = { agent, kind, name, settings: settingJson(settings) };
  if (kind !== "enforcement") return common;
  const egress = agents.find((one) => one.name === agent)?.egress ?? null;
  return { ...common, egress: egress?.allow ?? [], place: { file: span.file, line: span.line } };
}

/** What the core does not read of a `tool` block; its arguments are in the tables. */
function toolJson({ pattern, metadata }: ToolSchema): Json {
  return {
    blast_radius: metadata?.blastRadius ?? null,
    pattern,
    reversible: metadata?.reversible ?? null,
    tags: metadata?.tags ?? [],
  };
}

function agentJson(agent: AgentPolicy): Json {
  return {
    credentials: agent.credentials.map((credential) => ({
      backend: credential.backend,
      max_scope: credential.maxScope,
      name: credential.name,
      path: credential.path,
      scope: credential.scope,
      ttl_ms: credential.ttlMs,
    })),
    framework: agent.framework,
    model: agent.model,
    name: agent.name,
    selectors: agent.selectors.map((selector) => ({
      cache_ms: selector.cacheMs,
      name: selector.name,
      source: selector.source,
    })),
    version: agent.version,
  };
}

function settingJson(value: SettingValue): Json {
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (Array.isArray(value)) return value.map(settingJson);
  if (isDecimal(value)) return decimalJson(value);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, settingJson(inner)]));
}

function isDecimal(value: Decimal | { [key: string]: SettingValue }): value is Decimal {
  return typeof value.exponent === "number";
}

/** A number where JSON's double holds it exactly as written, else its text. */
function decimalJson({ negative, digits, exponent }: Decimal): Json {
  const text = `${negative ? "-" : ""}${digits}${exponent === 0 ? "" : `e${exponent}`}`;
  return digits.length <= EXACT_DIGITS && Math.abs(exponent) <= EXACT_EXPONENT ? Number(text) : text;
}
