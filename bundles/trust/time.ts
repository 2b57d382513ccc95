/** RFC 3339 in one spelling, `2027-01-31T00:00:00Z`, without a runtime's calendar or clock. */
const INSTANT = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z$/;
const DAY_MS = 86_400_000;

/** Days from 1970-01-01 in the proleptic Gregorian calendar, counting years from March so that leap days come last. */
function daysFromCivil(year: number, month: number, day: number): number {
  const shifted = month > 2 ? year : year - 1;
  const monthFromMarch = (month + 9) % 12;
  const dayOfYear = Math.floor((153 * monthFromMarch + 2) / 5) + day - 1;
  const leapDays = Math.floor(shifted / 4) - Math.floor(shifted / 100) + Math.floor(shifted / 400);
  return shifted * 365 + leapDays + dayOfYear - 719_468;
}

function civilFromDays(days: number): [year: number, month: number, day: number] {
  let year = 1970 + Math.floor(days / 365.2425);
  while (daysFromCivil(year + 1, 1, 1) <= days) year++;
  while (daysFromCivil(year, 1, 1) > days) year--;
  let month = 12;
  while (daysFromCivil(year, month, 1) > days) month--;
  return [year, month, days - daysFromCivil(year, month, 1) + 1];
}

function padded(value: number, digits: number): string {
  return String(value).padStart(digits, "0");
}

/** @param ms Unix milliseconds, cut to whole seconds; years 0 to 9999. @throws RangeError outside of them. */
export function formatInstant(ms: number): string {
  const days = Math.floor(ms / DAY_MS);
  const [year, month, day] = civilFromDays(days);
  if (!(year >= 0 && year <= 9999)) throw new RangeError(`ms must lie in the years 0 to 9999, got ${ms}`);
  const seconds = Math.floor((ms - days * DAY_MS) / 1000);
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const date = `${padded(year, 4)}-${padded(month, 2)}-${padded(day, 2)}`;
  return `${date}T${clock.map((part) => padded(part, 2)).join(":")}Z`;
}

/** Unix milliseconds, or null when the text is not an instant in that one spelling (also not 30 February). */
export function parseInstant(text: string): number | null {
  const parts = INSTANT.exec(text)?.slice(1).map(Number);
  if (parts === undefined) return null;
  const [year, month, day, hour, minute, second] = parts as [number, number, number, number, number, number];
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59) return null;
  const ms = daysFromCivil(year, month, day) * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000;
  return formatInstant(ms) === text ? ms : null;
}
