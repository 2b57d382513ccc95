/** When a policy that follows its origin polls it: again and again, and less often while that fails. */
import { FollowedPolicy, type FollowPorts, type Poll } from "./follow.ts";

export interface PollingOptions {
  /** Between two polls that succeed, or the first failure. */
  readonly intervalMs: number;
  /** Each further failure doubles the wait, up to this. */
  readonly maxIntervalMs: number;
  /** Calls `run` after so long; the result takes that back. A host may move the delay a little, so that not all ask at once. */
  readonly schedule: (delayMs: number, run: () => void) => () => void;
  /** Of every poll. */
  readonly onPoll?: (poll: Poll) => void;
}

/** Polls until it is stopped, beginning one interval from now. */
export function startPolling(policy: FollowedPolicy, options: PollingOptions): { stop(): void } {
  const { intervalMs, maxIntervalMs, schedule, onPoll } = options;
  if (!(intervalMs > 0 && maxIntervalMs >= intervalMs)) {
    throw new RangeError("intervalMs: above 0, and at most maxIntervalMs");
  }
  let stopped = false;
  let cancel: () => void = () => {};
  const next = (): void => {
    const doubled = intervalMs * 2 ** Math.max(0, policy.status.failures - 1);
    cancel = schedule(Math.min(doubled, maxIntervalMs), () => {
      void policy.poll().then((poll) => {
        // First: what `onPoll` throws must not end the polls.
        if (!stopped) next();
        onPoll?.(poll);
      });
    });
  };
  next();
  return {
    stop() {
      stopped = true;
      cancel();
    },
  };
}

export interface PollingChoice {
  /** Between two polls; 30 seconds when left out. */
  readonly intervalMs?: number;
  /** After failures the wait doubles, up to this; ten intervals when left out. */
  readonly maxIntervalMs?: number;
  /** Of every poll, the first one included. */
  readonly onPoll?: (poll: Poll) => void;
}

/** Of an origin that is an address on the web. */
export interface WebChoice {
  /** Of every request, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** For one answer, its body included; 10 seconds when left out. */
  readonly timeoutMs?: number;
}

/** Polls until `close`. */
export interface Followed {
  readonly policy: FollowedPolicy;
  close(): void;
}

const DEFAULT_INTERVAL_MS = 30_000;
const DEFAULT_MAX_FACTOR = 10;
/** For one answer of an origin on the web, its body included. */
export const DEFAULT_TIMEOUT_MS = 10_000;

/** Polls once now, which this waits for, and then goes on. Resolves also when there is no good bundle yet. */
export async function follow(
  ports: FollowPorts,
  {
    intervalMs = DEFAULT_INTERVAL_MS,
    maxIntervalMs = DEFAULT_MAX_FACTOR * intervalMs,
    onPoll,
  }: PollingChoice,
  schedule: PollingOptions["schedule"],
): Promise<Followed> {
  const policy = new FollowedPolicy(ports);
  const reporting = onPoll === undefined ? {} : { onPoll };
  const polling = startPolling(policy, { intervalMs, maxIntervalMs, schedule, ...reporting });
  const first = await policy.poll();
  try {
    onPoll?.(first);
  } catch (error) {
    // Nobody would have it to close.
    polling.stop();
    throw error;
  }
  return { policy, close: () => polling.stop() };
}
