/**
 * The control plane of one tenant in one Durable Object: policy, state and records in its storage. What it answers is on disk, see
 * stores/durable-object.ts; the last good bundle is too, and decides while the origin is down.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { ControlPlane } from "../../control/plane.ts";
import { acceptCheckpoints } from "../../control/policy/checkpoints.ts";
import { saltsOf } from "../../control/salts.ts";
import { decisionRoutes, type RemoteCall, type RemoteDecision } from "../../gateway/routes/decisions.ts";
import { addEventRoutes, hexOf } from "../../gateway/routes/events.ts";
import { followInWorker, MACHINERY, type WaitUntil } from "./follow.ts";
import { KeptBundle } from "./kept.ts";
import {
  attempt,
  type ControlSettings,
  checkSettings,
  keyOf,
  NotConfigured,
  notConfigured,
} from "./settings.ts";
import { type ObjectStorage, openObjectStores } from "./stores/durable-object.ts";
import { failed } from "./worker.ts";

/** What is used of the state that a Durable Object is constructed with. */
export interface ObjectContext {
  readonly storage: ObjectStorage;
  blockConcurrencyWhile<Value>(work: () => Promise<Value>): Promise<Value>;
  waitUntil(work: Promise<unknown>): void;
}

/** A class to export by the name that `new_sqlite_classes` has. */
export type ControlObjectClass<Env> = new (
  context: ObjectContext,
  env: Env,
) => { fetch(request: Request): Promise<Response> };

type Answer = (request: Request) => Response | Promise<Response>;

async function decideRecorded(plane: ControlPlane, call: RemoteCall): Promise<RemoteDecision> {
  const { verdict, sequence, hash, reservation, failure } = await plane.decide(call);
  if (failure !== null) console.warn(`faramesh: ${verdict.code}: ${failure}`);
  return { verdict, sequence, hash: hash === null ? null : hexOf(hash), reservation };
}

async function serve(
  settings: ReturnType<typeof checkSettings<unknown, ControlSettings>>,
  context: ObjectContext,
) {
  const { token, operatorToken, now, saltKey } = settings;
  const salts = saltsOf(keyOf(saltKey), (bytes) => sha256(bytes));
  const { ledger, log } = await openObjectStores(context.storage);
  const accept = acceptCheckpoints(settings.checkpoints === "elsewhere");
  const policy = await followInWorker(settings, new KeptBundle(context.storage, MACHINERY, accept));
  const { followed } = policy;
  const plane = new ControlPlane({
    ledger,
    salts,
    clock: { now },
    get core() {
      return followed.core;
    },
  });
  const waitUntil: WaitUntil = (work) => context.waitUntil(work);
  const service = {
    async decide(call: RemoteCall) {
      await policy.refresh(waitUntil);
      return decideRecorded(plane, call);
    },
    status: () => policy.status(waitUntil),
    poll: () => policy.poll(waitUntil),
  };
  const app = decisionRoutes(service, token);
  const events = { plane, ready: () => policy.refresh(waitUntil), records: (from: number) => log.read(from) };
  attempt("", () => addEventRoutes(app, events, token, operatorToken));
  return (request: Request) => app.fetch(request);
}

async function open<Env>(
  settings: (env: Env) => ControlSettings,
  env: Env,
  context: ObjectContext,
): Promise<Answer> {
  try {
    return await serve(checkSettings(settings, env), context);
  } catch (error) {
    // Anything else resets the object: the next request tries again.
    if (error instanceof NotConfigured) return () => notConfigured(error);
    throw error;
  }
}

/**
 * The class of the objects that `controlWorker` hands requests to.
 * @param settings from variables, secrets and bindings; called once in an object. What it lacks is answered with `not_configured` to everybody.
 */
export function controlObject<Env>(settings: (env: Env) => ControlSettings): ControlObjectClass<Env> {
  return class {
    readonly #answer: Promise<Answer>;

    constructor(context: ObjectContext, env: Env) {
      this.#answer = context.blockConcurrencyWhile(() => open(settings, env, context));
    }

    async fetch(request: Request): Promise<Response> {
      try {
        return await (await this.#answer)(request);
      } catch (error) {
        return failed(error);
      }
    }
  };
}
