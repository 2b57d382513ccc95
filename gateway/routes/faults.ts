/** What the routes answer when it is no verdict: `{"error": {"code", "message", "help"}}`. Never to be taken for a permit: it has no `effect`. */
import type { Context, MiddlewareHandler } from "hono";
import { bearerAuth } from "hono/bearer-auth";
import { bodyLimit } from "hono/body-limit";

export interface Fault {
  readonly code:
    | "request_malformed"
    | "request_too_large"
    | "unauthorized"
    | "not_found"
    | "not_configured"
    | "failed";
  readonly message: string;
  readonly help: string;
}

/** An action and facts of 1 MiB each, with what JSON adds to a text in a string, and the frame. */
export const MAX_BODY_BYTES = 8 * 1_048_576;
const MIN_TOKEN_LENGTH = 16;
/** RFC 6750 section 2.1. */
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

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
export const NOT_FOUND: Fault = {
  code: "not_found",
  message: "there is nothing at this address for this method",
  help: "POST /v1/decide, GET /v1/policy or GET /healthz; the documentation has the rest",
};
export const FAILED: Fault = {
  code: "failed",
  message: "the decision point failed; nothing may run on it",
  help: "look at its log, then ask again",
};

export const faultBody = (fault: Fault) => ({ error: fault });

/** @throws RangeError for what is no bearer token of 16 characters or more: without one anybody could ask in any agent's name. */
export function checkToken(name: string, token: unknown): string {
  if (typeof token === "string" && token.length >= MIN_TOKEN_LENGTH && TOKEN.test(token)) return token;
  throw new RangeError(
    `${name}: a secret of ${MIN_TOKEN_LENGTH} characters or more, of A-Z a-z 0-9 . _ ~ + / -`,
  );
}

/** Lets through who presents one of the tokens; compared in a time that does not tell how much of it was right. */
export function authorized(...tokens: readonly string[]): MiddlewareHandler {
  const message = faultBody(UNAUTHORIZED);
  return bearerAuth({
    token: [...tokens],
    noAuthenticationHeader: { message },
    invalidAuthenticationHeader: { message },
    invalidToken: { message },
  });
}

/** Counts also a body whose length is not stated. */
export const limited: MiddlewareHandler = bodyLimit({
  maxSize: MAX_BODY_BYTES,
  onError: (context) => context.json(faultBody(TOO_LARGE), 413),
});

/** What a route throws: an answer of middleware, such as 401, or a failure. */
export function answerTo(error: unknown, context: Context): Response {
  if (typeof error === "object" && error !== null && "getResponse" in error) {
    return (error as { getResponse(): Response }).getResponse();
  }
  return context.json(faultBody(FAILED), 500);
}
