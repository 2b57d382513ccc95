/** Agents and sessions of a control plane, as its ledger has them. */
import { agentKey, type Ledger, sessionKey } from "../../control/ports.ts";
import { decodeBlob, type SessionState } from "./blob.ts";
import type { PartyState } from "./meters.ts";

/** What tools read of a ledger. */
export type StateReader = Pick<Ledger, "read" | "list">;

const PAGE = 512;
const SESSION_PREFIX = "session/";

export interface SessionParty {
  session: string;
  agent: string;
  /** Null: bytes that are no blob. */
  state: SessionState | null;
}

/** The keys `session/SESSION/AGENT` with that prefix. */
async function sessionKeys(ledger: StateReader, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for (let page = await ledger.list(prefix, null, PAGE); page.length > 0; ) {
    keys.push(...page);
    page = page.length < PAGE ? [] : await ledger.list(prefix, page.at(-1)!, PAGE);
  }
  return keys;
}

/** Every party of one session, or of all; ascending by session, then agent. */
export async function sessionParties(ledger: StateReader, session: string | null): Promise<SessionParty[]> {
  const prefix = session === null ? SESSION_PREFIX : sessionKey(session, "x").slice(0, -1);
  const keys = await sessionKeys(ledger, prefix);
  const blobs = await ledger.read(keys);
  return keys.map((key, index) => {
    const [, name, agent] = key.split("/").map(decodeURIComponent);
    const blob = blobs[index];
    const state = blob == null ? null : decodeBlob(blob);
    return { session: name!, agent: agent!, state: state?.scope === "session" ? state : null };
  });
}

/** What one party has. */
export async function partyOf(
  ledger: StateReader,
  agent: string,
  session: string | null,
): Promise<PartyState> {
  const keys = session === null ? [agentKey(agent)] : [agentKey(agent), sessionKey(session, agent)];
  const [own, ofSession] = (await ledger.read(keys)).map((blob) => (blob === null ? null : decodeBlob(blob)));
  return {
    agent: own?.scope === "agent" ? own : null,
    session: ofSession?.scope === "session" ? ofSession : null,
  };
}
