import { CaseReader, Refusal, unknownWord } from "./case-reader.ts";

/**
 * Test cases of a policy, as text:
 *
 *     case "a small refund is permitted"
 *       action {"agent":"support","tool":"stripe/refund","args":{"amount":20}}
 *       facts  {"purpose":"support"}
 *       expect permit code rule_permit rule 12
 *
 * `#` starts a comment, JSON may span lines, `facts`, `code` and `rule` are optional, `rule` is LINE or FILE:LINE.
 * A case may have several steps, on one state that begins empty: further actions with what is expected of each, and between them
 *
 *       session "ID" [purpose "P"] [phase "NAME"]      opens a session; the actions that follow are in it
 *       at 2026-03-02T10:00:00Z | after 10m            the time from then on
 *       approve ["WHO"] [for 1h] | reject ["WHO"]      of the last action
 *       settle {"money":3} | refund                    of the last permit that reserved something
 *       freeze | unfreeze | child_exit | phase "NAME" | close [gates {…}]
 *
 * Each event must be applied, unless an `expect` right behind it says otherwise.
 * Everything else is refused: a case without an action or an expectation, an unknown word, a duplicate title.
 */
export interface Case {
  title: string;
  /** Line of the word `case`, from 1. */
  line: number;
  /** In order; at least one is an action. */
  steps: Step[];
}

export interface Expectation {
  effect: string;
  code: string | null;
  rule: { file: string | null; line: number } | null;
}

export interface ActionStep {
  kind: "action";
  line: number;
  action: Uint8Array;
  facts: Uint8Array | null;
  expect: Expectation;
}

export type CaseEvent =
  | { type: "session_open"; session: string; purpose: string | null; phase: string | null }
  | { type: "session_phase"; phase: string }
  | { type: "session_close"; gates: Uint8Array | null }
  | { type: "approve"; approver: string; forMs: number }
  | { type: "reject"; approver: string }
  | { type: "settle"; actual: Uint8Array | null }
  | { type: "refund" | "freeze" | "unfreeze" | "child_exit" };

export interface EventStep {
  kind: "event";
  line: number;
  event: CaseEvent;
  /** Null: it must be applied. */
  expect: Expectation | null;
}

export interface TimeStep {
  kind: "time";
  line: number;
  /** The moment, or how long after the one before; Unix milliseconds, milliseconds. */
  atMs: number | null;
  afterMs: number | null;
}

export type Step = ActionStep | EventStep | TimeStep;

export interface CaseError {
  line: number;
  column: number;
  message: string;
  help: string;
}

const EFFECTS = ["permit", "deny", "defer"];
const ACTION_WORDS = ["action", "facts", "expect"];
const EVENT_WORDS = [
  "session",
  "phase",
  "close",
  "approve",
  "reject",
  "settle",
  "refund",
  "freeze",
  "unfreeze",
  "child_exit",
];
const WORDS = [...ACTION_WORDS, "at", "after", ...EVENT_WORDS, "case"];
const APPROVER = "approver";
const HOUR_MS = 3_600_000;
const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: HOUR_MS,
  d: 24 * HOUR_MS,
  w: 7 * 24 * HOUR_MS,
};

/** Reads a cases file. One error per case at most; with any error the cases must not be run. `codes` are the known verdict codes. */
export function parseCases(
  bytes: Uint8Array,
  codes: readonly string[],
): { cases: Case[]; errors: CaseError[] } {
  const reader = new CaseReader(bytes);
  const cases: Case[] = [];
  const errors: CaseError[] = [];
  const titles = new Map<string, number>();
  while (!reader.atEnd()) {
    try {
      const { offset, ...one } = new CaseParser(reader, codes).read();
      const earlier = titles.get(one.title);
      if (earlier !== undefined) {
        throw new Refusal(
          offset,
          `the title \`${one.title}\` stands twice`,
          `line ${earlier} has it too: give each case its own`,
        );
      }
      titles.set(one.title, one.line);
      cases.push(one);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      errors.push({ ...reader.place(error.offset), message: error.message, help: error.help });
      reader.toNextCase();
    }
  }
  return { cases, errors };
}

