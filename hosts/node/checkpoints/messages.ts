import type { CheckpointOptions } from "../log/timer.ts";
import type { HostRefusal } from "../refusals.ts";

/** How often: after so many records, and after so long when there are new ones. */
export interface Every {
  readonly everyRecords: number;
  readonly everyMs: number;
}

export type ThreadData = Every & Pick<CheckpointOptions, "key" | "origin"> & { folder: string };

/** `note`: a signed checkpoint as text. */
export type FromThread =
  | { type: "open"; note: string | null }
  | { type: "refused"; refusal: HostRefusal }
  | { type: "made"; note: string }
  | { type: "failed"; message: string }
  | { type: "stopped" };

export type ToThread = ({ type: "every" } & Every) | { type: "stop" };
