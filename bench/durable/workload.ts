/** What the durable figures are measured on: one bundle with an agent without state, and one with budgets, a rate limit and sessions. */
import { encodeContainer } from "../../bundles/container.ts";
import type { ControlPlane } from "../../control/plane.ts";
import { compilePolicy } from "../faramesh.ts";

/** Limits are out of reach: every call is permitted, and every one is counted. */
const METERED = `
  cost stripe/refund args.amount
  budget session {
    max = $100000000000
  }
  budget daily {
    max = $100000000000
    max_calls = 1000000000
  }
  rate_limit stripe/* 1000000000 per minute
  session {
    max_duration = 24h
    max_calls = 1000000000
  }`;

const RULES = `
  rules {
    permit stripe/refund if amount <= $100
  }`;

const POLICY = `agent "plain" {${RULES}
}

agent "settled" {${METERED}${RULES}
}

agent "unsettled" {${METERED}${RULES}
}
`;

/**
 * Each the name of its agent. `plain`: no state. `settled`: two budgets, a rate limit and a session; every permit is settled, which is
 * a record of its own. `unsettled`: the same, but nobody ever settles, so that the state holds all the reservations that it can.
 */
export const KINDS = ["plain", "settled", "unsettled"] as const;
export type Kind = (typeof KINDS)[number];

export const ACTION_BYTES = 300;

export function durableBundle(): Uint8Array {
  return compilePolicy(POLICY);
}

/** As `openControl` takes it with `insecure`. */
export function durableFile(): Uint8Array {
  return encodeContainer({ bundle: durableBundle(), envelope: null });
}

/** Null: the agent without state is asked without a session. */
export function sessionOf(kind: Kind, caller: number): string | null {
  return kind === "plain" ? null : `session-${caller}`;
}

/** JSON text of ACTION_BYTES bytes; another one for each caller. */
export function actionOf(kind: Kind, caller: number): string {
  const args = { amount: 20 + (caller % 10), charge: `ch_${1000 + caller}`, memo: "" };
  const session = sessionOf(kind, caller);
  const action = { agent: kind, ...(session === null ? {} : { session }), tool: "stripe/refund", args };
  const memo = "invoice 2026-11, thank you for your order. ".repeat(8);
  args.memo = memo.slice(0, ACTION_BYTES - JSON.stringify(action).length);
  return JSON.stringify(action);
}

/** Sessions for so many callers. */
export async function openSessions(plane: ControlPlane, callers: number): Promise<void> {
  const opened = KINDS.filter((kind) => kind !== "plain").flatMap((agent) =>
    Array.from({ length: callers }, (_, caller) =>
      plane.openSession({ agent, session: sessionOf(agent, caller)!, purpose: "bench" }),
    ),
  );
  for (const { verdict, failure } of await Promise.all(opened)) {
    if (verdict.effect !== "permit") throw new Error(`a session was not opened: ${verdict.code} ${failure}`);
  }
}
