/** Running an automaton of the bundle over a text, a byte a step. */
import { DFA_ACCEPT, DFA_ACCEPT_END, DFA_DEAD } from "../../constants";
import { DFA_CLASS_OF, DFA_CLASSES, DFA_FLAGS, DFA_START, dfaAt } from "../bundle";

// The run that is on.
let automaton: usize = 0;
let next: usize = 0;
let classes: u32 = 0;
let state: u32 = 0;
let settled: bool = false;
let accepted: bool = false;

export function beginRun(id: u32): void {
  automaton = dfaAt(id);
  classes = load<u32>(automaton, DFA_CLASSES);
  state = load<u32>(automaton, DFA_START);
  next = (automaton + DFA_FLAGS + load<u32>(automaton) + 1) & ~(<usize>1);
  settle();
}

/** Notes whether the state decides, whatever follows. A dead state that accepts the end does not: the end may be here. */
function settle(): void {
  const flags = <u32>load<u8>(automaton + state, DFA_FLAGS);
  accepted = (flags & DFA_ACCEPT) != 0;
  settled = accepted || (flags & (DFA_DEAD | DFA_ACCEPT_END)) == DFA_DEAD;
}

/** Goes on over further bytes. */
export function run(text: usize, length: u32): void {
  const end = text + length;
  const table = next;
  const width = classes;
  const flags = automaton + DFA_FLAGS;
  let current = state;
  for (; text < end && !settled; text++) {
    const byteClass = <u32>load<u8>(automaton + load<u8>(text), DFA_CLASS_OF);
    current = load<u16>(table + 2 * (current * width + byteClass));
    if ((load<u8>(flags + current) & (DFA_ACCEPT | DFA_DEAD)) != 0) {
      state = current;
      settle();
    }
  }
  state = current;
}

/** Whether the text that was run over matches. */
export function endRun(): bool {
  if (settled) return accepted;
  return (load<u8>(automaton + state, DFA_FLAGS) & DFA_ACCEPT_END) != 0;
}

export function matches(id: u32, text: usize, length: u32): bool {
  beginRun(id);
  run(text, length);
  return endRun();
}
