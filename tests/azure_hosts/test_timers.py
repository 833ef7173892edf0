"""When timers are due."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fnctl_azure.standin.hosts.timers import ScheduleError, read

SUNDAY = datetime(2026, 11, 29, 12, 30, 15, 250, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("0 0 3 * * *", "2026-11-30T03:00:00"),
        ("0 3 * * *", "2026-11-30T03:00:00"),
        ("*/20 * * * * *", "2026-11-29T12:30:20"),
        ("0 */5 * * * *", "2026-11-29T12:35:00"),
        ("15 30 12 * * 0", "2026-12-06T12:30:15"),
        ("0 0 9-17/4 * * Mon-Fri", "2026-11-30T09:00:00"),
        ("0 0 0 29 2 *", "2028-02-29T00:00:00"),
        ("0 0 0 1 January *", "2027-01-01T00:00:00"),
        ("0 0 0 * * 7", "2026-12-06T00:00:00"),
        ("0 0 6/6 * * *", "2026-11-29T18:00:00"),
        ("00:00:30", "2026-11-29T12:30:45.000250"),
        ("1.00:00:00", "2026-11-30T12:30:15.000250"),
        ("%EVERY%", "2026-11-29T12:40:00"),
    ],
)
def test_the_next_time(text: str, due: str) -> None:
    assert read(text, {"EVERY": "0 */10 * * * *"}).after(SUNDAY) == datetime.fromisoformat(due).replace(tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "every day", "0 0 0 0 * * *", "60 * * * * *", "*/0 * * * * *", "%NOT_THERE%"])
def test_what_is_no_schedule(text: str) -> None:
    with pytest.raises(ScheduleError):
        read(text, {})


def test_a_day_that_never_comes() -> None:
    with pytest.raises(ScheduleError, match="never due"):
        read("0 0 0 30 2 *", {}).after(SUNDAY)
