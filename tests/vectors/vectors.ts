/** Reads the vectors of this folder (README.md). Throws for a line that is not understood: a vector is never skipped. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as constants from "../../engine/constants.ts";

export const VECTORS_FOLDER = dirname(fileURLToPath(import.meta.url));

/** Every code, as verdicts name it. */
export const CODES: ReadonlyMap<string, number> = new Map(
  Object.entries(constants).flatMap(([name, value]) =>
    name.startsWith("CODE_") ? [[name.slice("CODE_".length).toLowerCase(), value] as const] : [],
  ),
);
/** Codes that hosts give, and no core. */
export const HOST_CODES: readonly string[] = [
  "engine_trap",
  "no_policy",
  "record_unwritable",
  "state_unavailable",
  "identity_invalid",
  "delegation_invalid",
  "delegation_revoked",
];

/** What a line says of its verdict; a field that it does not name is absent. */
export interface Expectation {
  effect: string;
  code: string;
  line?: number;
  /** Code of the recorded decision, where it differs. */
  recorded?: string;
  fields: { name: (typeof FIELDS)[number]; value: unknown }[];
}

export interface Decision {
  /** `file:line`, for messages. */
  place: string;
  action: Uint8Array;
  facts: Uint8Array;
  expected: Expectation;
}

/** An imported document, `PATH@VERSION`. */
export interface ImportedText {
  path: string;
  version: string;
  text: string;
}

