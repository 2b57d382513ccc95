/** The text of an event (engine/ABI.md "Events"): its fields, in the order in which they are checked. */
import { present, sortedNames } from "../action.ts";
import { isDigest, isTime, moneyOf, tokensOf } from "../facts.ts";
import { type Json, Refusal } from "../json.ts";

export type EventType =
  | "session_open"
  | "session_phase"
  | "session_close"
  | "settle"
  | "refund"
  | "approve"
  | "reject"
  | "freeze"
  | "unfreeze"
  | "child_exit"
  | "delegation_grant"
  | "delegation_revoke"
  | "incident";

/** Fields of its type that the event has; numbers are BigInts, `money` is millionths. */
export interface Event {
  type: EventType;
  agent: string;
  texts: Record<string, string>;
  numbers: Record<string, bigint>;
  chain: string[];
}

/** `?`: may be left out. */
const FIELDS: Record<EventType, string[]> = {
  session_open: ["session", "purpose?", "phase?"],
  session_phase: ["session", "phase"],
  session_close: ["session", "reason?"],
  settle: ["reservation", "session?", "chain?", "money?", "tokens?", "bytes?"],
  refund: ["reservation", "session?", "chain?", "reason?"],
  approve: ["action_digest", "approver", "expires", "session?", "chain?", "reason?"],
  reject: ["action_digest", "approver", "session?", "chain?", "reason?"],
  freeze: ["reason?", "by?"],
  unfreeze: ["reason?", "by?"],
  child_exit: [],
  delegation_grant: ["grant", "to", "expires", "reason?"],
  delegation_revoke: ["grant", "reason?", "by?"],
  incident: ["id", "reason?", "by?"],
};

const MAX_PURPOSE_BYTES = 256;
const MAX_CHAIN = 8;
const MAX_SEQUENCE = 2n ** 53n - 1n;

const invalid = (field: string): never => {
  throw new Refusal("event_invalid", { field });
};

/** The type, when it is one; for a record that names the type of a refused event too. */
export function eventType(json: Json): EventType | null {
  const type = json.kind === "object" ? present(json, "type") : undefined;
  return type?.kind === "string" && Object.hasOwn(FIELDS, type.value) ? (type.value as EventType) : null;
}

/** Throws Refusal for what is no event. */
export function readEvent(json: Json): Event {
  if (json.kind !== "object") throw new Refusal("event_invalid", null);
  const type = eventType(json) ?? invalid("type");
  const fields = FIELDS[type];
  const names = fields.map((field) => field.replace("?", ""));
  for (const name of sortedNames(json)) {
    if (!["type", "agent", ...names].includes(name)) invalid(name);
  }
  const agent = present(json, "agent");
  if (agent?.kind !== "string") return invalid("agent");
  const event: Event = { type, agent: agent.value, texts: {}, numbers: {}, chain: [] };
  for (const [index, name] of names.entries()) {
    const value = present(json, name);
    if (value === undefined) {
      if (!fields[index]!.endsWith("?")) invalid(name);
      continue;
    }
    readField(event, name, value);
  }
  return event;
}

function readField(event: Event, name: string, value: Json): void {
  if (name === "chain") {
    event.chain = chainOf(value, event.agent) ?? invalid(name);
  } else if (NUMBERS[name] !== undefined) {
    const number = NUMBERS[name](value) ?? invalid(name);
    event.numbers[name] = number;
  } else {
    const text = value.kind === "string" ? value.value : invalid(name);
    if ((name === "action_digest" || name === "grant") && !isDigest(text)) invalid(name);
    if (name === "approver" && text === "") invalid(name);
    if (name === "purpose" && Buffer.byteLength(text) > MAX_PURPOSE_BYTES) invalid(name);
    event.texts[name] = text;
  }
}

const NUMBERS: Record<string, ((value: Json) => bigint | null) | undefined> = {
  reservation: (value) => {
    const count = tokensOf(value);
    return count !== null && count <= MAX_SEQUENCE ? count : null;
  },
  expires: (value) => (value.kind === "number" && isTime(value.text) ? BigInt(value.text) : null),
  money: moneyOf,
  tokens: tokensOf,
  bytes: tokensOf,
};

function chainOf(value: Json, agent: string): string[] | null {
  if (value.kind !== "list" || value.items.length === 0 || value.items.length > MAX_CHAIN) return null;
  const names = value.items.flatMap((one) => (one.kind === "string" ? [one.value] : []));
  const isWhole = names.length === value.items.length;
  return isWhole && new Set([...names, agent]).size === names.length + 1 ? names : null;
}
