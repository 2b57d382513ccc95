/** What a Worker is set up with. It comes from variables and secrets, so each part may be missing, whatever its type says. */
import type { BundleOrigin } from "../../control/policy/origin.ts";
import { checkToken, type Fault, faultBody } from "../../gateway/routes/faults.ts";

export interface WorkerSettings {
  readonly origin: BundleOrigin;
  /** Text of the trust file, which is pinned by deploying it. */
  readonly trust: string;
  /** What callers present: 16 characters or more. */
  readonly token: string;
  /** A poll that is older is done again; 30 seconds when left out. */
  readonly intervalMs?: number | undefined;
  /** `Date.now` when left out. */
  readonly now?: (() => number) | undefined;
}

export interface ControlSettings extends WorkerSettings {
  /** Of the salts of redacted values: 64 hexadecimal digits, unpredictable. */
  readonly saltKey: string;
  /** What operators present; nobody operates without it. */
  readonly operatorToken?: string | undefined;
  /** `elsewhere`: a copy of the records gets the checkpoints that the policy asks for. Left out, such a policy is refused. */
  readonly checkpoints?: "elsewhere" | undefined;
}

/** A setting is missing or is none. The message names it, and holds nothing of it. */
export class NotConfigured extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "NotConfigured";
  }
}

const KEY = /^[0-9a-fA-F]{64}$/;
const DEFAULT_INTERVAL_MS = 30_000;

/** Runs a user's function from bindings to settings, which may fail on a missing one. */
export function checkSettings<Env, Settings extends WorkerSettings>(
  settings: (env: Env) => Settings,
  env: Env,
): Settings & { readonly intervalMs: number; readonly now: () => number } {
  const given = attempt("the settings cannot be made of variables, secrets and bindings", () =>
    settings(env),
  );
  if (typeof given?.origin?.get !== "function") throw new NotConfigured("`origin` is missing");
  if (typeof given.trust !== "string" || given.trust === "") throw new NotConfigured("`trust` is missing");
  attempt("", () => checkToken("token", given.token));
  const { intervalMs = DEFAULT_INTERVAL_MS, now = Date.now } = given;
  if (!(intervalMs > 0)) throw new NotConfigured("intervalMs: above 0");
  return { ...given, intervalMs, now };
}

/** @throws NotConfigured, with the message given or else the error's own. */
export function attempt<Value>(message: string, work: () => Value): Value {
  try {
    return work();
  } catch (cause) {
    const text = message === "" && cause instanceof Error ? cause.message : message;
    throw new NotConfigured(text, { cause });
  }
}

/** 32 bytes. @throws NotConfigured */
export function keyOf(digits: unknown): Uint8Array {
  if (typeof digits !== "string" || !KEY.test(digits))
    throw new NotConfigured("saltKey: a secret of 64 hexadecimal digits");
  return Uint8Array.from(digits.match(/../g)!, (pair) => Number.parseInt(pair, 16));
}

/** What is answered to every request while nothing can be decided. The log has the cause. */
export function notConfigured({ message, cause }: NotConfigured): Response {
  const more = cause instanceof Error && cause.message !== message ? `: ${cause.message}` : "";
  console.error(`faramesh: not configured: ${message}${more}`);
  const fault: Fault = {
    code: "not_configured",
    message: `the decision point is not configured: ${message}`,
    help: "check the Worker's variables, secrets and bindings; nothing is decided before",
  };
  return Response.json(faultBody(fault), { status: 500 });
}
