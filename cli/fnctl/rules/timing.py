"""What platforms make of a schedule: which rates a cron cannot keep, and how often one fires."""

from __future__ import annotations

from fnctl.manifest import schedule
from fnctl.manifest.model import Trigger

DAY = 86400


def cron_of(trigger: Trigger) -> schedule.Cron | None:
    """Read a schedule's five fields; None for a steady rate and for every other kind of trigger."""
    text = trigger.options.get("cron") if trigger.kind == "schedule" else None
    return schedule.cron(text) if isinstance(text, str) else None


def rate_of(trigger: Trigger) -> int | None:
    """Return a steady rate in seconds; None for five fields and for every other kind of trigger."""
    every = trigger.options.get("every") if trigger.kind == "schedule" else None
    return every if isinstance(every, int) else None


def uneven(seconds: int) -> bool:
    """Tell whether a cron cannot keep a rate: its steps begin anew each hour, each day and each month, and the last one is cut short."""
    minutes = seconds // 60
    if minutes < 60:
        return 60 % minutes != 0
    hours, rest = divmod(minutes, 60)
    return rest != 0 or hours > 24 or 24 % hours != 0


def even(seconds: int) -> str:
    """Name the next longer rate that a cron can keep, in the manifest's words."""
    minutes = seconds // 60
    for known in (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30):
        if known >= minutes:
            return f"{known}m"
    return next((f"{hours}h" for hours in (1, 2, 3, 4, 6, 8, 12) if hours * 60 >= minutes), "1d")


def either_day(cron: schedule.Cron) -> bool:
    """Tell whether a day and a weekday are both named: a manifest means either of them."""
    return not cron.day.any and not cron.weekday.any


def more_than_daily(trigger: Trigger) -> bool:
    """Tell whether a schedule fires more than once on some day."""
    cron, rate = cron_of(trigger), rate_of(trigger)
    if rate is not None:
        return rate < DAY
    return cron is not None and len(cron.minute.values) * len(cron.hour.values) > 1
