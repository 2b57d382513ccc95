/** A bundle's IR as text for people, like a disassembly. The form may change; nothing reads it back. */

import { DFA_ACCEPT, DFA_ACCEPT_END, EFFECT_DEFER } from "../../engine/constants.ts";
import type { Automaton, Ir, IrAgent, IrRule } from "../format/ir.ts";
import { printInstruction, printPath } from "./listing-code.ts";
import { listPatterns, type NamedPattern } from "./listing-patterns.ts";
import {
  delegationLines,
  delegationTitle,
  EFFECT_NAMES,
  isDelegation,
  memoryLines,
  meterLines,
  phaseTexts,
  printCost,
} from "./listing-state.ts";

export function printListing(ir: Ir): string {
  const patterns = listPatterns(ir);
  const parts = [
    systemLines(ir),
    ...ir.agents.map((agent) => (isDelegation(agent) ? delegationLines(ir, agent) : agentLines(ir, agent))),
    ruleLines(ir, patterns),
    patternLines(ir, patterns),
    automatonLines(ir),
    schemaLines(ir, patterns),
    meterLines(ir, patterns),
    ["manifest", `  ${ir.manifest}`],
  ];
  return `${parts
    .filter((lines) => lines.length > 1)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

function name(ir: Ir, agent: number | null): string {
  if (agent === null) return "system";
  return isDelegation(ir.agents[agent]!)
    ? delegationTitle(ir, ir.agents[agent]!)
    : ir.strings[ir.agents[agent]!.name]!;
}

function names(ir: Ir, list: number | null): string | null {
  return list === null ? null : ir.lists[list]!.ids.map((id) => ir.strings[id]!).join(", ");
}

function systemLines(ir: Ir): string[] {
  const { utcOffsetMinutes, missingFieldsApply, defaultAgent } = ir.system;
  const delegated = ir.agents.filter(isDelegation).length;
  const delegations = delegated === 0 ? "" : `, ${delegated} delegation${delegated === 1 ? "" : "s"}`;
  return [
    "system",
    `  ${ir.agents.length - delegated} agents${delegations}, ${ir.rules.length} rules, ${ir.code.length} instructions, ${ir.automata.length} automata`,
    `  time: UTC${utcOffsetMinutes < 0 ? "-" : "+"}${Math.abs(utcOffsetMinutes)} min`,
    `  a deny or defer with a missing field: ${missingFieldsApply ? "applies" : "next rule"}`,
    `  unknown agents: ${defaultAgent === null ? "denied" : `served by \`${name(ir, defaultAgent)}\``}`,
  ];
}

function agentLines(ir: Ir, agent: IrAgent): string[] {
  const lines = [
    `agent ${JSON.stringify(ir.strings[agent.name]!)}`,
    `  default ${EFFECT_NAMES[agent.defaultEffect]}`,
  ];
  const add = (title: string, text: string | null): void => {
    if (text !== null && text !== "") lines.push(`  ${title} ${text}`);
  };
  const methods = names(ir, agent.methods);
  if (agent.requireVerified) lines.push("  identity must be verified");
  if (methods !== null) lines.push(`  identity methods: ${methods === "" ? "none" : methods}`);
  add("phases", phaseTexts(ir, agent).join(", "));
  const selectors = ir.selectors.slice(agent.selectorFirst, agent.selectorFirst + agent.selectorCount);
  for (const selector of selectors) {
    const effects = `unavailable ${EFFECT_NAMES[selector.onUnavailable]}, timeout ${EFFECT_NAMES[selector.onTimeout]}`;
    add("selector", `${ir.strings[selector.name]!}: ${effects}`);
  }
  const automata = (allow: number | null, deny: number | null) =>
    `allow ${allow === null ? "none" : `automaton ${allow}`}, deny ${deny === null ? "none" : `automaton ${deny}`}`;
  if (agent.hasModelPolicy) add("models", automata(agent.modelAllow, agent.modelDeny));
  if (agent.hasEgress) add("egress", automata(agent.egressAllow, agent.egressDeny));
  add("alert on permit", names(ir, agent.alertPermit));
  add("alert on deny", names(ir, agent.alertDeny));
  add("alert on defer", names(ir, agent.alertDefer));
  add("alert on a budget's warning", names(ir, agent.memory.budgetWarning));
  add("alert on a budget exceeded", names(ir, agent.memory.budgetExceeded));
  add("alert on a rate exceeded", names(ir, agent.memory.rateExceeded));
  lines.push(...memoryLines(ir, agent));
  return lines;
}

function ruleLines(ir: Ir, patterns: readonly NamedPattern[]): string[] {
  const patternsOf = new Map<number, string[]>();
  for (const { text, pattern } of patterns) {
    for (const id of [...pattern.always, ...pattern.rules]) {
      const texts = patternsOf.get(id);
      if (texts === undefined) patternsOf.set(id, [text]);
      else texts.push(text);
    }
  }
  const lines = ["rules"];
  for (const [id, rule] of ir.rules.entries()) {
    lines.push(...oneRule(ir, id, rule, patternsOf.get(id) ?? []));
  }
  return lines;
}

function oneRule(ir: Ir, id: number, rule: IrRule, patterns: readonly string[]): string[] {
  const debug = ir.debug.rules[id]!;
  const place: { file: string; line: number; id: string } = JSON.parse(debug.identity);
  const phase = rule.phase === null ? "" : ` phase ${ir.strings[ir.phases[rule.phase]!]!}`;
  const lines = [
    `  ${id}: ${EFFECT_NAMES[rule.effect]} ${patterns.join(" | ")}  (${name(ir, rule.agent)}${phase}, ${place.file}:${place.line}, ${place.id})`,
    `     # ${debug.text}`,
  ];
  if (debug.reason !== null) lines.push(`     reason ${JSON.stringify(debug.reason)}`);
  if (rule.notify !== null) lines.push(`     notify ${JSON.stringify(ir.strings[rule.notify]!)}`);
  for (let at = 0; at < rule.codeCount; at++) {
    lines.push(`     ${String(at).padStart(3)}  ${printInstruction(ir, ir.code[rule.codeFirst + at]!)}`);
  }
  return lines;
}

