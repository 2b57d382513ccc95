/** What a decision did, step by step: events of 8 bytes, the first MAX_TRACE_EVENTS of them. */
import { MAX_TRACE_EVENTS, TRACE } from "../memory";

export let tracing: bool = false;
export let traceCount: u32 = 0;

export function beginTrace(wanted: bool): void {
  tracing = wanted;
  traceCount = 0;
}

let isPaused: bool = false;

/** Nothing is noted until `resumeTrace`. */
export function pauseTrace(): void {
  isPaused = tracing;
  tracing = false;
}

export function resumeTrace(): void {
  tracing = isPaused;
}

/** TRACE_*. */
export function traceEvent(kind: u32, low: u32, payload: u32): void {
  if (!tracing || traceCount == MAX_TRACE_EVENTS) return;
  const at = TRACE + 8 * <usize>traceCount;
  traceCount++;
  store<u32>(at, (kind << 24) | low);
  store<u32>(at, payload, 4);
}
