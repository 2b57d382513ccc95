/** Signals that are meant for the command of a run. */

const FORWARDED: readonly NodeJS.Signals[] = ["SIGTERM", "SIGHUP", "SIGUSR2", "SIGCONT"];
/** A terminal sends them to the whole foreground group, and so to the command itself. */
const OF_TERMINAL: readonly NodeJS.Signals[] = ["SIGINT", "SIGQUIT"];

/** None of them ends this process meanwhile. @returns what takes it back. */
export function forwardSignals(send: (name: NodeJS.Signals) => void): () => void {
  const isTerminal = process.stdin.isTTY === true || process.stderr.isTTY === true;
  const forward = (name: NodeJS.Signals): void => send(name);
  const leave = (): void => {};
  for (const name of FORWARDED) process.on(name, forward);
  for (const name of OF_TERMINAL) process.on(name, isTerminal ? leave : forward);
  return () => {
    for (const name of FORWARDED) process.off(name, forward);
    for (const name of OF_TERMINAL) process.off(name, isTerminal ? leave : forward);
  };
}
