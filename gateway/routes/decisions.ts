/**
 * A decision point over HTTP, on Hono and fetch types only.
 *
 *   POST /v1/decide?agent=A&session=S    the action's JSON text                                -> a decision
 *   POST /v1/decide                      {"agent","session","action","facts"} as call+json     -> a decision
 *   GET  /v1/policy                      what is in use, since when it is stale, and why
 *   POST /v1/policy/poll                 the same, after the origin was asked
 *   GET  /healthz                        200 with a policy in use, 503 without; for anybody
 *
 * An action is judged as the text that was sent: parsing and printing it here would make two keys one, and an integer another. So in the
 * second form `action` and `facts` are JSON texts within strings.
 */
import { type Context, Hono } from "hono";
import type { FollowStatus } from "../../control/policy/follow.ts";
import type { Verdict } from "../../engine/binding/index.ts";
import { answerTo, authorized, checkToken, type Fault, faultBody, limited, NOT_FOUND } from "./faults.ts";

/** As the host takes it: `agent` is whom the caller, who is trusted with the token, speaks for. */
export interface RemoteCall {
  readonly agent: string;
  readonly session: string | null;
  readonly action: string | Uint8Array;
  readonly facts: string | undefined;
}

export interface RemoteDecision {
  readonly verdict: Verdict;
  /** Of its record, which is durable; null where nothing is recorded. */
  readonly sequence: number | null;
  /** The record's hash, 64 hexadecimal digits, or null. */
  readonly hash: string | null;
  /** What is to be settled or refunded once, or null. */
  readonly reservation: number | null;
}

export interface DecisionService {
  /** Does not reject: what fails is a deny. */
  decide(call: RemoteCall): Promise<RemoteDecision>;
  status(): Promise<FollowStatus>;
  /** Asks the origin now. */
  poll(): Promise<FollowStatus>;
}

const CALL_TYPE = "application/vnd.faramesh.call+json";
const QUERY = ["agent", "session"];

const malformed = (message: string): Fault => ({
  code: "request_malformed",
  message,
  help: `POST the action's JSON text with \`?agent=\`, or ${CALL_TYPE}: {"agent":"…","session":"…","action":"<JSON text>","facts":"<JSON text>"}`,
});

function isFault(value: RemoteCall | Fault): value is Fault {
  return "code" in value;
}

async function rawCall({ req }: Context): Promise<RemoteCall | Fault> {
  const { searchParams } = new URL(req.url);
  for (const name of searchParams.keys()) {
    if (!QUERY.includes(name)) return malformed(`\`${name}\` in the address is no field of a call`);
    if (searchParams.getAll(name).length > 1) return malformed(`\`${name}\` stands twice in the address`);
  }
  const agent = searchParams.get("agent");
  if (agent === null || agent === "") return malformed("`agent` is missing in the address");
  const action = new Uint8Array(await req.arrayBuffer());
  return { agent, session: searchParams.get("session"), action, facts: undefined };
}

async function framedCall({ req }: Context): Promise<RemoteCall | Fault> {
  if (new URL(req.url).search !== "")
    return malformed("the address says something, where the body says it all");
  const body = await jsonObject(req);
  if (body === null) return malformed("the body is no JSON object");
  const unknown = Object.keys(body).find((name) => !["agent", "session", "action", "facts"].includes(name));
  if (unknown !== undefined) return malformed(`\`${unknown}\` is no field of a call`);
  const { agent, session = null, action, facts } = body;
  if (typeof agent !== "string" || agent === "") return malformed("`agent` is no text");
  if (session !== null && typeof session !== "string") return malformed("`session` is no text");
  if (typeof action !== "string") return malformed("`action` is no JSON text within a string");
  if (facts !== undefined && typeof facts !== "string")
    return malformed("`facts` is no JSON text within a string");
  return { agent, session, action, facts };
}

/** Null for a body that is none. Of a field that stands twice the last one counts. */
export async function jsonObject(request: {
  text(): Promise<string>;
}): Promise<Record<string, unknown> | null> {
  const text = await request.text();
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null && !Array.isArray(body)
      ? (body as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

function isFramed(type: string | undefined): boolean {
  return type?.split(";")[0]?.trim().toLowerCase() === CALL_TYPE;
}

function printed({ refusal, ...status }: FollowStatus) {
  const fault =
    refusal === null ? null : { code: refusal.code, message: refusal.message, help: refusal.help };
  return { ...status, refusal: fault };
}

/** @throws RangeError for a token that is none. */
export function decisionRoutes(service: DecisionService, token: string): Hono {
  const known = authorized(checkToken("token", token));
  const app = new Hono();
  app.get("/healthz", async (context) => {
    const { identity, staleSinceMs } = await service.status();
    if (identity === null) return context.json({ status: "no_policy" }, 503);
    return context.json({ status: staleSinceMs === null ? "ok" : "stale" });
  });
  app.get("/v1/policy", known, async (context) => context.json(printed(await service.status())));
  app.post("/v1/policy/poll", known, async (context) => context.json(printed(await service.poll())));
  app.post("/v1/decide", known, limited, async (context) => {
    const call = await (isFramed(context.req.header("content-type"))
      ? framedCall(context)
      : rawCall(context));
    if (isFault(call)) return context.json(faultBody(call), 400);
    const { verdict, sequence, hash, reservation } = await service.decide(call);
    return context.json({ ...verdict, sequence, hash, reservation });
  });
  app.notFound((context) => context.json(faultBody(NOT_FOUND), 404));
  app.onError(answerTo);
  return app;
}
