/**
 * Splits the raw text of a call into the action's and the facts' exact bytes. Nothing is parsed and written anew: the
 * core must see duplicate keys, odd numbers and broken text as they came, and it alone refuses them.
 */

export interface Call {
  action: Uint8Array;
  /** Null: the call brings none. */
  facts: Uint8Array | null;
}

interface Member {
  key: string;
  /** The member's raw text, `"key" : value`. */
  raw: Uint8Array;
  value: Uint8Array;
}

const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

const encoder = new TextEncoder();

function isSpace(byte: number | undefined): boolean {
  return byte === SPACE || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

export function skipSpace(bytes: Uint8Array, offset: number): number {
  let index = offset;
  while (isSpace(bytes[index])) index++;
  return index;
}

/** The end of the string that starts at `offset` (a quote), or -1 when it does not end. */
export function skipString(bytes: Uint8Array, offset: number): number {
  for (let index = offset + 1; index < bytes.length; index++) {
    const byte = bytes[index];
    if (byte === BACKSLASH) index++;
    else if (byte === QUOTE) return index + 1;
  }
  return -1;
}

/**
 * The end of the JSON value that starts at `offset`, or -1 when brackets or quotes do not close. Only quotes and brackets
 * are looked at: what stands between them is the core's to judge.
 */
export function skipValue(bytes: Uint8Array, offset: number): number {
  const first = bytes[offset];
  if (first === QUOTE) return skipString(bytes, offset);
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return skipScalar(bytes, offset);
  const closers: number[] = [];
  for (let index = offset; index < bytes.length; ) {
    const byte = bytes[index];
    if (byte === QUOTE) {
      index = skipString(bytes, index);
      if (index < 0) return -1;
      continue;
    }
    if (byte === OPEN_BRACE) closers.push(CLOSE_BRACE);
    else if (byte === OPEN_BRACKET) closers.push(CLOSE_BRACKET);
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      if (closers.pop() !== byte) return -1;
      if (closers.length === 0) return index + 1;
    }
    index++;
  }
  return -1;
}

function skipScalar(bytes: Uint8Array, offset: number): number {
  let index = offset;
  while (index < bytes.length) {
    const byte = bytes[index]!;
    if (isSpace(byte) || byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET) break;
    if (byte === QUOTE || byte === OPEN_BRACE || byte === OPEN_BRACKET || byte === COLON) return -1;
    index++;
  }
  return index === offset ? -1 : index;
}

/** The members of the object that is the whole text, or null when the text cannot be split. */
function splitObject(bytes: Uint8Array): Member[] | null {
  let index = skipSpace(bytes, 0);
  if (bytes[index] !== OPEN_BRACE) return null;
  index = skipSpace(bytes, index + 1);
  const members: Member[] = [];
  if (bytes[index] === CLOSE_BRACE) return skipSpace(bytes, index + 1) === bytes.length ? members : null;
  for (;;) {
    const start = index;
    const keyEnd = bytes[index] === QUOTE ? skipString(bytes, index) : -1;
    if (keyEnd < 0) return null;
    const key = decodeKey(bytes.subarray(start, keyEnd));
    const colon = skipSpace(bytes, keyEnd);
    if (key === null || bytes[colon] !== COLON) return null;
    const valueStart = skipSpace(bytes, colon + 1);
    const end = skipValue(bytes, valueStart);
    if (end < 0) return null;
    members.push({ key, raw: bytes.subarray(start, end), value: bytes.subarray(valueStart, end) });
    index = skipSpace(bytes, end);
    if (bytes[index] === CLOSE_BRACE) return skipSpace(bytes, index + 1) === bytes.length ? members : null;
    if (bytes[index] !== COMMA) return null;
    index = skipSpace(bytes, index + 1);
  }
}

function decodeKey(bytes: Uint8Array): string | null {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)) as string;
  } catch {
    return null;
  }
}

function joinObject(members: Uint8Array[]): Uint8Array {
  const length =
    members.reduce((sum, member) => sum + member.length, 0) + Math.max(0, members.length - 1) + 2;
  const object = new Uint8Array(length);
  object[0] = OPEN_BRACE;
  let offset = 1;
  members.forEach((member, index) => {
    if (index > 0) object[offset++] = COMMA;
    object.set(member, offset);
    offset += member.length;
  });
  object[offset] = CLOSE_BRACE;
  return object;
}

