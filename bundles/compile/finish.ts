/** Puts interned tables into the order of the format and renumbers what points into them. */

import {
  LIST_BOOLEANS,
  LIST_STRINGS,
  OPERAND_LENGTH,
  OPERAND_LIST,
  OPERAND_NUMBER,
  OPERAND_PATH,
  OPERAND_STRING,
  STEP_INDEX,
} from "../../engine/constants.ts";
import type { Ir, IrAgent, IrArgument, IrPattern, IrSystem } from "../format/ir.ts";
import { compareLists, compareNumbers, comparePaths, compareText } from "../format/order.ts";
import type { Build } from "./build.ts";

type Renumber = (id: number) => number;

function sortTable<T>(items: readonly T[], compare: (left: T, right: T) => number): [T[], Renumber] {
  const order = items.map((_, id) => id).sort((left, right) => compare(items[left]!, items[right]!));
  const ids = new Uint32Array(items.length);
  for (const [position, id] of order.entries()) ids[id] = position;
  return [order.map((id) => items[id]!), (id) => ids[id]!];
}

function optional(renumber: Renumber, id: number | null): number | null {
  return id === null ? null : renumber(id);
}

function ascending(ids: number[]): number[] {
  if (ids.every((id, position) => position === 0 || id > ids[position - 1]!)) return ids;
  return [...new Set(ids)].sort((left, right) => left - right);
}

export function finish(build: Build, system: IrSystem, manifest: string): Ir {
  const [strings, string] = sortTable(build.strings.items, compareText);
  const [numbers, number] = sortTable(build.numbers.items, compareNumbers);
  const lists = build.lists.items.map(({ kind, ids }) => {
    if (kind === LIST_BOOLEANS) return { kind, ids };
    return { kind, ids: ascending(ids.map(kind === LIST_STRINGS ? string : number)) };
  });
  const [sortedLists, list] = sortTable(lists, compareLists);
  const paths = build.paths.items.map(({ root, steps }) => ({
    root,
    steps: steps.map((step) => (step >= STEP_INDEX ? step : string(step))),
  }));
  const [sortedPaths, path] = sortTable(paths, comparePaths);
  const operand = (kind: number, value: number): number => {
    if (kind === OPERAND_PATH || kind === OPERAND_LENGTH) return path(value);
    if (kind === OPERAND_STRING) return string(value);
    if (kind === OPERAND_NUMBER) return number(value);
    return kind === OPERAND_LIST ? list(value) : value;
  };
  return {
    strings,
    numbers,
    lists: sortedLists,
    paths: sortedPaths,
    automata: build.automata.items,
    code: build.code.map((instruction) => ({
      ...instruction,
      left: operand(instruction.leftKind, instruction.left),
      right: operand(instruction.rightKind, instruction.right),
    })),
    rules: build.rules.map((rule) => ({ ...rule, notify: optional(string, rule.notify) })),
    patterns: build.patterns.map(finishPattern),
    exact: build.exact
      .map((name) => ({ ...name, string: string(name.string) }))
      .sort((left, right) => left.scope - right.scope || left.string - right.string),
    globs: build.globs,
    agents: build.agents.map((agent) => finishAgent(agent, string, list)),
    phases: build.phases.map(string),
    selectors: build.selectors.map((selector) => ({ ...selector, name: string(selector.name) })),
    redacts: build.redacts.map(path),
    credentials: build.credentials.map(({ name, json }) => ({ name: string(name), json: string(json) })),
    schemas: build.schemas,
    arguments: finishArguments(build, string, list),
    system,
    transitions: build.transitions,
    meters: build.meters.map((meter) => ({
      ...meter,
      path: optional(path, meter.path),
      name: string(meter.name),
    })),
    costs: build.costs.map((cost) => ({ ...cost, path: optional(path, cost.path) })),
    manifest,
    debug: { rules: build.debugRules, instructions: build.debugInstructions },
  };
}

function finishPattern(pattern: IrPattern): IrPattern {
  return {
    selectors: ascending(pattern.selectors),
    phases: ascending(pattern.phases),
    always: ascending(pattern.always),
    rules: ascending(pattern.rules),
    redacts: ascending(pattern.redacts),
    credentials: ascending(pattern.credentials),
    schemas: ascending(pattern.schemas),
    meters: ascending(pattern.meters),
    costs: ascending(pattern.costs),
  };
}

function finishAgent(agent: IrAgent, string: Renumber, list: Renumber): IrAgent {
  return {
    ...agent,
    name: string(agent.name),
    methods: optional(list, agent.methods),
    alertPermit: optional(list, agent.alertPermit),
    alertDeny: optional(list, agent.alertDeny),
    alertDefer: optional(list, agent.alertDefer),
    memory: {
      ...agent.memory,
      gateFacts: optional(list, agent.memory.gateFacts),
      budgetWarning: optional(list, agent.memory.budgetWarning),
      budgetExceeded: optional(list, agent.memory.budgetExceeded),
      rateExceeded: optional(list, agent.memory.rateExceeded),
    },
  };
}

/** Arguments of one schema stand in the order of their names. */
function finishArguments(build: Build, string: Renumber, list: Renumber): IrArgument[] {
  const renumbered = build.arguments.map((argument) => ({
    ...argument,
    name: string(argument.name),
    list: optional(list, argument.list),
  }));
  return build.schemas.flatMap(({ argumentFirst, argumentCount }) =>
    renumbered
      .slice(argumentFirst, argumentFirst + argumentCount)
      .sort((left, right) => left.name - right.name),
  );
}
