/** Reads scenarios (README.md): a policy, then steps that all remember what came before. Throws for a line that is not understood. */
import { createHash } from "node:crypto";
import {
  type Expectation,
  type ImportedText,
  type Line,
  RELOAD_RULER,
  readDocuments,
  readExpectation,
  type Section,
  STEPS_RULER,
  scenarioSections,
  splitLast,
  unfold,
} from "./vectors.ts";

export interface ScenarioStep {
  /** `file:line`, for messages. */
  place: string;
  kind: "action" | "event";
  text: Uint8Array;
  facts: Uint8Array;
  withState: boolean;
  /** The policy that is loaded before the step. */
  reload?: { policy: string; imports: ImportedText[] };
  expected: Expectation;
}

export interface Scenario {
  title: string;
  place: string;
  policy: string;
  imports: ImportedText[];
  steps: ScenarioStep[];
}

/** 2026-01-01, midnight UTC, where every scenario begins. */
const BEGIN_MS = 1_767_225_600_000n;

const UNITS: Record<string, bigint> = {
  ms: 1n,
  s: 1000n,
  m: 60_000n,
  h: 3_600_000n,
  d: 86_400_000n,
};

export const readScenarios = (): Scenario[] => scenarioSections().map(readScenario);

function readScenario({ title, place, lines }: Section): Scenario {
  const ruler = lines.findIndex((line) => line.text === STEPS_RULER);
  const own = readDocuments(lines.slice(0, ruler));
  const reader = new StepReader();
  const steps: ScenarioStep[] = [];
  let reload: ScenarioStep["reload"];
  for (let at = ruler + 1; at < lines.length; at++) {
    const line = lines[at]!;
    if (line.text === RELOAD_RULER) {
      if (reload !== undefined) throw new Error(`${line.place}: no step behind the reload before`);
      const end = lines.findIndex(({ text }, index) => index > at && text === STEPS_RULER);
      if (end < 0) throw new Error(`${line.place}: no \`${STEPS_RULER}\` behind the policy`);
      reload = end === at + 1 ? own : readDocuments(lines.slice(at + 1, end));
      at = end;
    } else if (line.text !== "" && !line.text.startsWith("# ")) {
      const [first, ...others] = reader.read(line) ?? [];
      if (first === undefined) continue;
      steps.push(reload === undefined ? first : { ...first, reload }, ...others);
      reload = undefined;
    }
  }
  if (steps.length === 0 || reload !== undefined) throw new Error(`${place}: no steps`);
  return { title, place, ...own, steps };
}

class StepReader {
  private now = BEGIN_MS;
  private count = 0;
  private readonly labels = new Map<string, { sequence: number; digest: string }>();

  /** Null for a line that only moves the clock. */
  read(line: Line): ScenarioStep[] | null {
    const clock = /^at ([+-]?)((?:\d+[a-z]+)+)$/.exec(line.text);
    if (clock !== null) {
      this.move(line.place, clock[1]!, clock[2]!);
      return null;
    }
    const times = /^(\d+) times (.*)$/.exec(line.text);
    const one = times === null ? line : { place: line.place, text: times[2]! };
    return Array.from({ length: Number(times?.[1] ?? 1) }, (_, index) => this.step(repeated(one, index)));
  }

  /** `+5s` and `-5s` from the time before, `5s` from the beginning. */
  private move(place: string, sign: string, durations: string): void {
    let ms = 0n;
    for (const [, amount, unit] of durations.matchAll(/(\d+)([a-z]+)/g)) {
      const length = UNITS[unit!];
      if (length === undefined) throw new Error(`${place}: \`${unit}\` is no unit of time`);
      ms += BigInt(amount!) * length;
    }
    this.now = sign === "" ? BEGIN_MS + ms : this.now + (sign === "-" ? -ms : ms);
  }

