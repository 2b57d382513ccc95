import type { Contender } from "../measure.ts";
import type { Workload } from "../workload.ts";
import { toolName } from "../workload.ts";

/** The two floors: a hash map and one compare, for an object in hand and for text in hand. */
export function floors(workload: Workload): Contender[] {
  const limits = new Map(workload.limits.map((limit, index) => [toolName(index), limit]));
  const { requests } = workload;
  return [
    {
      name: "Map",
      note: "object in hand",
      run(count) {
        let permitted = 0;
        for (let i = 0; i < count; i++) {
          const { action } = requests[i % requests.length]!;
          const limit = limits.get(action.tool);
          if (limit !== undefined && action.args.amount <= limit) permitted++;
        }
        return permitted;
      },
    },
    {
      name: "JSON.parse + Map",
      note: "text in hand",
      run(count) {
        let permitted = 0;
        for (let i = 0; i < count; i++) {
          const action = JSON.parse(requests[i % requests.length]!.text);
          const limit = limits.get(action.tool);
          if (limit !== undefined && action.args.amount <= limit) permitted++;
        }
        return permitted;
      },
    },
  ];
}