function patternLines(ir: Ir, patterns: readonly NamedPattern[]): string[] {
  const lines = ["patterns"];
  for (const { agent, text, pattern } of patterns) {
    const brings: string[] = [];
    const add = (title: string, values: readonly (string | number)[]): void => {
      if (values.length > 0) brings.push(`${title} ${values.join(" ")}`);
    };
    const owner = agent === null ? null : ir.agents[agent]!;
    const isDefer = (id: number): boolean => ir.rules[id]!.effect === EFFECT_DEFER;
    add(
      "deny!",
      pattern.always.filter((id) => !isDefer(id)),
    );
    add("defer a permit", pattern.always.filter(isDefer));
    add("rules", pattern.rules);
    add(
      "phases",
      pattern.phases.map((bit) => ir.strings[ir.phases[owner!.phaseFirst + bit]!]!),
    );
    add(
      "selectors",
      pattern.selectors.map((bit) => ir.strings[ir.selectors[owner!.selectorFirst + bit]!.name]!),
    );
    add(
      "redact",
      pattern.redacts.map((id) => printPath(ir, ir.redacts[id]!)),
    );
    add(
      "credentials",
      pattern.credentials.map((id) => ir.strings[ir.credentials[id]!.name]!),
    );
    add("schemas", pattern.schemas);
    add("meters", pattern.meters);
    add(
      "cost",
      pattern.costs.map((id) => printCost(ir, id)),
    );
    lines.push(`  ${name(ir, agent)}  ${text}: ${brings.join("; ")}`);
  }
  return lines;
}

function automatonLines(ir: Ir): string[] {
  return ["automata", ...ir.automata.map((automaton, id) => `  ${id}: ${summarize(automaton)}`)];
}

function summarize({ states, classes, flags, next }: Automaton): string {
  const ends = flags.filter((flag) => flag === DFA_ACCEPT_END).length;
  const ways = [];
  if (flags.includes(DFA_ACCEPT)) ways.push("anywhere");
  if (ends > 0) ways.push(`at the end in ${ends}`);
  const accepts = ways.length === 0 ? "matches nothing" : `accepts ${ways.join(", ")}`;
  return `${states} states, ${classes} byte classes, ${accepts}, ${next.length * 2 + states + 268} bytes`;
}

function schemaLines(ir: Ir, patterns: readonly NamedPattern[]): string[] {
  const lines = ["schemas"];
  for (const [id, { argumentFirst, argumentCount }] of ir.schemas.entries()) {
    const texts = patterns.filter(({ pattern }) => pattern.schemas.includes(id)).map(({ text }) => text);
    lines.push(`  ${id}: ${texts.join(" | ")}`);
    for (const argument of ir.arguments.slice(argumentFirst, argumentFirst + argumentCount)) {
      const values = argument.list === null ? "" : ` of ${names(ir, argument.list)}`;
      const required = argument.required ? " required" : "";
      lines.push(`     ${ir.strings[argument.name]!} ${TYPE_NAMES[argument.type]}${values}${required}`);
    }
  }
  return lines;
}

/** By TYPE_*. */
const TYPE_NAMES = ["string", "integer", "number", "money", "boolean", "list", "object", "enum"];
