/**
 * The facts' text, by concatenation. What the control plane says of a call stands first, under names that are then taken: the core
 * refuses a key that stands twice, so that nobody else can say it.
 */
import { type Call, type Caller, printed } from "../call.ts";

/** A facts' text but for what is known only when the call's turn comes. */
export interface FactsFrame {
  readonly agent: string;
  readonly rest: string;
}

/** The text is then cut short, which the core refuses. */
const UNREADABLE = "";

const OPENING = /^[ \t\r\n]*\{/;
const NOTHING_MORE = /^[ \t\r\n]*\}[ \t\r\n]*$/;

/** What a host says, from behind its opening brace on. */
function membersOf(facts: Exclude<Call["facts"], undefined>): string {
  const text = typeof facts === "string" ? facts : printed(facts);
  const opening = text === null ? null : OPENING.exec(text);
  if (text === null || opening === null) return UNREADABLE;
  const members = text.slice(opening[0].length);
  return NOTHING_MORE.test(members) ? "}" : `,${members}`;
}

/** @param agentText the agent's name as JSON. */
export function frameFacts(
  agentText: string,
  call: Pick<Call, "facts">,
  caller: Omit<Caller, "refusal">,
): FactsFrame {
  const agent = `{"agent":${agentText},"time":`;
  if (call.facts === undefined && caller.principal === null && caller.delegation === null) {
    return { agent, rest: "}" };
  }
  const members = call.facts === undefined ? "}" : membersOf(call.facts);
  const { principal, delegation } = caller;
  const rest = `,"delegation":${JSON.stringify(delegation)},"principal":${JSON.stringify(principal)}${members}`;
  return { agent, rest };
}

/** @param salt null: the core is asked without one. */
export function factsAt(frame: FactsFrame, timeMs: number, salt: string | null): string {
  const isPlain = frame.rest === "}";
  if (salt !== null) return `${frame.agent}${timeMs},"salt":${JSON.stringify(salt)}${frame.rest}`;
  return isPlain ? `${frame.agent}${timeMs}}` : `${frame.agent}${timeMs},"salt":null${frame.rest}`;
}
