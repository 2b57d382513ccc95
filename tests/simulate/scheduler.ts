/**
 * Who goes on next. Everything in a simulated world that waits, waits here, and goes on when the seed says so; between two steps
 * all that waits for nothing but promises has run.
 */
import type { Schedule } from "../../control/ledger/within.ts";
import type { Random } from "../fuzz/random.ts";

/** What a crash takes away at once: everything that was started for it. */
export class Life {
  alive = true;
}

interface Waiting {
  readonly name: string;
  readonly life: Life;
  readonly resume: () => void;
  /** Goes on late, or never. */
  readonly hangs: boolean;
}

interface Timer {
  readonly due: number;
  readonly life: Life;
  readonly run: () => void;
}

export class Scheduler {
  readonly #random: Random;
  #waiting: Waiting[] = [];
  #timers: Timer[] = [];
  /** Milliseconds that no clock shows. */
  elapsedMs = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  get waiting(): number {
    return this.#waiting.filter(({ hangs }) => !hangs).length;
  }

  get hanging(): number {
    return this.#waiting.length - this.waiting;
  }

  get timers(): number {
    return this.#timers.length;
  }

  /** Resolves when the seed says so; never once `life` is over. */
  wait(name: string, life: Life, hangs = false): Promise<void> {
    return new Promise((resume) => {
      if (life.alive) this.#waiting.push({ name, life, resume, hangs });
    });
  }

  scheduleOf(life: Life): Schedule {
    return (delayMs, run) => {
      const timer = { due: this.elapsedMs + delayMs, life, run };
      if (life.alive) this.#timers.push(timer);
      return () => {
        this.#timers = this.#timers.filter((one) => one !== timer);
      };
    };
  }

  /** Lets one of those that wait go on. @returns its name, or null when there is none. */
  resumeOne(hangs: boolean): string | null {
    const candidates = this.#waiting.filter((one) => one.hangs === hangs);
    if (candidates.length === 0) return null;
    const chosen = this.#random.pick(candidates);
    this.#waiting.splice(this.#waiting.indexOf(chosen), 1);
    chosen.resume();
    return chosen.name;
  }

  /** Time until the next timer, or null. */
  untilNextTimer(): number | null {
    if (this.#timers.length === 0) return null;
    return Math.max(0, Math.min(...this.#timers.map(({ due }) => due)) - this.elapsedMs);
  }

  pass(milliseconds: number): void {
    this.elapsedMs += milliseconds;
    const due = this.#timers.filter((timer) => timer.due <= this.elapsedMs);
    this.#timers = this.#timers.filter((timer) => timer.due > this.elapsedMs);
    for (const timer of due) timer.run();
  }

  end(life: Life): void {
    life.alive = false;
    this.#waiting = this.#waiting.filter((one) => one.life !== life);
    this.#timers = this.#timers.filter((one) => one.life !== life);
  }
}

/** When all that waits for promises alone has run. */
export function quiet(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
