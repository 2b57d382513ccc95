/** Runs `run` once after `delayMs`; what it returns calls that off. */
export type Schedule = (delayMs: number, run: () => void) => () => void;

/** Longest time for a call of a port. Without a scheduler there is none. */
export interface TimeLimit {
  readonly schedule: Schedule | null;
  readonly timeoutMs: number;
}

export const NO_LIMIT: TimeLimit = { schedule: null, timeoutMs: 0 };

/** What `run` resolves with. Rejects when that takes too long; what becomes of it then is not known. */
export async function within<Result>(
  { schedule, timeoutMs }: TimeLimit,
  run: () => Promise<Result>,
): Promise<Result> {
  if (schedule === null) return run();
  let callOff = (): void => {};
  const over = new Promise<never>((_, reject) => {
    callOff = schedule(timeoutMs, () => reject(new Error(`no answer within ${timeoutMs} ms`)));
  });
  try {
    return await Promise.race([run(), over]);
  } finally {
    callOff();
  }
}
