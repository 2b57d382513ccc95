/** Step 6: where an action with an `http` facet may go (engine/ABI.md). */
import { present } from "./action.ts";
import { globMatches } from "./names.ts";
import { deny, type Judgement, type Question } from "./stages.ts";

/** A deny, or null where the agent has no egress block or it lets the action out. */
export function judgeEgress({ policy, action }: Question): Judgement | null {
  if (policy.egress === null || action.http === null) return null;
  const host = present(action.http, "host");
  const port = present(action.http, "port");
  const hostText = host?.kind === "string" ? host.value : "";
  const portText = port?.kind === "number" ? port.text : "";
  const listed = (entries: string[]) => entries.some((entry) => entryMatches(entry, hostText, portText));
  if (listed(policy.egress.deny)) return deny("egress_denied");
  return listed(policy.egress.allow) ? null : deny("egress_not_allowed");
}

/** `HOST-GLOB[:PORT]`: without a port, every port. */
function entryMatches(entry: string, host: string, port: string): boolean {
  const [, glob, wanted] = /^(.*?)(?::(\d+))?$/.exec(entry)!;
  return globMatches(glob!, host, "host") && (wanted === undefined || wanted === port);
}
