"""RFC 3339 in one spelling, `2027-01-31T00:00:00Z`, without the library's calendar, which knows no year 0."""

from __future__ import annotations

import re

_INSTANT = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})Z")
_DAY_MS = 86_400_000
_DAYS_OF_MONTH = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _days_from_civil(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01 in the proleptic Gregorian calendar, counting years from March so that leap days come last."""
    shifted = year if month > 2 else year - 1
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return shifted * 365 + shifted // 4 - shifted // 100 + shifted // 400 + day_of_year - 719_468


def parse_instant(text: str) -> int | None:
    """Unix milliseconds, or None when the text is not an instant in that one spelling (also not 30 February)."""
    match = _INSTANT.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = map(int, match.groups())
    if not 1 <= month <= 12 or hour > 23 or minute > 59 or second > 59:
        return None
    last = 29 if month == 2 and _is_leap(year) else _DAYS_OF_MONTH[month - 1]
    if not 1 <= day <= last:
        return None
    return _days_from_civil(year, month, day) * _DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000
