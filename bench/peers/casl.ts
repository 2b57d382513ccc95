import { createMongoAbility, subject } from "@casl/ability";
import type { Contender } from "../measure.ts";
import type { Workload } from "../workload.ts";
import { toolName } from "../workload.ts";

/** CASL: the tool is the subject type, the condition a MongoDB-style query on it. */
export function casl(workload: Workload): Contender {
  const ability = createMongoAbility(
    workload.limits.map((limit, index) => ({
      action: "call",
      subject: toolName(index),
      conditions: { amount: { $lte: limit } },
    })),
  );
  const subjects = workload.requests.map((request) => subject(request.tool, { ...request.action.args }));
  return {
    name: "CASL",
    note: "object in hand",
    run(count) {
      let permitted = 0;
      for (let i = 0; i < count; i++) if (ability.can("call", subjects[i % subjects.length]!)) permitted++;
      return permitted;
    },
  };
}
