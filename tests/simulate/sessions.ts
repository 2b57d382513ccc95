/** Sessions and their phases: each is opened once, moved by events and by time, and closed once. */
import { FIRST_PHASE, FIRST_PHASE_MS, SECOND_PHASE } from "./policies.ts";

interface Session {
  closed: boolean;
  phase: string;
  since: number;
}

const nameOf = (session: string, agent: string): string => `${session} ${agent}`;

export class Sessions {
  readonly #sessions = new Map<string, Session>();

  open(session: string, agent: string, phase: string | undefined, now: number): void {
    const opened = { closed: false, phase: phase ?? FIRST_PHASE, since: now };
    this.#sessions.set(nameOf(session, agent), opened);
  }

  move(session: string, agent: string, phase: string, now: number): void {
    const moved = this.#sessions.get(nameOf(session, agent));
    if (moved !== undefined) Object.assign(moved, { phase, since: now });
  }

  close(session: string, agent: string): void {
    const ended = this.#sessions.get(nameOf(session, agent));
    if (ended !== undefined) ended.closed = true;
  }

  isOpen(session: string, agent: string): boolean {
    return this.#sessions.get(nameOf(session, agent))?.closed === false;
  }

  /** At that time; null for a session that was never opened. `passed`: by itself. */
  phaseOf(
    session: string,
    agent: string,
    now: number,
  ): { readonly phase: string; readonly passed: boolean } | null {
    const found = this.#sessions.get(nameOf(session, agent));
    if (found === undefined) return null;
    const passed = found.phase === FIRST_PHASE && now - found.since >= FIRST_PHASE_MS;
    return { phase: passed ? SECOND_PHASE : found.phase, passed };
  }
}
