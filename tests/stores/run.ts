/** The suite as tests of one store. */
import { describe, it } from "vitest";
import { CASES, type Case, type Faces, type Place } from "./suite.ts";

export interface Subject {
  readonly name: string;
  /** An empty place; `remove` is called when the case is over and all of its connections are closed. */
  make(): Promise<Place & { remove?(): Promise<void> }>;
  readonly has: readonly (keyof Faces)[];
  /** One connection at a time. */
  readonly exclusive?: true;
}

export function describeStore(subject: Subject): void {
  describe(subject.name, () => {
    const cases = CASES.filter(
      (one) => one.needs.every((face) => subject.has.includes(face)) && !(one.shared && subject.exclusive),
    );
    for (const one of cases) it(one.name, () => runCase(subject, one));
  });
}

async function runCase(subject: Subject, one: Case): Promise<void> {
  const place = await subject.make();
  const opened: Faces[] = [];
  const open = async (): Promise<Faces> => {
    const faces = await place.open();
    opened.push(faces);
    return faces;
  };
  try {
    await one.run({ open, seal: place.seal });
  } finally {
    for (const { state, log, ledger } of opened) {
      await state?.close();
      await log?.close();
      await ledger?.close();
    }
    await place.remove?.();
  }
}
