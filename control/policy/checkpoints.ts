/** What a policy's `runtime` block asks for: how often the log's checkpoints are made. */
import { manifestOf } from "../../bundles/load.ts";
import type { Accept } from "./prepare.ts";
import { errorLine, policyRefusal } from "./refusals.ts";

/** Null: the block does not say. */
export interface CheckpointsAsked {
  readonly everyRecords: number | null;
  readonly everyMs: number | null;
}

interface Deployment {
  readonly kind: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

function positive(name: string, value: unknown): number | null {
  if (value === undefined) return null;
  if (Number.isSafeInteger(value) && (value as number) > 0) return value as number;
  throw new RangeError(`runtime: \`${name}\` is a whole number over 0, not ${String(value)}`);
}

/** Null when the bundle asks for no checkpoints. @throws RangeError for a setting that cannot be kept. */
export function checkpointsAsked(bundle: Uint8Array): CheckpointsAsked | null {
  const { deployment } = JSON.parse(manifestOf({ bundle })) as { deployment: readonly Deployment[] };
  const settings = Object.assign(
    {},
    ...deployment.filter(({ kind }) => kind === "runtime").map((block) => block.settings),
  ) as Deployment["settings"];
  const everyRecords = positive("checkpoint_every", settings.checkpoint_every);
  const everyMs = positive("checkpoint_interval", settings.checkpoint_interval);
  return everyRecords === null && everyMs === null ? null : { everyRecords, everyMs };
}

/** Accepts bundles whose checkpoints somebody makes. @param areMade whether somebody does, this host or another one. */
export function acceptCheckpoints(areMade: boolean): Accept {
  return (bundle) => {
    try {
      if (checkpointsAsked(bundle) === null || areMade) return null;
      return policyRefusal(
        "checkpoints_missing",
        "its `runtime` block has `checkpoint_every` or `checkpoint_interval`",
      );
    } catch (error) {
      return policyRefusal("bundle_refused", errorLine(error));
    }
  };
}
