import { Engine } from "json-rules-engine";
import type { Contender } from "../measure.ts";
import type { Workload } from "../workload.ts";
import { toolName } from "../workload.ts";

/** json-rules-engine: every rule is tried on every run; an event is a permit. */
export function jsonRulesEngine(workload: Workload): Contender {
  const engine = new Engine();
  for (const [index, limit] of workload.limits.entries()) {
    engine.addRule({
      conditions: {
        all: [
          { fact: "tool", operator: "equal", value: toolName(index) },
          { fact: "amount", operator: "lessThanInclusive", value: limit },
        ],
      },
      event: { type: "permit" },
    });
  }
  const { requests } = workload;
  return {
    name: "json-rules-engine",
    note: "object in hand",
    async run(count) {
      let permitted = 0;
      for (let i = 0; i < count; i++) {
        const { tool, amount } = requests[i % requests.length]!;
        const { events } = await engine.run({ tool, amount });
        if (events.length > 0) permitted++;
      }
      return permitted;
    },
  };
}