/** An action whose parts are still being read, in any order. */
interface Open {
  offset: number;
  action: Uint8Array | null;
  facts: Uint8Array | null;
  expect: Expectation | null;
}

class CaseParser {
  readonly #reader: CaseReader;
  readonly #codes: readonly string[];
  readonly #steps: Step[] = [];
  #open: Open | null = null;
  #title = "";
  #offset = 0;

  constructor(reader: CaseReader, codes: readonly string[]) {
    this.#reader = reader;
    this.#codes = codes;
  }

  read(): Case & { offset: number } {
    const reader = this.#reader;
    reader.atEnd();
    const { offset } = reader;
    this.#offset = offset;
    const first = reader.peek();
    if (first !== "case") throw unknownWord(offset, first, ["case"], 'each case starts as `case "TITLE"`');
    reader.word();
    this.#title = reader.string(
      "the case's title",
      'write it in quotes, as `case "a small refund is permitted"`',
    );
    while (!reader.atEnd() && reader.peek() !== "case") this.#part();
    this.#close();
    if (!this.#steps.some(({ kind }) => kind === "action")) {
      throw new Refusal(offset, `the case \`${this.#title}\` has no action`, "add `action {…}`");
    }
    return { title: this.#title, line: reader.place(offset).line, steps: this.#steps, offset };
  }

