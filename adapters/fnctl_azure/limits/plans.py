"""Which plan a function is on, and that plan's limits: a function may choose its own."""

from __future__ import annotations

from collections.abc import Mapping

from fnctl.manifest.model import Function
from fnctl.rules import limits
from fnctl.rules.limits import Limits
from fnctl.rules.model import Subject


def plan_of(subject: Subject, function: Function) -> str:
    """Return `functions.X.targets.azure.plan`, or the target's plan."""
    return str(function.own.get("plan") or subject.limits.plan)


def limits_of(subject: Subject, function: Function) -> Limits:
    """Return the limits of the function's own plan."""
    plan = plan_of(subject, function)
    if plan == subject.limits.plan:
        return subject.limits
    own, region = subject.service.limits.get("azure"), subject.service.settings.get("region")
    overrides = own if isinstance(own, Mapping) else None
    return limits.load("azure", plan=plan, region=region if isinstance(region, str) else None, overrides=overrides)


def size_of(function: Function, table: Limits) -> int | None:
    """Return the instance's memory in MB: what the function asks for, rounded up to a size that there is. None where the plan decides."""
    sizes = table.words.get("functions.memory")
    default = table.get("functions.memory.default")
    asked = function.memory or (int(default.value) if default else None)
    if sizes is None or asked is None:
        return asked
    return next((int(size) for size in sizes.values if int(size) >= asked), asked)
