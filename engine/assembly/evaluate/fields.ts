/** The closed lists of fields under `session` and `time`, by the string id of a path's step. */
import { stringLength, stringText } from "../bundle";
import { is } from "../literal";

export const SESSION_FIELD_NONE: u32 = 0;
export const SESSION_ID: u32 = 1;
export const SESSION_PURPOSE: u32 = 2;
export const SESSION_PHASE: u32 = 3;

export function sessionField(step: u32): u32 {
  const text = stringText(step);
  const length = stringLength(step);
  if (is(text, length, "id")) return SESSION_ID;
  if (is(text, length, "purpose")) return SESSION_PURPOSE;
  if (is(text, length, "phase")) return SESSION_PHASE;
  return SESSION_FIELD_NONE;
}

export const TIME_FIELD_NONE: u32 = 0;
export const TIME_HOUR: u32 = 1;
export const TIME_WEEKDAY: u32 = 2;
export const TIME_DAY: u32 = 3;
export const TIME_MONTH: u32 = 4;
export const TIME_UNIX: u32 = 5;

export function timeField(step: u32): u32 {
  const text = stringText(step);
  const length = stringLength(step);
  if (is(text, length, "hour")) return TIME_HOUR;
  if (is(text, length, "weekday")) return TIME_WEEKDAY;
  if (is(text, length, "day")) return TIME_DAY;
  if (is(text, length, "month")) return TIME_MONTH;
  if (is(text, length, "unix")) return TIME_UNIX;
  return TIME_FIELD_NONE;
}
