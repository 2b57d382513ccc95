import { newEnforcer, newModelFromString } from "casbin";
import type { Contender } from "../measure.ts";
import type { Workload } from "../workload.ts";
import { toolName } from "../workload.ts";

const MODEL = `
[request_definition]
r = tool, amount

[policy_definition]
p = tool, limit

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = r.tool == p.tool && atMost(r.amount, p.limit)
`;

/** casbin: one policy line a rule, one matcher for all. */
export async function casbin(workload: Workload): Promise<Contender> {
  const enforcer = await newEnforcer(newModelFromString(MODEL));
  enforcer.enableLog(false);
  await enforcer.addPolicies(workload.limits.map((limit, index) => [toolName(index), String(limit)]));
  await enforcer.addFunction("atMost", (amount: number, limit: string) => amount <= Number(limit));
  const { requests } = workload;
  return {
    name: "casbin",
    note: "object in hand, enforceSync",
    run(count) {
      let permitted = 0;
      for (let i = 0; i < count; i++) {
        const { action } = requests[i % requests.length]!;
        if (enforcer.enforceSync(action.tool, action.args.amount)) permitted++;
      }
      return permitted;
    },
  };
}
