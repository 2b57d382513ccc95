/** Step 6: where an action with an `http` facet may go (engine/ABI.md). */
import { present } from "./action.ts";
import { globMatches } from "./names.ts";
import { deny, type Judgement, type Question } from "./stages.ts";

/** A deny, or null where the agent has no egress block or it lets the action out. */
export function judgeEgress({ policy, action }: Question): Judgement | null {
  if (policy.egress === null || action.http === null) return null;
  const host = present(action.http, "host");
  const port = present(action.http, "port");
  const hostText = host?.kind === "string" ? host.value : null;
  const portText = port?.kind === "number" ? port.text : null;
  if (policy.egress.deny.some((entry) => entryMatches(entry, hostText, portText, true)))
    return deny("egress_denied");
  const isAllowed = policy.egress.allow.some((entry) => entryMatches(entry, hostText, portText, false));
  return isAllowed ? null : deny("egress_not_allowed");
}

/** `HOST-GLOB[:PORT]`, an IPv6 address in brackets: without a port or with `*`, every port. `ifUnknown`: where the part is absent. */
function entryMatches(entry: string, host: string | null, port: string | null, ifUnknown: boolean): boolean {
  const { bracketed, plain, wanted } = /^(?:\[(?<bracketed>.*)\]|(?<plain>[^:]*))(?::(?<wanted>.+))?$/.exec(
    entry,
  )!.groups!;
  const isHost = (host === null && ifUnknown) || globMatches((bracketed ?? plain)!, host ?? "", "host");
  const isAnyPort = wanted === undefined || wanted === "*";
  return isHost && (isAnyPort || (port === null ? ifUnknown : wanted === port));
}
