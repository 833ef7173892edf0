"""Schedules as Vercel takes them: five fields, and a steady rate as the fields that come to the same."""

from __future__ import annotations

from fnctl.errors import FnctlError
from fnctl.graph import Json
from fnctl.manifest.model import Service, Trigger
from fnctl.rules.timing import even
from fnctl_vercel.output.places import crons, is_zoned, places

MINUTES, HOURS = 60, 24


def cron_entries(service: Service) -> list[Json]:
    """Return `crons` of config.json: the path that is asked for, and when."""
    return [
        {"path": path, "schedule": expression(service, trigger)}
        for function in service.functions.values()
        for path, trigger in crons(function).items()
    ]


def zoned_entries(service: Service) -> list[Json]:
    """Return `schedules` of config.json, a beta: its list form, which names functions by their path in the output."""
    return [
        {
            "name": f"{place.function.name}-{trigger.key}",
            "schedule": expression(service, trigger),
            "timezone": str(trigger.options["timezone"]),
            "function": place.path,
        }
        for place in places(service)
        if (trigger := place.trigger) and is_zoned(trigger)
    ]


def expression(service: Service, trigger: Trigger) -> str:
    """Return five fields. Raises FnctlError for a rate that no five fields can keep."""
    if "cron" in trigger.options:
        return str(trigger.options["cron"])
    seconds = int(str(trigger.options["every"]))
    minutes = seconds // 60
    if minutes < MINUTES:
        return f"{_step(minutes)} * * * *"
    hours, rest = divmod(minutes, MINUTES)
    if not rest and hours < HOURS:
        return f"0 {_step(hours)} * * *"
    days, left = divmod(hours, HOURS)
    if rest or left:
        span = service.span(*trigger.at, "schedule")
        message = "a cron cannot keep this rate: its steps begin anew each hour and each day"
        raise FnctlError(message, code="VC310", span=span, help=f"write a rate that divides them: every {even(seconds)}")
    return f"0 0 {_step(days)} * *"


def _step(count: int) -> str:
    return "*" if count == 1 else f"*/{count}"
