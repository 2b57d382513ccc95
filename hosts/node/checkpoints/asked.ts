/** What a policy's `runtime` block asks for: how often the log's checkpoints are made. */
import { manifestOf } from "../../../bundles/load.ts";

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
