/** The session of a run: opened for it and closed after it, or one that is open already and stays so. */
import { randomUUID } from "node:crypto";
import type { Governed } from "../../control/govern.ts";
import { codeNamed } from "../../engine/binding/codes.ts";
import { CommandError, EXIT_FINDINGS } from "../errors.ts";
import { printError } from "../io.ts";
import type { DecidingPlane } from "../plane.ts";

export interface RunSession {
  readonly id: string;
  /** False: it was open before. */
  readonly own: boolean;
}

function failed(what: string, { verdict, failure }: Governed): CommandError {
  const { text, next } = codeNamed(verdict.code);
  return new CommandError(EXIT_FINDINGS, `${what}: ${failure ?? text} (${verdict.code})`, { help: next });
}

/** Throws CommandError when it cannot be opened, or that cannot be recorded. */
export async function openSession(
  { control }: DecidingPlane,
  agent: string,
  named: string | null,
): Promise<RunSession> {
  const id = named ?? `run-${randomUUID()}`;
  const opened = await control.openSession({ agent, session: id, purpose: "faramesh run" });
  const { verdict, sequence } = opened;
  if (verdict.effect === "permit" && sequence !== null) return { id, own: true };
  if (verdict.code === "session_exists" && named !== null) return { id, own: false };
  throw failed(`the session \`${id}\` cannot be opened`, opened);
}

/** What was opened for the run is closed with it; where the policy does not let it, that is said. */
export async function closeSession(
  { control }: DecidingPlane,
  agent: string,
  { id, own }: RunSession,
  reason: string,
): Promise<void> {
  if (!own) return;
  const { verdict, sequence, failure } = await control.closeSession({ agent, session: id, reason });
  if (verdict.effect === "permit" && sequence !== null) return;
  const why = failure ?? codeNamed(verdict.code).text;
  printError(`faramesh: warning: the session \`${id}\` stays open: ${why} (${verdict.code})\n`);
}
