/** A response's head, read as strictly as a request's: what is malformed is not handed on to be guessed at. */
import { fault, type Parsed, parsed } from "./faults.ts";
import {
  endToEnd,
  type Field,
  type Framing,
  fieldValue,
  framingOf,
  headLines,
  listOf,
  parseResponseFields,
} from "./fields.ts";
import { framingLines } from "./request.ts";

export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  readonly fields: readonly Field[];
  readonly framing: Framing;
  /** `content-length` where there is no body: of HEAD and 304. */
  readonly statedLength: string | null;
  /** The server's connection ends behind it. */
  readonly closes: boolean;
}

/** @param head up to and with its empty line. @param method of the request. */
export function parseResponse(head: Uint8Array, method: string): Parsed<ResponseHead> {
  const [first = "", ...rest] = headLines(head);
  const match = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/.exec(first);
  if (match === null) return fault("response_invalid");
  const minor = Number(match[1]);
  const status = Number(match[2]);
  const fields = parseResponseFields(rest);
  const stated = fields.ok ? framingOf(fields.value, minor, "close") : fields;
  const kept = fields.ok ? endToEnd(fields.value) : fields;
  if (!fields.ok || !stated.ok || !kept.ok) return fault("response_invalid");
  // RFC 9112 section 6.3.
  const isBare = method === "HEAD" || status < 200 || status === 204 || status === 304;
  const mayState = isBare && status >= 200 && status !== 204;
  return parsed({
    status,
    reason: match[3] ?? "",
    fields: kept.value,
    framing: isBare ? { kind: "none" } : stated.value,
    statedLength: mayState ? fieldValue(fields.value, "content-length") : null,
    closes: minor === 0 || listOf(fields.value, "connection").includes("close"),
  });
}

/** @param framing as the program gets it. @param closes whether its connection ends behind it. */
export function responseText(head: ResponseHead, framing: Framing, closes: boolean): string {
  const lines = head.fields.map(({ name, value }) => `${name}: ${value}\r\n`).join("");
  const stated = head.statedLength === null ? "" : `content-length: ${head.statedLength}\r\n`;
  const upgrade = head.status === 101 ? "connection: Upgrade\r\nupgrade: websocket\r\n" : "";
  const close = closes && head.status !== 101 ? "connection: close\r\n" : "";
  return `HTTP/1.1 ${head.status} ${head.reason}\r\n${lines}${stated}${framingLines(framing)}${upgrade}${close}\r\n`;
}