function isNull(member: Member): boolean {
  const [n, u, l1, l2] = member.value;
  return member.value.length === 4 && n === 0x6e && u === 0x75 && l1 === 0x6c && l2 === 0x6c;
}

/** The object with a member of its own at the front, unless it has one of that key that is not null: then null. */
function withMember(members: Member[], key: string, value: string | number): Uint8Array | null {
  if (members.some((member) => member.key === key && !isNull(member))) return null;
  const rest = members.filter((member) => member.key !== key);
  const raw = encoder.encode(`${JSON.stringify(key)}:${JSON.stringify(value)}`);
  return joinObject([raw, ...rest.map((member) => member.raw)]);
}

/** What the host adds to a call that does not say it. */
export interface HostFacts {
  /** The agent that is calling: for an action that names none, and for the facts, so that another agent's action is refused. */
  agent: string | null;
  /** Unix milliseconds. */
  time: number | null;
  salt: string | null;
}

export const NO_HOST_FACTS: HostFacts = { agent: null, time: null, salt: null };

/** The facts with what the host adds; a text that cannot be split stays as it is. */
export function withHostFacts(facts: Uint8Array | null, host: HostFacts): Uint8Array | null {
  let next = facts;
  for (const key of ["agent", "time", "salt"] as const) {
    const value = host[key];
    if (value === null) continue;
    const members = next === null ? [] : splitObject(next);
    if (members === null) return next;
    next = withMember(members, key, value) ?? next;
  }
  return next;
}

/**
 * Reads one call. A text whose outermost object has exactly one member `action` is an envelope: that member is the action, the
 * others are the facts. Any other text is the action itself, also one that cannot be split: the core refuses it.
 */
export function readCall(text: Uint8Array, host: HostFacts): Call {
  const members = splitObject(text);
  const actions = members?.filter((member) => member.key === "action") ?? [];
  if (members === null || actions.length > 1) return { action: text, facts: null };
  const envelope = actions[0];
  const given = members.filter((member) => member.key !== "action").map((member) => member.raw);
  const facts = envelope === undefined || given.length === 0 ? null : joinObject(given);
  let action = envelope === undefined ? text : envelope.value;
  const actionMembers = envelope === undefined ? members : splitObject(action);
  if (host.agent !== null && actionMembers !== null)
    action = withMember(actionMembers, "agent", host.agent) ?? action;
  return { action, facts: withHostFacts(facts, host) };
}

/** The action in that session, unless it names one. */
export function inSession(action: Uint8Array, session: string): Uint8Array {
  const members = splitObject(action);
  return (members === null ? null : withMember(members, "session", session)) ?? action;
}

/** The object without some of its members; a text that cannot be split stays as it is. */
export function withoutMembers(object: Uint8Array | null, keys: readonly string[]): Uint8Array | null {
  const members = object === null ? null : splitObject(object);
  if (members === null || !members.some(({ key }) => keys.includes(key))) return object;
  return joinObject(members.filter(({ key }) => !keys.includes(key)).map(({ raw }) => raw));
}

export interface Line {
  /** From 1. */
  number: number;
  text: Uint8Array;
  /** False: the text is only the line's beginning, and must not be read as if it ended there. */
  whole: boolean;
}

/** Splits a byte stream into lines (LF, a CR before it dropped), lines of blanks left out. */
export class LineSplitter {
  readonly #limit: number;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #number = 0;
  #whole = true;

  /** A longer line is cut at `limit` bytes; choose it above what the core accepts, so that it refuses the line. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  *push(chunk: Uint8Array): Generator<Line> {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(0x0a, start);
      if (end < 0) break;
      this.#keep(chunk.subarray(start, end));
      yield* this.#take();
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
  }

  /** The last line, when it does not end in LF. */
  *end(): Generator<Line> {
    if (this.#pendingBytes > 0) yield* this.#take();
  }

  #keep(part: Uint8Array): void {
    const room = this.#limit - this.#pendingBytes;
    if (part.length > room) this.#whole = false;
    if (part.length === 0 || room <= 0) return;
    this.#pending.push(part.slice(0, room));
    this.#pendingBytes += Math.min(part.length, room);
  }

  *#take(): Generator<Line> {
    let text = this.#pending.length === 1 ? this.#pending[0]! : Buffer.concat(this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#number++;
    const whole = this.#whole;
    this.#whole = true;
    if (whole && text[text.length - 1] === 0x0d) text = text.subarray(0, -1);
    if (!whole || skipSpace(text, 0) < text.length) yield { number: this.#number, text, whole };
  }
}
