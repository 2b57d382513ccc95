/**
 * A decision point over HTTP, on Hono and fetch types only.
 *
 *   POST /v1/decide?agent=A&session=S    the action's JSON text                                -> a decision
 *   POST /v1/decide                      {"agent","session","action","facts"} as call+json     -> a decision
 *   GET  /v1/policy                      what is in use, since when it is stale, and why
 *   GET  /healthz                        200 with a policy in use, 503 without; for anybody
 *
 * An action is judged as the text that was sent: parsing and printing it here would make two keys one, and an integer another. So in the
 * second form `action` and `facts` are JSON texts within strings.
 */
import { type Context, Hono } from "hono";
import { bearerAuth } from "hono/bearer-auth";
import { bodyLimit } from "hono/body-limit";
import type { FollowStatus } from "../../control/policy/follow.ts";
import type { Verdict } from "../../engine/binding/index.ts";

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
}

export interface DecisionService {
  /** Does not reject: what fails is a deny. */
  decide(call: RemoteCall): Promise<RemoteDecision>;
  status(): Promise<FollowStatus>;
}

/** An action and facts of 1 MiB each, with what JSON adds to a text in a string, and the frame. */
export const MAX_BODY_BYTES = 8 * 1_048_576;
const MIN_TOKEN_LENGTH = 16;
const CALL_TYPE = "application/vnd.faramesh.call+json";

interface Fault {
  readonly code: "request_malformed" | "request_too_large" | "unauthorized" | "not_found" | "failed";
  readonly message: string;
  readonly help: string;
}

const faultBody = (fault: Fault) => ({ error: fault });

const UNAUTHORIZED: Fault = {
  code: "unauthorized",
  message: "the request has no token, or another one",
  help: "send `authorization: Bearer` with the token of this decision point",
};
const TOO_LARGE: Fault = {
  code: "request_too_large",
  message: `the body is larger than ${MAX_BODY_BYTES} bytes`,
  help: "an action has at most 1 MiB, and so have its facts",
};
const NOT_FOUND: Fault = {
  code: "not_found",
  message: "there is nothing at this address",
  help: "POST /v1/decide, GET /v1/policy or GET /healthz",
};
const FAILED: Fault = {
  code: "failed",
  message: "the decision point failed; nothing may run on it",
  help: "look at its log, then ask again",
};

const malformed = (message: string): Fault => ({
  code: "request_malformed",
  message,
  help: `POST the action's JSON text with \`?agent=\`, or ${CALL_TYPE}: {"agent":"…","session":"…","action":"<JSON text>","facts":"<JSON text>"}`,
});

function isFault(value: RemoteCall | Fault): value is Fault {
  return "code" in value;
}

async function rawCall(context: Context): Promise<RemoteCall | Fault> {
  const agent = context.req.query("agent");
  if (agent === undefined || agent === "") return malformed("`agent` is missing in the address");
  const action = new Uint8Array(await context.req.arrayBuffer());
  return { agent, session: context.req.query("session") ?? null, action, facts: undefined };
}

async function framedCall(context: Context): Promise<RemoteCall | Fault> {
  let body: unknown;
  try {
    body = JSON.parse(await context.req.text());
  } catch {
    return malformed("the body is no JSON");
  }
  if (typeof body !== "object" || body === null || Array.isArray(body))
    return malformed("the body is no object");
  const fields = body as Record<string, unknown>;
  const unknown = Object.keys(fields).find((name) => !["agent", "session", "action", "facts"].includes(name));
  if (unknown !== undefined) return malformed(`\`${unknown}\` is no field of a call`);
  const { agent, session = null, action, facts } = fields;
  if (typeof agent !== "string" || agent === "") return malformed("`agent` is no text");
  if (session !== null && typeof session !== "string") return malformed("`session` is no text");
  if (typeof action !== "string") return malformed("`action` is no JSON text within a string");
  if (facts !== undefined && typeof facts !== "string")
    return malformed("`facts` is no JSON text within a string");
  return { agent, session, action, facts };
}

/** @param token what callers present; 16 characters or more, else RangeError: a decision point without one would let anybody ask in any agent's name. */
export function decisionRoutes(service: DecisionService, token: string): Hono {
  if (typeof token !== "string" || token.length < MIN_TOKEN_LENGTH) {
    throw new RangeError(`token: a secret of ${MIN_TOKEN_LENGTH} characters or more`);
  }
  const app = new Hono();
  const authorized = bearerAuth({
    token,
    noAuthenticationHeader: { message: faultBody(UNAUTHORIZED) },
    invalidAuthenticationHeader: { message: faultBody(UNAUTHORIZED) },
    invalidToken: { message: faultBody(UNAUTHORIZED) },
  });
  const limited = bodyLimit({
    maxSize: MAX_BODY_BYTES,
    onError: (context) => context.json(faultBody(TOO_LARGE), 413),
  });

  app.get("/healthz", async (context) => {
    const { identity, staleSinceMs } = await service.status();
    if (identity === null) return context.json({ status: "no_policy" }, 503);
    return context.json({ status: staleSinceMs === null ? "ok" : "stale" });
  });
  app.use("/v1/*", authorized);
  app.get("/v1/policy", async (context) => {
    const { refusal, ...status } = await service.status();
    const fault =
      refusal === null ? null : { code: refusal.code, message: refusal.message, help: refusal.help };
    return context.json({ ...status, refusal: fault });
  });
  app.post("/v1/decide", limited, async (context) => {
    const isFramed = context.req.header("content-type")?.split(";")[0]?.trim() === CALL_TYPE;
    const call = await (isFramed ? framedCall(context) : rawCall(context));
    if (isFault(call)) return context.json(faultBody(call), 400);
    const { verdict, sequence, hash } = await service.decide(call);
    return context.json({ ...verdict, sequence, hash });
  });
  app.notFound((context) => context.json(faultBody(NOT_FOUND), 404));
  app.onError((error, context) => {
    // What middleware answers with, such as 401.
    if ("getResponse" in error) return (error as { getResponse(): Response }).getResponse();
    return context.json(faultBody(FAILED), 500);
  });
  return app;
}
