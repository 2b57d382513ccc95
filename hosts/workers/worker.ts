/** Worker handlers: a stateless one, in which the isolate decides and nothing is recorded, and one that hands every request to the object of its tenant. */
import { Hono } from "hono";
import { factsAt, frameFacts } from "../../control/stages/facts.ts";
import { refusal } from "../../engine/binding/verdict.ts";
import { decisionRoutes, type RemoteCall, type RemoteDecision } from "../../gateway/routes/decisions.ts";
import { answerTo, authorized, checkToken, FAILED, faultBody } from "../../gateway/routes/faults.ts";
import { followInWorker, type WaitUntil, type WorkerPolicy } from "./follow.ts";
import { attempt, checkSettings, NotConfigured, notConfigured, type WorkerSettings } from "./settings.ts";

/** What is used of a request's context. */
export interface WorkerContext {
  waitUntil(work: Promise<unknown>): void;
}

/** The default export of a Worker. */
export interface WorkerHandlers<Env> {
  fetch(request: Request, env: Env, context: WorkerContext): Promise<Response>;
  /** Polls the origin, for cron triggers. */
  scheduled(event: unknown, env: Env, context: WorkerContext): Promise<void>;
}

function decideAlone(policy: WorkerPolicy, call: RemoteCall, nowMs: number): RemoteDecision {
  const unrecorded = { sequence: null, hash: null, reservation: null };
  try {
    const framed = frameFacts(
      JSON.stringify(call.agent),
      { facts: call.facts },
      { principal: null, delegation: null },
    );
    return { verdict: policy.followed.decide(call.action, factsAt(framed, nowMs, null)), ...unrecorded };
  } catch (error) {
    console.error("faramesh: the call cannot be judged:", error);
    return { verdict: refusal("engine_trap"), ...unrecorded };
  }
}

interface Serving {
  answer(request: Request, waitUntil: WaitUntil): Promise<Response>;
  policy: WorkerPolicy;
}

async function serve<Env>(settings: (env: Env) => WorkerSettings, env: Env): Promise<Serving> {
  const all = checkSettings(settings, env);
  const policy = await followInWorker(all);
  return {
    policy,
    // A promise's context is its request's, so each has a service of its own.
    answer: async (request, waitUntil) => {
      const service = {
        async decide(call: RemoteCall) {
          await policy.refresh(waitUntil);
          return decideAlone(policy, call, all.now());
        },
        status: () => policy.status(waitUntil),
        poll: () => policy.poll(waitUntil),
      };
      return decisionRoutes(service, all.token).fetch(request);
    },
  };
}

/**
 * A Worker without state: under a policy that counts it denies with `state_missing`. Each isolate follows the origin by itself.
 * @param settings from variables, secrets and bindings; called once in an isolate. What it lacks is answered with `not_configured` to everybody.
 */
export function decisionWorker<Env>(settings: (env: Env) => WorkerSettings): WorkerHandlers<Env> {
  let serving: Promise<Serving> | null = null;
  const open = (env: Env): Promise<Serving> => {
    serving ??= serve(settings, env).catch((error) => {
      serving = null;
      throw error;
    });
    return serving;
  };
  return {
    async fetch(request, env, context) {
      try {
        const { answer } = await open(env);
        return await answer(request, (work) => context.waitUntil(work));
      } catch (error) {
        return failed(error);
      }
    },
    async scheduled(_event, env, context) {
      const { policy } = await open(env);
      await policy.poll((work) => context.waitUntil(work));
    },
  };
}

export function failed(error: unknown): Response {
  if (error instanceof NotConfigured) return notConfigured(error);
  console.error("faramesh:", error);
  return Response.json(faultBody(FAILED), { status: 503 });
}

/** What is used of a namespace of Durable Objects. */
export interface ObjectNamespace {
  idFromName(name: string): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: an id is what `idFromName` gave, by whatever name its types have.
  get(id: any): { fetch(request: Request): Promise<Response> };
}

export interface ControlRoute {
  readonly objects: ObjectNamespace;
  /** Of the tenant's object. From configuration, never from what a request says. */
  readonly name: string;
  readonly token: string;
  readonly operatorToken?: string | undefined;
}

function routesTo({ objects, name, token, operatorToken }: ControlRoute): {
  app: Hono;
  ask(request: Request): Promise<Response>;
} {
  if (typeof objects?.idFromName !== "function") throw new NotConfigured("`objects` is missing");
  if (typeof name !== "string" || name === "") throw new NotConfigured("`name` is missing");
  const tokens = [attempt("", () => checkToken("token", token))];
  if (operatorToken !== undefined) tokens.push(attempt("", () => checkToken("operatorToken", operatorToken)));
  const ask = (request: Request) => objects.get(objects.idFromName(name)).fetch(request);
  const app = new Hono();
  // The object checks it again; nobody without a token has it work.
  app.use("/v1/*", authorized(...tokens));
  app.all("*", async ({ req }) => ask(req.raw));
  app.onError((error, context) => ("getResponse" in error ? answerTo(error, context) : failed(error)));
  return { app, ask };
}

/** A Worker that hands every request to one Durable Object: see `controlObject`. */
export function controlWorker<Env>(route: (env: Env) => ControlRoute): WorkerHandlers<Env> {
  const routed = (env: Env) =>
    attempt("the route cannot be made of variables, secrets and bindings", () => route(env));
  return {
    async fetch(request, env) {
      try {
        return await routesTo(routed(env)).app.fetch(request);
      } catch (error) {
        return failed(error);
      }
    },
    async scheduled(_event, env) {
      const found = routed(env);
      const headers = { authorization: `Bearer ${found.token}` };
      const request = new Request("https://control/v1/policy/poll", { method: "POST", headers });
      const response = await routesTo(found).ask(request);
      if (!response.ok) throw new Error(`the poll is answered with ${response.status}`);
      await response.body?.cancel();
    },
  };
}
