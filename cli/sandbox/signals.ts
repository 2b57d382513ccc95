/** Signals that are meant for the command of a run. */

const FORWARDED: readonly NodeJS.Signals[] = ["SIGTERM", "SIGHUP", "SIGUSR2", "SIGCONT"];
/** A terminal sends them to the whole foreground group, and so to the command itself. */
const OF_TERMINAL: readonly NodeJS.Signals[] = ["SIGINT", "SIGQUIT"];

export interface Forwarding {
  /** From now on, and what came before. */
  to(send: (name: NodeJS.Signals) => void): void;
  stop(): void;
}

/** None of them ends this process until `stop`: begun before the command can be there, so that none is lost. */
export function forwardSignals(): Forwarding {
  const isTerminal = process.stdin.isTTY === true || process.stderr.isTTY === true;
  const held: NodeJS.Signals[] = [];
  let send = (name: NodeJS.Signals): void => void held.push(name);
  const forward = (name: NodeJS.Signals): void => send(name);
  const leave = (): void => {};
  for (const name of FORWARDED) process.on(name, forward);
  for (const name of OF_TERMINAL) process.on(name, isTerminal ? leave : forward);
  return {
    to: (receive) => {
      send = receive;
      for (const name of held.splice(0)) receive(name);
    },
    stop: () => {
      for (const name of FORWARDED) process.off(name, forward);
      for (const name of OF_TERMINAL) process.off(name, isTerminal ? leave : forward);
    },
  };
}
