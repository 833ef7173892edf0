"""Schedules as timers count them: NCRONTAB, six fields, seconds first."""

from __future__ import annotations

from fnctl.errors import FnctlError
from fnctl.manifest.model import Service, Trigger
from fnctl.rules import timing

DAYS = 31


def ncrontab(service: Service, trigger: Trigger) -> str:
    """Return a schedule for a timer.

    Raises:
        FnctlError: AZ605, no timer can keep this rate.
    """
    cron = timing.cron_of(trigger)
    if cron is not None:
        return f"0 {cron}"
    minutes = (timing.rate_of(trigger) or 60) // 60
    hours, rest = divmod(minutes, 60)
    if minutes < 60:
        return f"0 {_step(minutes)} * * * *"
    if rest == 0 and hours < 24:
        return f"0 0 {_step(hours)} * * *"
    if minutes % 1440 == 0 and minutes // 1440 <= DAYS:
        return f"0 0 0 {_step(minutes // 1440)} * *"
    raise _refusal(service, trigger, minutes * 60)


def _step(count: int) -> str:
    return "*" if count == 1 else f"*/{count}"


def _refusal(service: Service, trigger: Trigger, seconds: int) -> FnctlError:
    return FnctlError(
        f"a timer cannot keep `every {seconds // 60}m`",
        code="AZ605",
        span=service.span(*trigger.at, "schedule"),
        help=f"write a rate that it can: every {timing.even(seconds)}; or five cron fields",
    )
