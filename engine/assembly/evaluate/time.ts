/** Fields of `time` from the facts' Unix milliseconds, in the system's fixed offset, with integers alone. */
import { SYSTEM_UTC_OFFSET, system } from "../bundle";
import { factTime, factTimeMs } from "../decide/facts";
import { TIME_DAY, TIME_HOUR, TIME_MONTH, TIME_UNIX, TIME_WEEKDAY, timeField } from "./fields";
import { setInteger, VALUE_MISSING } from "./values";

const MS_PER_SECOND: u64 = 1000;
const SECONDS_PER_DAY: u64 = 86400;
const SECONDS_PER_HOUR: u64 = 3600;
const DAYS_PER_WEEK: u64 = 7;
/** 1970-01-01 was a Thursday, 3 days after a Monday. */
const EPOCH_WEEKDAY: u64 = 3;

export function setTimeField(value: usize, step: u32): void {
  if (factTime == 0) {
    store<u32>(value, VALUE_MISSING);
    return;
  }
  const unix = factTimeMs / MS_PER_SECOND;
  // `time` is after 1973 (MIN_TIME_DIGITS), so no offset makes it negative.
  const local = <u64>(<i64>unix + 60 * <i64>load<i32>(system, SYSTEM_UTC_OFFSET));
  const days = local / SECONDS_PER_DAY;
  switch (timeField(step)) {
    case TIME_HOUR:
      setInteger(value, (local % SECONDS_PER_DAY) / SECONDS_PER_HOUR);
      return;
    case TIME_WEEKDAY:
      setInteger(value, ((days + EPOCH_WEEKDAY) % DAYS_PER_WEEK) + 1);
      return;
    case TIME_DAY:
      setInteger(value, dayOfMonth(days));
      return;
    case TIME_MONTH:
      setInteger(value, month(days));
      return;
    case TIME_UNIX:
      setInteger(value, unix);
      return;
    default:
      store<u32>(value, VALUE_MISSING);
  }
}

// Civil date of the proleptic Gregorian calendar, counted in years that begin in March, so that a leap day is the last
// of its year: 400 years have 146097 days; the month that holds day d of such a year is (5d + 2) / 153, from March.
const DAYS_TO_MARCH_0000: u64 = 719468;
const DAYS_PER_400_YEARS: u64 = 146097;

/** Day of the year that begins in March, from 0. */
function dayOfMarchYear(days: u64): u64 {
  const day = (days + DAYS_TO_MARCH_0000) % DAYS_PER_400_YEARS;
  // Leap days before it: one in 4 years (1460 days and one), none in 100 (36524), one in 400.
  const year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
  return day - (365 * year + year / 4 - year / 100);
}

function marchMonth(day: u64): u64 {
  return (5 * day + 2) / 153;
}

/** 1 to 31. */
function dayOfMonth(days: u64): u64 {
  const day = dayOfMarchYear(days);
  return day - (153 * marchMonth(day) + 2) / 5 + 1;
}

/** 1 to 12. */
function month(days: u64): u64 {
  const fromMarch = marchMonth(dayOfMarchYear(days));
  return fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
}
