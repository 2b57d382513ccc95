/**
 * What a control plane answers beside decisions:
 *
 *   POST /v1/events        {"type","agent",…}: sessions, settlements and refunds, by who asks for decisions
 *   POST /v1/operations    {"type","agent",…}: approvals, rejections, freezing, by operators
 *   GET  /v1/records?from= lines of the log (docs/operations/logs.md) from that sequence on, some of them, for operators; none: there are no more
 *
 * Fields are those of engine/ABI.md "Events", and `facts`, a JSON text within a string. Without an operators' token the last two are not there.
 */
import type { Hono } from "hono";
import type { ControlPlane, Decision } from "../../control/plane.ts";
import type { SealedRecord } from "../../control/ports.ts";
import { jsonObject } from "./decisions.ts";
import { authorized, checkToken, type Fault, faultBody, limited, NOT_FOUND } from "./faults.ts";

type Governed = Awaited<ReturnType<Decision["settle"]>>;
type Fields = Readonly<Record<string, unknown>>;

export interface EventService {
  /** Before each event: what `decide` does for itself. */
  ready(): Promise<void>;
  readonly plane: ControlPlane;
  /** From that sequence on, in order, up to the end. */
  records(from: number): AsyncIterable<SealedRecord>;
}

interface EventForm {
  readonly fields: readonly string[];
  /** The core judges what the fields hold. */
  send(plane: ControlPlane, fields: never): Promise<Governed>;
}

const EVENTS: Readonly<Record<string, EventForm>> = {
  session_open: {
    fields: ["session", "purpose", "phase"],
    send: (plane, fields) => plane.openSession(fields),
  },
  session_phase: { fields: ["session", "phase"], send: (plane, fields) => plane.setPhase(fields) },
  session_close: { fields: ["session", "reason"], send: (plane, fields) => plane.closeSession(fields) },
  settle: {
    fields: ["session", "reservation", "money", "tokens", "bytes"],
    send: (plane, fields) => plane.settle(fields),
  },
  refund: { fields: ["session", "reservation", "reason"], send: (plane, fields) => plane.refund(fields) },
};

const OPERATIONS: Readonly<Record<string, EventForm>> = {
  approve: {
    fields: ["session", "action_digest", "approver", "expires", "reason"],
    send: (plane, fields) => plane.approve(withDigest(fields)),
  },
  reject: {
    fields: ["session", "action_digest", "approver", "reason"],
    send: (plane, fields) => plane.reject(withDigest(fields)),
  },
  freeze: { fields: ["reason", "by"], send: (plane, fields) => plane.freeze(fields) },
  unfreeze: { fields: ["reason", "by"], send: (plane, fields) => plane.unfreeze(fields) },
};

function withDigest({ action_digest, ...fields }: Fields): never {
  return { ...fields, actionDigest: action_digest } as never;
}

const SEQUENCE = /^(0|[1-9]\d{0,14})$/;
const PAGE_LINES = 1_000;
const PAGE_LENGTH = 4 * 1_048_576;

const malformed = (message: string): Fault => ({
  code: "request_malformed",
  message,
  help: "the documentation lists the events with their fields",
});

function formOf(forms: typeof EVENTS, body: Fields | null): EventForm | Fault {
  if (body === null) return malformed("the body is no JSON object");
  const { type, agent, session, facts, ...others } = body;
  const form = typeof type === "string" && Object.hasOwn(forms, type) ? forms[type]! : null;
  if (form === null) return malformed(`\`type\` is none of ${Object.keys(forms).join(", ")}`);
  if (typeof agent !== "string" || agent === "") return malformed("`agent` is no text");
  if (session !== undefined && typeof session !== "string") return malformed("`session` is no text");
  if (facts !== undefined && typeof facts !== "string")
    return malformed("`facts` is no JSON text within a string");
  const names = Object.keys({ ...others, ...(session === undefined ? {} : { session }) });
  const unknown = names.find((name) => !form.fields.includes(name));
  return unknown === undefined ? form : malformed(`\`${unknown}\` is no field of \`${type}\``);
}

/** 64 hexadecimal digits. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function addEvents(
  app: Hono,
  path: string,
  tokens: readonly string[],
  forms: typeof EVENTS,
  service: EventService,
) {
  app.post(path, authorized(...tokens), limited, async (context) => {
    const body = await jsonObject(context.req);
    const form = formOf(forms, body);
    if ("code" in form) return context.json(faultBody(form), 400);
    const { type: _, ...fields } = body!;
    await service.ready();
    const { verdict, sequence, hash } = await form.send(service.plane, fields as never);
    return context.json({ ...verdict, sequence, hash: hash === null ? null : hexOf(hash) });
  });
}

function addRecords(app: Hono, operatorToken: string, { records }: EventService) {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  app.get("/v1/records", authorized(operatorToken), async (context) => {
    const from = context.req.query("from") ?? "0";
    if (!SEQUENCE.test(from)) return context.json(faultBody(malformed("`from` is no sequence number")), 400);
    let lines = 0;
    let text = "";
    for await (const { hash, record } of records(Number(from))) {
      text += `{"hash":"${hexOf(hash)}","record":${decoder.decode(record)}}\n`;
      if (++lines === PAGE_LINES || text.length >= PAGE_LENGTH) break;
    }
    return context.body(text, 200, { "content-type": "application/jsonl; charset=utf-8" });
  });
}

/**
 * Adds the routes to those of decisions.
 * @param operatorToken another one, undefined: nobody operates. An agent that has it could approve its own calls.
 * @throws RangeError for tokens that are none, or the same.
 */
export function addEventRoutes(
  app: Hono,
  service: EventService,
  token: string,
  operatorToken: string | undefined,
): void {
  addEvents(app, "/v1/events", [checkToken("token", token)], EVENTS, service);
  if (operatorToken === undefined) {
    app.all("/v1/operations", (context) => context.json(faultBody(NOT_FOUND), 404));
    return;
  }
  if (checkToken("operatorToken", operatorToken) === token)
    throw new RangeError("operatorToken: another secret than `token`");
  addEvents(app, "/v1/operations", [operatorToken], OPERATIONS, service);
  addRecords(app, operatorToken, service);
}
