/** AGENTS, ITEMS and SYSTEM. */

import {
  AGENT_HAS_EGRESS,
  AGENT_HAS_MODEL_POLICY,
  AGENT_REQUIRE_VERIFIED,
  EFFECT_DENY,
  EFFECT_PERMIT,
  LIST_STRINGS,
  MAX_PHASES,
  MAX_SELECTORS,
  ROOT_ARGS,
  SYSTEM_MISSING_APPLIES,
  TYPE_ENUM,
} from "../../engine/constants.ts";
import type { Ir, IrAgent, IrArgument, IrCredential, IrSchema, IrSelector, IrSystem } from "./ir.ts";
import { canonicalJson, type Json } from "./json.ts";
import type { Reader } from "./reader.ts";

const AGENT_BYTES = 80;
const MAX_OFFSET_MINUTES = 1439;
const AGENT_FLAGS = AGENT_REQUIRE_VERIFIED | AGENT_HAS_EGRESS | AGENT_HAS_MODEL_POLICY;

/** Its memory stands in STATE. */
export type BareAgent = Omit<IrAgent, "memory">;

type Values = Pick<Ir, "strings" | "lists" | "paths" | "automata">;

export interface Items {
  phases: number[];
  selectors: IrSelector[];
  redacts: number[];
  credentials: IrCredential[];
  schemas: IrSchema[];
  arguments: IrArgument[];
}

export function readItems(reader: Reader, ir: Values): Items {
  const counts = Array.from({ length: 6 }, () => reader.u32());
  reader.zero(8);
  const sizes = [4, 12, 4, 8, 8, 16];
  const expected = counts.reduce((sum, count, kind) => sum + count * sizes[kind]!, 0);
  if (reader.left !== expected) reader.fail("as many items as counted", reader.start);
  const read = <T>(kind: number, entry: () => T): T[] => Array.from({ length: counts[kind]! }, entry);
  const string = () => reader.id(ir.strings.length, "a string");
  const checked = new Set<number>();
  const items: Items = {
    phases: read(0, string),
    selectors: read(1, () => ({
      name: string(),
      onUnavailable: reader.narrowing(),
      onTimeout: reader.narrowing(),
    })),
    redacts: read(2, () => {
      const path = reader.id(ir.paths.length, "a path");
      if (ir.paths[path]!.root !== ROOT_ARGS) reader.fail("a path in the arguments", reader.at - 4);
      return path;
    }),
    credentials: read(3, () => {
      const credential = { name: string(), json: string() };
      // Many credentials may share a long text: each is read once.
      if (!checked.has(credential.json))
        checkCanonicalObject(reader, ir.strings[credential.json]!, reader.at - 4);
      checked.add(credential.json);
      return credential;
    }),
    schemas: read(4, () => ({ argumentFirst: reader.u32(), argumentCount: reader.u32() })),
    arguments: read(5, () => readArgument(reader, ir)),
  };
  checkSchemas(reader, items);
  reader.finish();
  return items;
}

function readArgument(reader: Reader, ir: Values): IrArgument {
  const name = reader.id(ir.strings.length, "a string");
  const type = reader.id(TYPE_ENUM + 1, "a type");
  const required = reader.bounded(1, "0 or 1") === 1;
  const list = stringsOrNull(reader, ir);
  if ((list !== null) !== (type === TYPE_ENUM)) reader.fail("a list for an enum alone", reader.at - 4);
  return { name, type, required, list };
}

/** The arguments of schema after schema stand back to back, those of one by name. */
function checkSchemas(reader: Reader, items: Items): void {
  let taken = 0;
  for (const { argumentFirst, argumentCount } of items.schemas) {
    if (argumentFirst !== taken || argumentCount > items.arguments.length - taken) {
      reader.fail("schemas that own their arguments in order", reader.start);
    }
    for (let id = taken + 1; id < taken + argumentCount; id++) {
      if (items.arguments[id]!.name <= items.arguments[id - 1]!.name) {
        reader.fail("the arguments of a schema by name", reader.start);
      }
    }
    taken += argumentCount;
  }
  if (taken !== items.arguments.length) reader.fail("schemas that own all arguments", reader.start);
}

function stringsOrNull(reader: Reader, ir: Values): number | null {
  const list = reader.idOrNull(ir.lists.length, "a list");
  if (list !== null && ir.lists[list]!.kind !== LIST_STRINGS) reader.fail("a list of strings", reader.at - 4);
  return list;
}

