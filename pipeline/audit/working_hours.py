"""When people are expected at work, and what the clock on their wall shows."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pipeline.errors import SettingsError

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FORM = re.compile(r"([a-z]{3})(?:-([a-z]{3}))? (\d{1,2})-(\d{1,2})")
_QUARTER_MS = 15 * 60_000
"""Every zone in use is a whole number of quarters from UTC, so a quarter has one hour and one day."""


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """From `start_hour` until `end_hour` (0 to 24, the end not included) on `weekdays` (Monday is 0).

    A start after the end goes over midnight; the hours after midnight then belong to the day before.
    """

    weekdays: frozenset[int]
    start_hour: int
    end_hour: int

    @classmethod
    def parse(cls, text: str) -> "WorkingHours":
        """Of `mon-fri 7-19`, `sat 8-12` or `mon-sun 22-6`. Raises SettingsError."""
        found = _FORM.fullmatch(text.strip().lower())
        if found is None or found[1] not in _DAYS or (found[2] or found[1]) not in _DAYS:
            raise SettingsError(f"working hours {text!r}: write them like 'mon-fri 7-19'")
        first, last = _DAYS.index(found[1]), _DAYS.index(found[2] or found[1])
        start, end = int(found[3]), int(found[4])
        if start > 24 or end > 24 or start == end:
            raise SettingsError(f"working hours {text!r}: two different hours from 0 to 24 are needed")
        return cls(frozenset((first + step) % 7 for step in range((last - first) % 7 + 1)), start, end)

    def hold(self, weekday: int, hour: int) -> bool:
        """Whether the hour that begins at `hour` (0 to 23) of `weekday` is one of them."""
        if self.start_hour < self.end_hour:
            return weekday in self.weekdays and self.start_hour <= hour < self.end_hour
        evening = weekday in self.weekdays and hour >= self.start_hour
        return evening or ((weekday - 1) % 7 in self.weekdays and hour < self.end_hour)


class WallTime(NamedTuple):
    """`day` is `2026-01-05`; `weekday` counts from Monday, 0."""

    day: str
    weekday: int
    hour: int


def wall_clock(zone: str) -> Callable[[int], WallTime]:
    """From milliseconds since the epoch to the time in `zone` (an IANA name).

    Raises SettingsError where there is no such zone; what it returns raises ValueError or OverflowError for a time that
    no calendar has.
    """
    try:
        found = ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise SettingsError(f"there is no time zone {zone!r}; write it like 'America/New_York'") from error

    @lru_cache(maxsize=256)
    def of_quarter(quarter: int) -> WallTime:
        moment = datetime.fromtimestamp(quarter * _QUARTER_MS / 1000, tz=found)
        return WallTime(moment.date().isoformat(), moment.weekday(), moment.hour)

    return lambda epoch_ms: of_quarter(epoch_ms // _QUARTER_MS)
