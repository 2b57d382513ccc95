import { createRequire } from "node:module";
import type * as Cedar from "@cedar-policy/cedar-wasm/nodejs";
import type { Contender } from "../measure.ts";
import type { Workload } from "../workload.ts";
import { toolName } from "../workload.ts";

const cedarWasm = createRequire(import.meta.url)("@cedar-policy/cedar-wasm/nodejs") as typeof Cedar;

/** Cedar, stateful: the policy set is parsed once and kept inside its Wasm module. */
export function cedar(workload: Workload): Contender {
  const id = `bench-${workload.rules}`;
  const policies = workload.limits.map(
    (limit, index) =>
      `permit(principal, action == Action::"${toolName(index)}", resource) when { context.amount <= ${limit} };`,
  );
  const parsed = cedarWasm.preparsePolicySet(id, { staticPolicies: policies.join("\n") });
  if (parsed.type !== "success")
    throw new Error(`cedar refused the policies: ${JSON.stringify(parsed.errors)}`);
  const calls = workload.requests.map((request) => ({
    principal: { type: "Agent", id: "bench" },
    action: { type: "Action", id: request.tool },
    resource: { type: "Resource", id: "any" },
    context: { amount: request.amount },
    preparsedPolicySetId: id,
    entities: [],
  }));
  return {
    name: "cedar-wasm",
    note: "object in hand, stateful",
    run(count) {
      let permitted = 0;
      for (let i = 0; i < count; i++) {
        const answer = cedarWasm.statefulIsAuthorized(calls[i % calls.length]!);
        if (answer.type !== "success") throw new Error("cedar failed to decide");
        if (answer.response.decision === "allow") permitted++;
      }
      return permitted;
    },
  };
}
