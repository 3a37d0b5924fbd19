"""Working hours are those of the people's clock and week."""

import pytest

from pipeline.audit.working_hours import WallTime, WorkingHours, wall_clock
from pipeline.errors import SettingsError
from tests.unit.audit.records import NOON_MS

MONDAY, FRIDAY, SATURDAY, SUNDAY = 0, 4, 5, 6


@pytest.mark.parametrize(
    ("text", "weekday", "hour", "working"),
    [
        ("mon-fri 7-19", MONDAY, 7, True),
        ("mon-fri 7-19", MONDAY, 6, False),
        ("mon-fri 7-19", FRIDAY, 18, True),
        ("mon-fri 7-19", FRIDAY, 19, False),
        ("mon-fri 7-19", SATURDAY, 12, False),
        ("sat 8-12", SATURDAY, 8, True),
        ("Sat-Mon 0-24", SUNDAY, 23, True),
        ("sat-mon 0-24", FRIDAY, 12, False),
        ("fri 22-6", FRIDAY, 23, True),
        ("fri 22-6", SATURDAY, 5, True),
        ("fri 22-6", SATURDAY, 6, False),
        ("fri 22-6", FRIDAY, 5, False),
        ("sun 22-6", MONDAY, 0, True),
    ],
)
def test_hours_hold_on_their_days_and_over_midnight(text: str, weekday: int, hour: int, working: bool) -> None:
    assert WorkingHours.parse(text).hold(weekday, hour) is working


@pytest.mark.parametrize("text", ["", "mon-fri", "mon-xyz 7-19", "mon 7-7", "mon 7-25", "7-19", "mon,tue 7-19"])
def test_working_hours_that_cannot_be_read_are_refused_with_the_form(text: str) -> None:
    with pytest.raises(SettingsError, match="working hours"):
        WorkingHours.parse(text)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("UTC", WallTime("2026-01-05", MONDAY, 12)),
        ("America/New_York", WallTime("2026-01-05", MONDAY, 7)),
        ("Asia/Kathmandu", WallTime("2026-01-05", MONDAY, 17)),
        ("Pacific/Kiritimati", WallTime("2026-01-06", 1, 2)),
    ],
)
def test_the_wall_clock_is_that_of_the_zone(zone: str, expected: WallTime) -> None:
    assert wall_clock(zone)(NOON_MS) == expected


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd"])
def test_a_zone_that_does_not_exist_is_refused(zone: str) -> None:
    with pytest.raises(SettingsError, match="time zone"):
        wall_clock(zone)