  private step({ place, text }: Line): ScenarioStep {
    const arrow = text.lastIndexOf(" -> ");
    if (arrow < 0) throw new Error(`${place}: no expectation`);
    const labelled = /^(?:([a-z0-9]+): )?(.*)$/.exec(this.filled(place, text.slice(0, arrow)))!;
    const [call, ownFacts] = splitLast(labelled[2]!, " with ");
    const [, isStateless, rest] = /^(stateless )?(.*)$/.exec(call)!;
    const kind = rest!.startsWith("event ") ? "event" : "action";
    const input = kind === "event" ? eventText(place, rest!) : actionText(place, rest!);
    const facts = unfold(ownFacts ?? "{}");
    const hasTime = /"time":/.test(facts);
    const withTime = hasTime ? facts : `{"time":${this.now}${facts === "{}" ? "" : ","}${facts.slice(1)}`;
    const sequence = this.count++;
    if (labelled[1] !== undefined) this.labels.set(labelled[1], { sequence, digest: digestOf(input) });
    const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
    return {
      place,
      kind,
      text: encode(input),
      facts: encode(withTime),
      withState: isStateless === undefined,
      expected: readExpectation(place, this.filled(place, text.slice(arrow + 4))),
    };
  }

  /** `<now+5m>`: a time; `<sequence NAME>`, `<digest NAME>`: of the step of that label. */
  private filled(place: string, text: string): string {
    return text.replace(
      /<(now|sequence|digest)(?:([+-])(\d+)([a-z]+)| (\w+))?>/g,
      (_, what, sign, amount, unit, name) => {
        if (what === "now") {
          const ms = amount === undefined ? 0n : BigInt(amount) * UNITS[unit]!;
          return String(sign === "-" ? this.now - ms : this.now + ms);
        }
        const label = this.labels.get(name);
        if (label === undefined) throw new Error(`${place}: no step is labelled \`${name}\``);
        return String(what === "sequence" ? label.sequence : label.digest);
      },
    );
  }
}

/** `<index>`: how often it was done before; `<hex>`: the same in 4 hexadecimal digits. */
const repeated = ({ place, text }: Line, index: number): Line => ({
  place,
  text: text.replace("<index>", String(index)).replace("<hex>", index.toString(16).padStart(4, "0")),
});

/** Of a text that is canonical already, as the texts here are. */
const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex");

/** `[as AGENT] [in SESSION] TOOL ARGS [via HTTP]`, as canonical JSON when ARGS and HTTP are. */
function actionText(place: string, call: string): string {
  const found = /^(?:as (\S+) )?(?:in (\S+) )?(\S+) (\{.*)$/.exec(call);
  if (found === null) throw new Error(`${place}: \`${call}\` is not a call`);
  const [, agent = "a", session, tool, rest] = found;
  const [args, http] = splitLast(unfold(rest!), " via ");
  const fields = [
    `"agent":${JSON.stringify(agent)}`,
    `"args":${args}`,
    ...(http === null ? [] : [`"http":${http}`]),
    ...(session === undefined ? [] : [`"session":${JSON.stringify(session)}`]),
    `"tool":${JSON.stringify(tool)}`,
  ];
  return `{${fields.join(",")}}`;
}

/** `event TYPE [as AGENT] [in SESSION] [FIELDS]`. */
function eventText(place: string, call: string): string {
  const found = /^event (\S+)(?: as (\S+))?(?: in (\S+))?(?: \{(.*)\})?$/.exec(call);
  if (found === null) throw new Error(`${place}: \`${call}\` is not an event`);
  const [, type, agent = "a", session, fields = ""] = found;
  const parts = [
    `"agent":${JSON.stringify(agent)}`,
    ...(session === undefined ? [] : [`"session":${JSON.stringify(session)}`]),
    `"type":${JSON.stringify(type)}`,
    ...(fields === "" ? [] : [unfold(fields)]),
  ];
  return `{${parts.join(",")}}`;
}
