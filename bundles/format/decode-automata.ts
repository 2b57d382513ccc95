/** DFAS: automata in the one numbering of the format. */

import { DFA_ACCEPT, DFA_ACCEPT_END, DFA_DEAD, MAX_DFA_STATES } from "../../engine/constants.ts";
import type { Automaton } from "./ir.ts";
import type { Reader } from "./reader.ts";

const MAX_CLASSES = 256;
const FLAGS: readonly number[] = [0, DFA_ACCEPT, DFA_ACCEPT_END, DFA_DEAD];

export function readAutomata(reader: Reader): Automaton[] {
  const count = reader.count(4);
  const offsets = Array.from({ length: count }, () => reader.u32());
  const known = new Set<string>();
  const automata = offsets.map((offset, id) => {
    if (offset !== reader.at - reader.start) {
      reader.fail(`the automaton to start at ${reader.at - reader.start}`, reader.start + 4 + id * 4);
    }
    const place = reader.at;
    const automaton = readAutomaton(reader);
    const key = `${automaton.classOf.join()}:${automaton.flags.join()}:${automaton.next.join()}`;
    if (known.has(key)) reader.fail("automata that differ", place);
    known.add(key);
    return automaton;
  });
  return automata;
}

function readAutomaton(reader: Reader): Automaton {
  const place = reader.at;
  const states = reader.bounded(MAX_DFA_STATES, `at most ${MAX_DFA_STATES} states`);
  const classes = reader.bounded(MAX_CLASSES, `at most ${MAX_CLASSES} classes`);
  if (states === 0 || classes === 0) reader.fail("a state and a class", place);
  if (reader.u32() !== 0) reader.fail("the start to be state 0", reader.at - 4);
  const classOf = reader.raw(256);
  checkClasses(reader, classOf, classes, place + 12);
  const flags = reader.raw(states);
  reader.pad(2);
  const nextPlace = reader.at;
  const next = Uint16Array.from({ length: states * classes }, () => reader.u16());
  reader.pad(4);
  const automaton = { states, classes, classOf, flags, next };
  checkStates(reader, automaton, nextPlace);
  checkFlags(reader, automaton, place + 12 + 256);
  return automaton;
}

/** Classes are numbered in the order of their first byte, and none is without bytes. */
function checkClasses(reader: Reader, classOf: Uint8Array, classes: number, place: number): void {
  let seen = 0;
  for (const [byte, at] of classOf.entries()) {
    if (at > seen || at >= classes)
      reader.fail("byte classes in the order of their first byte", place + byte);
    if (at === seen) seen++;
  }
  if (seen !== classes) reader.fail(`${classes} byte classes in use`, place);
}

/** States are numbered breadth first, and all are reached; no two classes have equal columns. */
function checkStates(reader: Reader, { states, classes, next }: Automaton, place: number): void {
  let seen = 1;
  for (const [index, target] of next.entries()) {
    // The row of a state that is not reached by then.
    if (index >= seen * classes) reader.fail("states that are reached", place + index * 2);
    if (target > seen || target >= states) reader.fail("states numbered breadth first", place + index * 2);
    if (target === seen) seen++;
  }
  if (seen !== states) reader.fail(`${states} states that are reached`, place);
  const columns = new Set<string>();
  for (let at = 0; at < classes; at++) {
    let key = "";
    for (let state = 0; state < states; state++) key += String.fromCharCode(next[state * classes + at]!);
    if (columns.has(key)) reader.fail("byte classes that differ", place + at * 2);
    columns.add(key);
  }
}

/** Exactly the states that are never left accept at once or are dead, at most one each. */
function checkFlags(reader: Reader, { classes, flags, next }: Automaton, place: number): void {
  const absorbing = new Set<number>();
  for (const [state, flag] of flags.entries()) {
    if (!FLAGS.includes(flag)) reader.fail("one flag of a state at most", place + state);
    const row = next.subarray(state * classes, (state + 1) * classes);
    const isAbsorbing = row.every((target) => target === state);
    if (isAbsorbing !== (flag === DFA_ACCEPT || flag === DFA_DEAD)) {
      reader.fail("the states that are never left to accept or to be dead", place + state);
    }
    if (!isAbsorbing) continue;
    if (absorbing.has(flag)) reader.fail("one accepting and one dead state at most", place + state);
    absorbing.add(flag);
  }
}