  #part(): void {
    const reader = this.#reader;
    reader.atEnd();
    const at = reader.offset;
    const word = reader.word();
    if (word === "action" || word === "facts") {
      this.#begin(word, at)[word] = reader.object(word);
      return;
    }
    if (word === "expect") {
      const event = this.#steps.at(-1);
      // Right behind an event an expectation is the event's.
      if (this.#open === null && event?.kind === "event" && event.expect === null) {
        event.expect = this.#expectation();
      } else this.#begin("expect", at).expect = this.#expectation();
      return;
    }
    const { line } = reader.place(at);
    if (word === "at" || word === "after") this.#push({ kind: "time", line, ...this.#time(word) });
    else if (EVENT_WORDS.includes(word)) {
      this.#push({ kind: "event", line, event: this.#event(word), expect: null });
    } else {
      throw unknownWord(at, word, WORDS, "a case has `action`, `facts` and `expect`, and steps between them");
    }
  }

  /** Where a part of an action goes: into the one that is open, or into the next when that one is whole. */
  #begin(part: "action" | "facts" | "expect", offset: number): Open {
    const open = this.#open;
    const isWhole = open !== null && open.action !== null && open.expect !== null;
    if (open !== null && !isWhole && open[part] === null) return open;
    if (open !== null && !isWhole) {
      throw new Refusal(
        offset,
        `\`${part}\` stands twice in one step`,
        "each action has its own `expect`: write `action {…} expect …` for each",
      );
    }
    this.#close();
    this.#open = { offset, action: null, facts: null, expect: null };
    return this.#open;
  }

  #push(step: Step): void {
    this.#close();
    this.#steps.push(step);
  }

  /** Ends the action that is open. */
  #close(): void {
    const open = this.#open;
    this.#open = null;
    if (open === null) return;
    const { offset, action, facts, expect } = open;
    // Of a case with one step, the case itself is at fault.
    const isFirst = this.#steps.length === 0;
    const what = isFirst ? `the case \`${this.#title}\`` : "this step";
    const at = isFirst ? this.#offset : offset;
    if (action === null) throw new Refusal(at, `${what} has no action`, "add `action {…}`");
    if (expect === null) {
      throw new Refusal(
        at,
        `${what} expects nothing`,
        "add `expect permit`, `expect deny` or `expect defer`",
      );
    }
    this.#steps.push({ kind: "action", line: this.#reader.place(offset).line, action, facts, expect });
  }

  #time(word: "at" | "after"): Pick<TimeStep, "atMs" | "afterMs"> {
    if (word === "after") return { atMs: null, afterMs: this.#duration() };
    this.#reader.atEnd();
    const at = this.#reader.offset;
    const text = this.#reader.word();
    const atMs = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z$/.test(text)
      ? Date.parse(text)
      : Number.NaN;
    if (Number.isNaN(atMs)) {
      throw new Refusal(at, `\`${text}\` is not a time`, "write it as `at 2026-03-02T10:00:00Z`");
    }
    return { atMs, afterMs: null };
  }

  #duration(): number {
    this.#reader.atEnd();
    const at = this.#reader.offset;
    const text = this.#reader.word();
    const match = /^(\d{1,9})(ms|s|m|h|d|w)$/.exec(text);
    if (match === null)
      throw new Refusal(at, `\`${text}\` is not a duration`, "write it as `30s`, `10m` or `24h`");
    return Number(match[1]) * UNITS[match[2]!]!;
  }

  #take(word: string): boolean {
    if (this.#reader.peek() !== word) return false;
    this.#reader.word();
    return true;
  }

  #approver(): string {
    return this.#reader.atString() ? this.#reader.string("who answers", 'as `approve "ada"`') : APPROVER;
  }

  #event(word: string): CaseEvent {
    const reader = this.#reader;
    const name = (what: string): string => reader.string(what, `write it in quotes, as \`${word} "NAME"\``);
    switch (word) {
      case "session": {
        const session = name("the session's name");
        const purpose = this.#take("purpose") ? name("the purpose") : null;
        return {
          type: "session_open",
          session,
          purpose,
          phase: this.#take("phase") ? name("the phase") : null,
        };
      }
      case "phase":
        return { type: "session_phase", phase: name("the phase") };
      case "close":
        return { type: "session_close", gates: this.#take("gates") ? reader.object("gates") : null };
      case "approve": {
        const approver = this.#approver();
        return { type: "approve", approver, forMs: this.#take("for") ? this.#duration() : HOUR_MS };
      }
      case "reject":
        return { type: "reject", approver: this.#approver() };
      case "settle":
        return { type: "settle", actual: reader.atObject() ? reader.object("settle") : null };
      default:
        return { type: word as "refund" | "freeze" | "unfreeze" | "child_exit" };
    }
  }

  #expectation(): Expectation {
    const reader = this.#reader;
    reader.atEnd();
    const at = reader.offset;
    const effect = reader.word();
    if (!EFFECTS.includes(effect)) throw unknownWord(at, effect, EFFECTS, "expect permit, deny or defer");
    let code: string | null = null;
    let rule: Expectation["rule"] = null;
    for (;;) {
      const word = reader.peek();
      if (word === "code" && code === null) code = this.#code();
      else if (word === "rule" && rule === null) rule = this.#rule();
      else return { effect, code, rule };
    }
  }

  #code(): string {
    this.#reader.word();
    this.#reader.atEnd();
    const at = this.#reader.offset;
    const code = this.#reader.word();
    if (!this.#codes.includes(code)) {
      throw unknownWord(at, code, this.#codes, "`faramesh codes` lists the codes");
    }
    return code;
  }

  #rule(): NonNullable<Expectation["rule"]> {
    this.#reader.word();
    this.#reader.atEnd();
    const at = this.#reader.offset;
    const text = this.#reader.word();
    const match = /^(?:(.+):)?([1-9][0-9]{0,8})$/.exec(text);
    if (match === null) {
      throw new Refusal(
        at,
        `\`${text}\` is not the place of a rule`,
        "write `rule LINE` or `rule FILE:LINE`",
      );
    }
    return { file: match[1] ?? null, line: Number(match[2]) };
  }
}
