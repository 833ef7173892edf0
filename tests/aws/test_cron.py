"""Five cron fields and steady rates in EventBridge Scheduler's words."""

from __future__ import annotations

import pytest

from aws.services import schedule
from aws.strict import operations
from fnctl_aws.translate.cron import scheduler_cron
from fnctl_aws.translate.schedule import expression, rate

CRONS = [
    ("0 3 * * *", "0 3 * * ? *"),
    ("*/15 * * * *", "0,15,30,45 * * * ? *"),
    ("0 9-17/4 * * *", "0 9,13,17 * * ? *"),
    ("0 0 1 * *", "0 0 1 * ? *"),
    ("0 0 1,15 1-3 *", "0 0 1,15 1-3 ? *"),
    ("0 12 * jan,jul *", "0 12 * 1,7 ? *"),
    ("30 8 * * 1-5", "30 8 ? * MON-FRI *"),
    ("30 8 * * mon-fri", "30 8 ? * MON-FRI *"),
    ("0 0 * * 0", "0 0 ? * SUN *"),
    ("0 0 * * 7", "0 0 ? * SUN *"),
    ("0 0 * * 5-7", "0 0 ? * SUN,FRI-SAT *"),
    ("0 0 * * */2", "0 0 ? * SUN,TUE,THU,SAT *"),
    ("0 0 */10 * *", "0 0 1,11,21,31 * ? *"),
    ("0 0 * * 0-6", "0 0 * * ? *"),
    ("1-59/2 0-22/2 1-31/2 * *", None),
]


@pytest.mark.parametrize(("portable", "aws"), CRONS)
def test_cron(portable: str, aws: str | None) -> None:
    made = scheduler_cron(portable)
    assert aws is None or made == aws
    assert len(f"cron({made})") <= 256
    assert len(made.split()) == 6
    assert made.split().count("?") == 1


def test_a_day_and_a_weekday_at_once_cannot_be_said() -> None:
    with pytest.raises(ValueError, match="a day of the month and a weekday at once"):
        scheduler_cron("0 0 13 * 5")


@pytest.mark.parametrize(
    ("seconds", "aws"),
    [
        (60, "rate(1 minute)"),
        (300, "rate(5 minutes)"),
        (3600, "rate(1 hour)"),
        (7200, "rate(2 hours)"),
        (5400, "rate(90 minutes)"),
        (86_400, "rate(1 day)"),
        (259_200, "rate(3 days)"),
    ],
)
def test_rate(seconds: int, aws: str) -> None:
    assert rate(seconds) == aws
    assert expression(schedule("often", every=seconds)) == aws


@pytest.mark.parametrize("seconds", [0, 30, 90])
def test_less_than_a_minute_cannot_be_said(seconds: int) -> None:
    with pytest.raises(ValueError, match="not a whole number of minutes"):
        rate(seconds)


def test_the_models_are_there() -> None:
    assert "create_schedule" in operations("scheduler")
