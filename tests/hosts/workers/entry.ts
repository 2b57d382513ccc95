/** A Worker of the tests, written as a user writes one; which one it is, its variables say. */
import {
  controlObject,
  controlWorker,
  decisionWorker,
  type KvNamespace,
  kvOrigin,
  type ObjectNamespace,
  type R2Bucket,
  r2Origin,
  type WorkerContext,
  webOrigin,
} from "faramesh/workers";

interface Env {
  KIND: "control" | "alone";
  ORIGIN: "web" | "kv" | "r2";
  ADDRESS: string;
  TRUST: string;
  TOKEN: string;
  OPERATOR_TOKEN?: string;
  SALT_KEY: string;
  CHECKPOINTS?: "elsewhere";
  TENANT: string;
  AHEAD_MS: number;
  INTERVAL_MS: number;
  TIMEOUT_MS: number;
  CONTROL: ObjectNamespace;
  KV: KvNamespace;
  R2: R2Bucket;
}

function originOf({ ORIGIN, ADDRESS, TIMEOUT_MS, KV, R2 }: Env) {
  if (ORIGIN === "kv") return kvOrigin(KV, "policy.fplb");
  if (ORIGIN === "r2") return r2Origin(R2, "policy.fplb");
  return webOrigin(ADDRESS, {}, TIMEOUT_MS);
}

const settings = (env: Env) => ({
  origin: originOf(env),
  trust: env.TRUST,
  token: env.TOKEN,
  operatorToken: env.OPERATOR_TOKEN,
  saltKey: env.SALT_KEY,
  checkpoints: env.CHECKPOINTS,
  intervalMs: env.INTERVAL_MS,
  now: () => Date.now() + env.AHEAD_MS,
});

export const Control = controlObject(settings);

const alone = decisionWorker(settings);
const control = controlWorker((env: Env) => ({
  objects: env.CONTROL,
  name: env.TENANT,
  token: env.TOKEN,
  operatorToken: env.OPERATOR_TOKEN,
}));
const chosen = ({ KIND }: Env) => (KIND === "alone" ? alone : control);

export default {
  fetch: (request: Request, env: Env, context: WorkerContext) => chosen(env).fetch(request, env, context),
  scheduled: (event: unknown, env: Env, context: WorkerContext) => chosen(env).scheduled(event, env, context),
};
