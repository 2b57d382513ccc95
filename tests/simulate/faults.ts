/** What goes wrong at a port, drawn from the seed. */
import type { Random } from "../fuzz/random.ts";
import type { Life, Scheduler } from "./scheduler.ts";

export const FAULTS = ["fails", "fails but took effect", "times out", "times out but took effect"] as const;
export type Fault = (typeof FAULTS)[number];

export class PortFailure extends Error {}

export class Faults {
  readonly #random: Random;
  readonly #scheduler: Scheduler;
  /** Of every operation. */
  probability: number;
  readonly counts = new Map<string, number>();

  constructor(random: Random, scheduler: Scheduler, probability: number) {
    this.#random = random;
    this.#scheduler = scheduler;
    this.probability = probability;
  }

  draw(operation: string): Fault | null {
    if (!this.#random.chance(this.probability)) return null;
    const fault = this.#random.pick(FAULTS);
    const name = `${operation} ${fault}`;
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    return fault;
  }

  /** Whether a port that answers at once throws this time. */
  throws(operation: string): boolean {
    if (!this.#random.chance(this.probability / 8)) return false;
    const name = `${operation} throws`;
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    return true;
  }

  /** How much of a write is done when it fails. */
  part(): number {
    return this.#random.chance(0.3) ? 1 : this.#random.below(1000) / 1000;
  }

  /** An operation with one effect; what happens before and behind it waits for the scheduler, so that a crash can come in between. */
  async around<Result>(operation: string, life: Life, effect: () => Result): Promise<Result> {
    const fault = this.draw(operation);
    await this.#scheduler.wait(`${operation} begins`, life);
    if (fault === "fails") throw new PortFailure(`${operation} fails`);
    if (fault === "times out") await this.#scheduler.wait(`${operation} comes late`, life, true);
    const result = effect();
    const answersLate = fault === "times out but took effect";
    await this.#scheduler.wait(`${operation} answers`, life, answersLate);
    if (fault === "fails but took effect") throw new PortFailure(`${operation} fails, but took effect`);
    return result;
  }
}
