/** Timing: rounds over all contenders in turn, so that a drift of the machine falls on each alike. */

export interface Contender {
  name: string;
  note: string;
  /** Runs `count` decisions; returns how many were permitted. */
  run(count: number): number | Promise<number>;
}

export interface Timing {
  name: string;
  note: string;
  /** Median over the rounds, nanoseconds per decision. */
  medianNs: number;
  minNs: number;
  maxNs: number;
  /** Median over the rounds of this contender's time divided by the first contender's time in the same round. */
  ratio: number;
}

const ROUNDS = 7;
const WARM_UP_MS = 150;
const SAMPLE_MS = 120;

export async function measure(contenders: Contender[]): Promise<Timing[]> {
  const counts: number[] = [];
  for (const contender of contenders) counts.push(await calibrate(contender));
  const samples = contenders.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, contender] of contenders.entries()) {
      const started = process.hrtime.bigint();
      await contender.run(counts[index]!);
      samples[index]!.push(Number(process.hrtime.bigint() - started) / counts[index]!);
    }
  }
  const first = samples[0]!;
  return contenders.map((contender, index) => {
    const own = samples[index]!;
    return {
      name: contender.name,
      note: contender.note,
      medianNs: median(own),
      minNs: Math.min(...own),
      maxNs: Math.max(...own),
      ratio: median(own.map((value, round) => value / first[round]!)),
    };
  });
}

/** Median milliseconds of a whole operation, after one warm-up. */
export async function measureOnce(rounds: number, operation: () => unknown): Promise<number> {
  await operation();
  const samples: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const started = process.hrtime.bigint();
    await operation();
    samples.push(Number(process.hrtime.bigint() - started) / 1e6);
  }
  return median(samples);
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Warms the contender up and finds how many decisions fill one sample; at least one, however slow it is. */
async function calibrate(contender: Contender): Promise<number> {
  let count = 1;
  let spentMs = 0;
  for (;;) {
    const started = process.hrtime.bigint();
    await contender.run(count);
    const elapsedMs = Number(process.hrtime.bigint() - started) / 1e6;
    spentMs += elapsedMs;
    if (spentMs > WARM_UP_MS && elapsedMs > 1)
      return Math.max(1, Math.round((count * SAMPLE_MS) / elapsedMs));
    count = Math.min(count * 2, 1 << 22);
  }
}
