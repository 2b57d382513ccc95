/** Metamorphic properties: what must hold between two decisions, whatever the right decision is. */

import { format } from "../../fpl-grammar/index.ts";
import { RawCore } from "../conformance/core.ts";
import { type Compiled, compilePolicy } from "../conformance/policy.ts";
import { action } from "./actions.ts";
import { contextOf } from "./case.ts";
import { condition } from "./conditions.ts";
import { facts } from "./facts.ts";
import { type Kind, type Policy, policy } from "./policies.ts";
import type { Random } from "./random.ts";
import { TOOLS, toolPattern } from "./vocabulary.ts";

/** A property that does not hold, or null. `checked` counts the decisions that it was asked of. */
export interface Finding {
  failure: string | null;
  checked: number;
}

const NONE: Finding = { failure: null, checked: 0 };
const ACTIONS = 30;
const RANK: Record<string, number> = { deny: 1, defer: 2, permit: 3 };

interface Verdict {
  effect: string;
  code: string;
  rule: { id: string } | null;
}

const verdictOf = (core: RawCore, actionBytes: Uint8Array, factsBytes: Uint8Array): Verdict =>
  JSON.parse(Buffer.from(core.decide(actionBytes, factsBytes)).toString());

function coreOf(text: string): RawCore | null {
  const built: Compiled | { errors: unknown } = compilePolicy(text);
  return "errors" in built ? null : new RawCore(built, contextOf(0));
}

/** Compares the verdicts of two cores, or of one on two inputs, over generated actions. */
function over(
  random: Random,
  generated: Policy,
  text: string,
  test: (actionBytes: Uint8Array, factsBytes: Uint8Array) => string | null,
): Finding {
  for (let index = 0; index < ACTIONS; index++) {
    const actionBytes = action(random, generated);
    const factsBytes = facts(random, generated);
    const failure = test(actionBytes, factsBytes);
    if (failure === null) continue;
    const shown = `action ${Buffer.from(actionBytes)}\nfacts ${Buffer.from(factsBytes)}`;
    return { failure: `${failure}\n${text}\n${shown}`, checked: index + 1 };
  }
  return { failure: null, checked: ACTIONS };
}

/** Adding a `deny!` never widens a verdict. */
export function denyAlwaysNarrows(random: Random): Finding {
  const generated = policy(random);
  const { text } = generated;
  const before = coreOf(text);
  const rule = `deny! "${toolPattern(random, generated.patterns.length > 0 ? generated.patterns : TOOLS)}" when ${condition(random, { selectors: [], monotonic: false })}`;
  const narrowed = text.replace("rules {\n", `rules {\n    ${rule}\n`);
  const after = coreOf(narrowed);
  if (before === null || after === null) return NONE;
  return over(random, generated, narrowed, (actionBytes, factsBytes) => {
    const old = verdictOf(before, actionBytes, factsBytes);
    const now = verdictOf(after, actionBytes, factsBytes);
    return RANK[now.effect]! <= RANK[old.effect]! ? null : `\`${rule}\` widens ${old.code} to ${now.code}`;
  });
}

/** To know less of the arguments never permits more, where no rule asks whether something is known. */
export function unknownNeverWidens(random: Random): Finding {
  const kind: Kind = random.pick(["permits only", "denies always only"]);
  const generated = policy(random, kind);
  const { text } = generated;
  const core = coreOf(text);
  if (core === null) return NONE;
  return over(random, generated, text, (actionBytes, factsBytes) => {
    const known = verdictOf(core, actionBytes, factsBytes);
    const poorer = withoutArgument(random, core, actionBytes);
    if (poorer === null) return null;
    const unknown = verdictOf(core, poorer, factsBytes);
    if (RANK[unknown.effect]! <= RANK[known.effect]!) return null;
    return `${known.code} becomes ${unknown.code} for ${Buffer.from(poorer)}`;
  });
}

/** The canonical action with one of its arguments null; null for what is not an action. */
function withoutArgument(random: Random, core: RawCore, bytes: Uint8Array): Uint8Array | null {
  const canonical = core.canonicalize(bytes);
  if (typeof canonical === "number") return null;
  const parsed = JSON.parse(Buffer.from(canonical).toString());
  if (typeof parsed?.args !== "object" || parsed.args === null) return null;
  const names = Object.keys(parsed.args);
  if (names.length === 0) return null;
  parsed.args[random.pick(names)] = null;
  return Buffer.from(JSON.stringify(parsed));
}

/** A formatted policy decides as the one before, by the same rules. */
export function formattingKeepsVerdicts(random: Random): Finding {
  const generated = policy(random);
  const { text } = generated;
  const before = coreOf(text);
  if (before === null) return NONE;
  const formatted = format({ name: "policy.fpl", text }).text;
  const after = formatted === null ? null : coreOf(formatted);
  if (formatted === null || after === null)
    return { failure: `the formatted policy does not compile\n${text}\n${formatted}`, checked: 1 };
  if (format({ name: "policy.fpl", text: formatted }).text !== formatted) {
    return { failure: `formatting twice changes the text\n${formatted}`, checked: 1 };
  }
  return over(random, generated, text, (actionBytes, factsBytes) => {
    const says = (core: RawCore): string => {
      const { rule, ...rest } = verdictOf(core, actionBytes, factsBytes);
      return JSON.stringify({ ...rest, rule: rule?.id ?? null });
    };
    const [old, now] = [says(before), says(after)];
    return old === now ? null : `${old} becomes ${now} for\n${formatted}`;
  });
}

/** The canonical form of an action gets the action's verdict, and is its own canonical form. */
export function canonicalActionsDecideAlike(random: Random): Finding {
  const generated = policy(random);
  const { text } = generated;
  const core = coreOf(text);
  if (core === null) return NONE;
  return over(random, generated, text, (actionBytes, factsBytes) => {
    const canonical = core.canonicalize(actionBytes);
    if (typeof canonical === "number") return null;
    const again = core.canonicalize(canonical);
    if (typeof again === "number" || !Buffer.from(again).equals(Buffer.from(canonical))) {
      return `the canonical form ${Buffer.from(canonical)} is not its own`;
    }
    const [old, now] = [core.decide(actionBytes, factsBytes), core.decide(canonical, factsBytes)].map(String);
    return old === now ? null : `${old} becomes ${now} for ${Buffer.from(canonical)}`;
  });
}

export const PROPERTIES = {
  denyAlwaysNarrows,
  unknownNeverWidens,
  formattingKeepsVerdicts,
  canonicalActionsDecideAlike,
};
