/** Decisions in every isolate, that remember and record nothing. */
import { decisionWorker, type R2Bucket, r2Origin } from "faramesh/workers";

interface Env {
  BUNDLES: R2Bucket;
  TRUST: string;
  TOKEN: string;
}

export default decisionWorker((env: Env) => ({
  origin: r2Origin(env.BUNDLES, "policy.fplb"),
  trust: env.TRUST,
  token: env.TOKEN,
}));