/** Pattern and node ids are bounded only by `limits`, since those sections come later. */
export function readAgents(
  reader: Reader,
  ir: Values,
  items: Items,
  limits: { patterns: number; nodes: number },
): BareAgent[] {
  const agents: BareAgent[] = [];
  let phases = 0;
  let selectors = 0;
  for (let count = reader.entries(AGENT_BYTES); count > 0; count--) {
    const place = reader.at;
    const agent = readAgent(reader, ir, limits);
    const last = agents.at(-1);
    if (last !== undefined && agent.name <= last.name) reader.fail("agents by name", place);
    if (agent.phaseFirst !== phases || agent.selectorFirst !== selectors) {
      reader.fail("agents that own their phases and selectors in order", place + 40);
    }
    phases += agent.phaseCount;
    selectors += agent.selectorCount;
    agents.push(agent);
  }
  if (phases !== items.phases.length || selectors !== items.selectors.length) {
    reader.fail("agents that own all phases and selectors", reader.start);
  }
  return agents;
}

function readAgent(reader: Reader, ir: Values, limits: { patterns: number; nodes: number }): BareAgent {
  const place = reader.at;
  const name = reader.id(ir.strings.length, "a string");
  const defaultEffect = reader.u32();
  if (defaultEffect < EFFECT_DENY || defaultEffect > EFFECT_PERMIT)
    reader.fail("a default effect", place + 4);
  const globRoot = reader.idOrNull(limits.nodes, "a node");
  const anyPattern = reader.idOrNull(limits.patterns, "a pattern");
  const flags = reader.u32();
  if ((flags & ~AGENT_FLAGS) !== 0) reader.fail("known flags", place + 16);
  const automaton = () => reader.idOrNull(ir.automata.length, "an automaton");
  const agent: BareAgent = {
    name,
    defaultEffect,
    globRoot,
    anyPattern,
    requireVerified: (flags & AGENT_REQUIRE_VERIFIED) !== 0,
    methods: stringsOrNull(reader, ir),
    hasModelPolicy: (flags & AGENT_HAS_MODEL_POLICY) !== 0,
    modelAllow: automaton(),
    modelDeny: automaton(),
    hasEgress: (flags & AGENT_HAS_EGRESS) !== 0,
    egressAllow: automaton(),
    egressDeny: automaton(),
    phaseFirst: reader.u32(),
    phaseCount: reader.bounded(MAX_PHASES, `at most ${MAX_PHASES} phases`),
    selectorFirst: reader.u32(),
    selectorCount: reader.bounded(MAX_SELECTORS, `at most ${MAX_SELECTORS} selectors`),
    alertPermit: stringsOrNull(reader, ir),
    alertDeny: stringsOrNull(reader, ir),
    alertDefer: stringsOrNull(reader, ir),
  };
  if (!agent.hasModelPolicy && (agent.modelAllow ?? agent.modelDeny) !== null) {
    reader.fail("no automata without a model policy", place + 24);
  }
  if (!agent.hasEgress && (agent.egressAllow ?? agent.egressDeny) !== null) {
    reader.fail("no automata without egress", place + 32);
  }
  reader.zero(12);
  return agent;
}

export function readSystem(
  reader: Reader,
  agents: readonly BareAgent[],
  limits: { patterns: number; nodes: number },
): IrSystem {
  const place = reader.at;
  const globRoot = reader.idOrNull(limits.nodes, "a node");
  const anyPattern = reader.idOrNull(limits.patterns, "a pattern");
  const utcOffsetMinutes = reader.i32();
  if (Math.abs(utcOffsetMinutes) > MAX_OFFSET_MINUTES) reader.fail("an offset of less than a day", place + 8);
  const flags = reader.bounded(SYSTEM_MISSING_APPLIES, "known flags");
  const defaultAgent = reader.idOrNull(agents.length, "an agent");
  reader.zero(12);
  reader.finish();
  return { globRoot, anyPattern, utcOffsetMinutes, missingFieldsApply: flags !== 0, defaultAgent };
}

/** Throws FormatError unless the text is the RFC 8785 form of an object. */
export function checkCanonicalObject(reader: Reader, text: string, place: number): { [key: string]: Json } {
  let value: Json;
  try {
    value = JSON.parse(text);
  } catch {
    return reader.fail("JSON", place);
  }
  if (value === null || typeof value !== "object" || Array.isArray(value) || canonicalJson(value) !== text) {
    return reader.fail("a canonical JSON object", place);
  }
  return value;
}
