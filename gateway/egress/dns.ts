/** DNS, RFC 1035, answered here and never forwarded: a name's address is one that stands for the name. */
import { fromLatin1, latin1, readU16 } from "./bytes.ts";
import { parseName } from "./host.ts";
import { ANSWER_TTL_SECONDS, MAX_QUERY_BYTES } from "./limits.ts";

const HEAD_BYTES = 12;
const TYPE_A = 1;
const TYPE_OPT = 41;
const CLASS_IN = 1;
const RESPONSE = 0x8000;
const OPCODE = 0x7800;
const RECURSION_DESIRED = 0x0100;
const RECURSION_AVAILABLE = 0x0080;

const NO_ERROR = 0;
const FORMAT_ERROR = 1;
const SERVER_FAILURE = 2;
const NAME_ERROR = 3;
const NOT_IMPLEMENTED = 4;

/** What the name's address is: four bytes, or null when there is none left. */
export type Lookup = (name: string) => Uint8Array | null;

interface Question {
  /** Labels joined by dots, one character for each byte; null when they hold a dot themselves. */
  readonly name: string | null;
  readonly type: number;
  readonly class: number;
  readonly end: number;
}

function parseQuestion(message: Uint8Array): Question | null {
  const labels: string[] = [];
  let at = HEAD_BYTES;
  for (;;) {
    const length = message[at];
    // No compression: there is nothing yet to point to. RFC 1035 section 4.1.4.
    if (length === undefined || length > 63 || at - HEAD_BYTES > 254) return null;
    at += 1;
    if (length === 0) break;
    if (at + length > message.length) return null;
    labels.push(latin1(message, at, at + length));
    at += length;
  }
  if (at + 4 > message.length) return null;
  const name = labels.some((label) => label.includes(".")) ? null : labels.join(".");
  return { name, type: readU16(message, at), class: readU16(message, at + 2), end: at + 4 };
}

/** Nothing, or one OPT record of RFC 6891 section 6.1.2, to the end. */
function isRestSound(message: Uint8Array, at: number, additional: number): boolean {
  if (additional === 0) return at === message.length;
  if (at + 11 > message.length || message[at] !== 0 || readU16(message, at + 1) !== TYPE_OPT) return false;
  return at + 11 + readU16(message, at + 9) === message.length;
}

function reply(message: Uint8Array, code: number, end: number, address: Uint8Array | null): Uint8Array {
  const hasQuestion = end > HEAD_BYTES;
  const answer = new Uint8Array(end + (address === null ? 0 : 16));
  answer.set(message.subarray(0, end));
  const flags = RESPONSE | (readU16(message, 2) & (OPCODE | RECURSION_DESIRED)) | RECURSION_AVAILABLE | code;
  answer.set([flags >> 8, flags & 0xff, 0, hasQuestion ? 1 : 0, 0, address === null ? 0 : 1, 0, 0, 0, 0], 2);
  if (address !== null) {
    // A pointer to the question's name.
    answer.set(
      [0xc0, HEAD_BYTES, 0, TYPE_A, 0, CLASS_IN, 0, 0, 0, ANSWER_TTL_SECONDS, 0, 4, ...address],
      end,
    );
  }
  return answer;
}

/** The answer to one message, or null: it is dropped. */
export function answerQuery(message: Uint8Array, lookup: Lookup): Uint8Array | null {
  if (message.length < HEAD_BYTES || message.length > MAX_QUERY_BYTES) return null;
  const flags = readU16(message, 2);
  if ((flags & RESPONSE) !== 0) return null;
  if ((flags & OPCODE) !== 0) return reply(message, NOT_IMPLEMENTED, HEAD_BYTES, null);
  const [questions, answers, authorities, additional] = [4, 6, 8, 10].map((at) => readU16(message, at));
  const question =
    questions === 1 && answers === 0 && authorities === 0 && additional! <= 1 ? parseQuestion(message) : null;
  if (question === null || !isRestSound(message, question.end, additional!))
    return reply(message, FORMAT_ERROR, HEAD_BYTES, null);
  if (question.class !== CLASS_IN) return reply(message, NOT_IMPLEMENTED, question.end, null);
  if (question.type !== TYPE_A) return reply(message, NO_ERROR, question.end, null);
  const host = question.name === null ? null : parseName(question.name);
  if (host === null || !host.ok || host.value.address !== null || question.name!.endsWith("."))
    return reply(message, NAME_ERROR, question.end, null);
  const address = host.value.text === "localhost" ? Uint8Array.of(127, 0, 0, 1) : lookup(host.value.text);
  return reply(message, address === null ? SERVER_FAILURE : NO_ERROR, question.end, address);
}

/** For tests and tools: a query of a name that is one. */
export function queryFor(id: number, name: string, type = TYPE_A): Uint8Array {
  const labels = name.split(".").map((label) => `${String.fromCharCode(label.length)}${label}`);
  const head = [id >> 8, id & 0xff, RECURSION_DESIRED >> 8, 0, 0, 1, 0, 0, 0, 0, 0, 0];
  return Uint8Array.from([...head, ...fromLatin1(labels.join("")), 0, type >> 8, type & 0xff, 0, CLASS_IN]);
}
