/** DFAS: back to back, every class and every transition inside its automaton. */
import {
  DFA_ACCEPT,
  DFA_ACCEPT_END,
  DFA_DEAD,
  LOAD_BAD_DFA,
  LOAD_OK,
  MAX_DFA_STATES,
  SECTION_DFAS,
} from "../../constants";
import { DFA_CLASS_OF, DFA_CLASSES, DFA_FLAGS, DFA_START, dfaCount, dfas, sectionLength } from "../bundle";

const MAX_CLASSES: u32 = 256;
const FLAGS: u32 = DFA_ACCEPT | DFA_ACCEPT_END | DFA_DEAD;

export function checkAutomata(): u32 {
  const room = sectionLength(SECTION_DFAS);
  const head = 4 + 4 * <u64>dfaCount;
  if (head > <u64>room) return LOAD_BAD_DFA;
  let expected = <u32>head;
  for (let id: u32 = 0; id < dfaCount; id++) {
    if (load<u32>(dfas + 4 + 4 * <usize>id) != expected) return LOAD_BAD_DFA;
    const bytes = checkAutomaton(dfas + expected, room - expected);
    if (bytes == 0) return LOAD_BAD_DFA;
    expected += bytes;
  }
  return expected == room ? LOAD_OK : LOAD_BAD_DFA;
}

/** Bytes of the automaton with its padding, or 0. */
function checkAutomaton(automaton: usize, room: u32): u32 {
  if (room < <u32>DFA_FLAGS) return 0;
  const states = load<u32>(automaton);
  const classes = load<u32>(automaton, DFA_CLASSES);
  if (states == 0 || states > MAX_DFA_STATES || classes == 0 || classes > MAX_CLASSES) return 0;
  if (load<u32>(automaton, DFA_START) >= states) return 0;
  const next = (<u32>DFA_FLAGS + states + 1) & ~1;
  const end = next + 2 * states * classes;
  const bytes = (end + 3) & ~3;
  if (bytes > room) return 0;
  for (let i: usize = 0; i < 256; i++) {
    if (load<u8>(automaton + DFA_CLASS_OF + i) >= classes) return 0;
  }
  for (let i: usize = 0; i < states; i++) {
    if (load<u8>(automaton + DFA_FLAGS + i) > FLAGS) return 0;
  }
  for (let i = <usize>DFA_FLAGS + states; i < next; i++) {
    if (load<u8>(automaton + i) != 0) return 0;
  }
  for (let i = <usize>next; i < end; i += 2) {
    if (load<u16>(automaton + i) >= states) return 0;
  }
  for (let i = <usize>end; i < bytes; i++) {
    if (load<u8>(automaton + i) != 0) return 0;
  }
  return bytes;
}
