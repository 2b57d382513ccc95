/** The fields of `time` (engine/constants.ts ROOT_TIME) by counting days and years, in BigInts. */
export interface CalendarTime {
  hour: bigint;
  weekday: bigint;
  day: bigint;
  month: bigint;
  unix: bigint;
}

const isLeap = (year: bigint): boolean => year % 4n === 0n && (year % 100n !== 0n || year % 400n === 0n);
const MONTH_DAYS = [31n, 28n, 31n, 30n, 31n, 30n, 31n, 31n, 30n, 31n, 30n, 31n];
const DAYS_IN_400_YEARS = 146097n;

/** `unixMs`: Unix milliseconds, not before 1970 also after the offset is added. */
export function calendar(unixMs: bigint, utcOffsetMinutes: number): CalendarTime {
  const seconds = unixMs / 1000n;
  const local = seconds + BigInt(utcOffsetMinutes) * 60n;
  const days = local / 86400n;
  const weekday = ((days + 3n) % 7n) + 1n; // 1970-01-01 was a Thursday
  let left = days % DAYS_IN_400_YEARS;
  let year = 1970n;
  for (;;) {
    const inYear = isLeap(year) ? 366n : 365n;
    if (left < inYear) break;
    left -= inYear;
    year += 1n;
  }
  let month = 0;
  for (;;) {
    const inMonth = MONTH_DAYS[month]! + (month === 1 && isLeap(year) ? 1n : 0n);
    if (left < inMonth) break;
    left -= inMonth;
    month += 1;
  }
  return { hour: (local % 86400n) / 3600n, weekday, day: left + 1n, month: BigInt(month + 1), unix: seconds };
}