export interface Vector {
  title: string;
  place: string;
  policy: string;
  imports: ImportedText[];
  decisions: Decision[];
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The ruler behind the policy of a scenario, which scenarios.ts reads. */
export const STEPS_RULER = "--- steps";
/** The ruler before a policy that takes the place of the one before. */
export const RELOAD_RULER = "--- reload";

const isScenario = ({ lines }: Section): boolean => lines.some(({ text }) => text === STEPS_RULER);

/** The scenarios among the sections of all files. */
export function scenarioSections(): Section[] {
  const names = readdirSync(VECTORS_FOLDER).filter((name) => name.endsWith(".vectors"));
  return names
    .sort()
    .flatMap((name) => sections(name, readFileSync(join(VECTORS_FOLDER, name), "utf8")).filter(isScenario));
}

/** Of the files of decisions and of truth values; others in the folder have readers of their own. */
export function readVectors(): Vector[] {
  return readdirSync(VECTORS_FOLDER)
    .sort()
    .flatMap((name) => {
      const read = () => sections(name, readFileSync(join(VECTORS_FOLDER, name), "utf8"));
      if (name.endsWith(".vectors"))
        return read()
          .filter((one) => !isScenario(one))
          .map(decisionVector);
      return name.endsWith(".truth") ? read().flatMap(truthVectors) : [];
    });
}

export interface Line {
  place: string;
  text: string;
}

export interface Section {
  title: string;
  place: string;
  lines: Line[];
}

function sections(file: string, text: string): Section[] {
  const result: Section[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const place = `${file}:${index + 1}`;
    const last = result.at(-1);
    if (line.startsWith("=== ")) result.push({ title: line.slice(4), place, lines: [] });
    else if (last !== undefined) last.lines.push({ place, text: line });
    else if (line !== "") throw new Error(`${place}: \`${line}\` stands before the first title`);
  }
  return result;
}

function decisionVector({ title, place, lines }: Section): Vector {
  const ruler = lines.findIndex((line) => line.text === "---");
  if (ruler < 0) throw new Error(`${place}: no line \`---\` between policy and decisions`);
  const { policy, imports } = readDocuments(lines.slice(0, ruler));
  const decisions = lines
    .slice(ruler + 1)
    .filter((line) => line.text !== "")
    .map(readDecision);
  if (decisions.length === 0) throw new Error(`${place}: no decisions`);
  return { title, place, policy, imports, decisions };
}

/** The policy up to the first line `+++ PATH@VERSION`, and the imported documents that such lines begin. */
export function readDocuments(lines: Line[]): { policy: string; imports: ImportedText[] } {
  const documents = [{ path: "", version: "", text: "" }];
  for (const { place, text } of lines) {
    const [, path, version] = /^\+\+\+ (\S+)@(\S+)$/.exec(text) ?? [];
    if (path !== undefined && version !== undefined) documents.push({ path, version, text: "" });
    else if (text.startsWith("+++")) throw new Error(`${place}: \`${text}\` names no document`);
    else documents.at(-1)!.text += `${text}\n`;
  }
  const [policy, ...imports] = documents;
  return { policy: policy!.text, imports };
}

function readDecision({ place, text }: Line): Decision {
  const arrow = text.lastIndexOf(" -> ");
  if (arrow < 0) throw new Error(`${place}: no expectation`);
  const [call, facts] = splitLast(text.slice(0, arrow), " with ");
  return {
    place,
    action: readCall(place, call),
    facts: facts === null ? new Uint8Array() : encode(unfold(facts)),
    expected: readExpectation(place, text.slice(arrow + 4)),
  };
}

export function splitLast(text: string, separator: string): [string, string | null] {
  const at = text.lastIndexOf(separator);
  return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** `⟦text*3⟧` is the text three times. */
export const unfold = (text: string): string =>
  text.replace(/⟦([^⟧]*)\*(\d+)⟧/g, (_, part: string, times: string) => part.repeat(Number(times)));

function readCall(place: string, call: string): Uint8Array {
  if (call.startsWith("raw ")) return encode(unfold(call.slice(4)));
  if (call.startsWith("hex ")) return new Uint8Array(Buffer.from(call.slice(4), "hex"));
  const found = /^(?:as (\S+) )?(\S+) (\{.*)$/.exec(call);
  if (found === null) throw new Error(`${place}: \`${call}\` is not a call`);
  const [, agent = "a", tool, rest] = found;
  const [args, http] = splitLast(rest!, " via ");
  return encode(actionText(agent, tool!, args, http));
}

function actionText(agent: string, tool: string, args: string, http: string | null): string {
  const facet = http === null ? "" : `,"http":${http}`;
  return `{"agent":${JSON.stringify(agent)},"tool":${JSON.stringify(tool)},"args":${args}${facet}}`;
}

const FIELDS = [
  "agent",
  "credentials",
  "detail",
  "notify",
  "reason",
  "redact",
  "rule",
  // Of scenarios: what is remembered of the agent and its session afterwards.
  "calls",
  "cost",
  "children",
  "phase",
  "purpose",
  "meters",
  "pending",
  "approvals",
  "reservations",
  "closed",
] as const;

export function readExpectation(place: string, text: string): Expectation {
  const found = /^(permit|deny|defer) (\S+)(.*)$/.exec(text);
  if (found === null) throw new Error(`${place}: \`${text}\` is not an expectation`);
  const [, effect, code, rest] = found;
  const expected: Expectation = { effect: effect!, code: knownCode(place, code!), fields: [] };
  let left = rest!;
  while (left !== "") {
    const word =
      /^ (?:@(\d+)|recorded (\S+)|([a-z]+) (null|true|false|"(?:[^"\\]|\\.)*"|\{[^}]*\}|\[.*?\](?= [a-z@]|$)))/.exec(
        left,
      );
    if (word === null) throw new Error(`${place}: \`${left}\` is not understood`);
    const [all, line, recorded, field, json] = word;
    if (line !== undefined) expected.line = Number(line);
    else if (recorded !== undefined) expected.recorded = knownCode(place, recorded);
    else {
      const name = FIELDS.find((one) => one === field);
      if (name === undefined) throw new Error(`${place}: \`${field}\` is not a field of a verdict`);
      expected.fields.push({ name, value: JSON.parse(json!) });
    }
    left = left.slice(all.length);
  }
  return expected;
}

function knownCode(place: string, code: string): string {
  if (!CODES.has(code) || HOST_CODES.includes(code))
    throw new Error(`${place}: \`${code}\` is no code of a verdict`);
  return code;
}

const TRUTHS = ["true", "false", "missing", "wrong type"] as const;
type Truth = (typeof TRUTHS)[number];

/** LANGUAGE section 4: the code when a rule of that effect has a condition of that value, or null: it does not apply. */
const TABLE: Record<string, Record<Truth, string | null>> = {
  permit: { true: "rule_permit", false: null, missing: null, "wrong type": null },
  deny: { true: "rule_deny", false: null, missing: null, "wrong type": "rule_deny_wrong_type" },
  defer: { true: "rule_defer", false: null, missing: null, "wrong type": "rule_defer_wrong_type" },
  "deny!": {
    true: "deny_always",
    false: null,
    missing: "deny_always_missing",
    "wrong type": "deny_always_wrong_type",
  },
};
const WITH_MISSING_FIELDS: Record<string, string> = {
  deny: "rule_deny_missing",
  defer: "rule_defer_missing",
};
const AGENTS: Record<string, string> = {
  permit: "case-permit",
  deny: "case-deny",
  defer: "case-defer",
  "deny!": "case-never",
};

/** Two policies: `missing_fields` not written, and written. */
function truthVectors({ title, place, lines }: Section): Vector[] {
  const said = lines.filter((line) => line.text !== "");
  const declarations = said
    .filter((line) => line.text.startsWith("declare "))
    .map((line) => line.text.slice(8));
  const condition = said.find((line) => line.text.startsWith("condition "))?.text.slice(10);
  if (condition === undefined) throw new Error(`${place}: no condition`);
  const values = said.filter((line) => line.text.startsWith("{"));
  if (values.length === 0) throw new Error(`${place}: no values`);
  const other = said.find((line) => !/^(?:declare |condition |\{)/.test(line.text));
  if (other !== undefined) throw new Error(`${other.place}: \`${other.text}\` is not understood`);
  return [false, true].map((missingApplies) => ({
    title: missingApplies ? `${title}, missing fields apply` : title,
    place,
    policy: truthPolicy(condition, declarations, missingApplies),
    imports: [],
    decisions: values.flatMap((line) => truthDecisions(line, missingApplies)),
  }));
}

function truthPolicy(condition: string, declarations: string[], missingApplies: boolean): string {
  const system = missingApplies ? "system { missing_fields applies }\n" : "";
  const agents = Object.entries(AGENTS).map(([effect, name]) => {
    const otherwise = effect === "permit" ? "deny" : "permit";
    return `agent "${name}" {\n  default ${otherwise}\n  ${declarations.join("\n  ")}\n  rules {\n    ${effect} t/run when ${condition}\n  }\n}\n`;
  });
  return system + agents.join("");
}

function truthDecisions({ place, text }: Line, missingApplies: boolean): Decision[] {
  const value = TRUTHS.find((one) => text.endsWith(` ${one}`));
  if (value === undefined) throw new Error(`${place}: no truth value`);
  const [call, facts] = splitLast(text.slice(0, -value.length - 1), " with ");
  const [args, http] = splitLast(call, " via ");
  return Object.entries(AGENTS).map(([effect, agent]) => {
    const otherwise = effect === "permit" ? "deny" : "permit";
    const narrowed = missingApplies && value === "missing" ? WITH_MISSING_FIELDS[effect] : undefined;
    const code = narrowed ?? TABLE[effect]![value];
    const decided = effect === "deny!" ? "deny" : effect;
    return {
      place: `${place} (${effect})`,
      action: encode(actionText(agent, "t/run", unfold(args), http)),
      facts: facts === null ? new Uint8Array() : encode(facts),
      expected: {
        effect: code === null ? otherwise : decided,
        code: code ?? `default_${otherwise}`,
        fields: [],
      },
    };
  });
}
