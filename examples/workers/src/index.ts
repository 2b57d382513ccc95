/** A decision point on Cloudflare Workers: one control plane in one Durable Object. README.md says how it is deployed. */
import { controlObject, controlWorker, type ObjectNamespace, webOrigin } from "faramesh/workers";

/** wrangler.toml has the first three, `wrangler secret put` the rest. */
interface Env {
  CONTROL: ObjectNamespace;
  /** Address of the signed bundle. */
  BUNDLE: string;
  TENANT: string;
  /** Text of the trust file. */
  TRUST: string;
  /** What callers present. */
  TOKEN: string;
  /** What operators present. */
  OPERATOR_TOKEN: string;
  /** Of the salts of redacted values. */
  SALT_KEY: string;
}

export const Control = controlObject((env: Env) => ({
  origin: webOrigin(env.BUNDLE),
  trust: env.TRUST,
  token: env.TOKEN,
  operatorToken: env.OPERATOR_TOKEN,
  saltKey: env.SALT_KEY,
}));

export default controlWorker((env: Env) => ({
  objects: env.CONTROL,
  name: env.TENANT,
  token: env.TOKEN,
  operatorToken: env.OPERATOR_TOKEN,
}));
