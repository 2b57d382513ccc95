/** What one run of the benchmark found; also the shape of bench/dist/results.json. */
import type { Durable } from "./durable/index.ts";
import type { Timing } from "./measure.ts";
import type { Sizes } from "./sizes.ts";

export interface Results {
  machine: string;
  timings: { rules: number; timings: Timing[] }[];
  sizes: Sizes;
  /** Null: not measured in this run. */
  durable: Durable | null;
}
