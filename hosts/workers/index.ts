/**
 * Faramesh for Cloudflare Workers: a control plane in a Durable Object.
 *
 *     export const Control = controlObject((env) => ({
 *       origin: webOrigin(env.BUNDLE),
 *       trust: env.TRUST,
 *       token: env.TOKEN,
 *       saltKey: env.SALT_KEY,
 *     }));
 *     export default controlWorker((env) => ({ objects: env.CONTROL, name: env.TENANT, token: env.TOKEN }));
 *
 * Or decisions in every isolate, that remember and record nothing: `export default decisionWorker(…)`.
 */
export type { BundleOrigin, Fetched } from "../../control/policy/origin.ts";
export { type ControlObjectClass, controlObject, type ObjectContext } from "./control-object.ts";
export { type KvNamespace, kvOrigin, type R2Bucket, r2Origin, webOrigin } from "./origins.ts";
export type { ControlSettings, WorkerSettings } from "./settings.ts";
export type { ObjectStorage } from "./stores/durable-object.ts";
export {
  type ControlRoute,
  controlWorker,
  decisionWorker,
  type ObjectNamespace,
  type WorkerContext,
  type WorkerHandlers,
} from "./worker.ts";
