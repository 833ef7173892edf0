"""Where functions stand in the output: one public place for requests and crons, and a private one for each consumer, which has one trigger only."""

from __future__ import annotations

from collections.abc import Iterator

from fnctl.dataclass import dataclass
from fnctl.manifest.model import Function, Service, Trigger

OURS = "_fnctl"
"""Paths below it are not the author's."""


@dataclass(frozen=True)
class Place:
    """One `.func` folder.

    Attributes:
        function: whose code is in it.
        path: `functions/<path>.func`, and the path below the deployment's address that leads to it.
        trigger: the one that starts it here; None for the public place.
    """

    function: Function
    path: str
    trigger: Trigger | None = None

    @property
    def folder(self) -> str:
        """Where its files are, with a `/` at the end."""
        return f"functions/{self.path}.func/"


def places(service: Service) -> Iterator[Place]:
    """Yield every place, in the order of the manifest. A function that nothing starts has its public one, to which no route leads."""
    for function in service.functions.values():
        private = [trigger for trigger in function.triggers if is_private(trigger)]
        if len(private) < len(function.triggers) or not function.triggers:
            yield Place(function, function.name)
        for trigger in private:
            if is_on(function, trigger):
                yield Place(function, f"{OURS}/{function.name}/{trigger.kind}/{trigger.key}", trigger)


def is_private(trigger: Trigger) -> bool:
    """Tell whether only the platform can start it: consumers of topics, and Schedules, as which time zones are kept."""
    return trigger.kind in ("queue", "topic") or is_zoned(trigger)


def is_zoned(trigger: Trigger) -> bool:
    """Tell whether a schedule has a time zone. Crons run in UTC; Schedules, a beta, in any."""
    return trigger.kind == "schedule" and trigger.options.get("timezone", "UTC") != "UTC"


def is_on(function: Function, trigger: Trigger) -> bool:
    """Tell whether a trigger starts its function: `enabled: false` and `reserved: 0` stop it."""
    return trigger.options.get("enabled") is not False and not (function.reserved == 0 and trigger.kind in ("queue", "topic"))


def crons(function: Function) -> dict[str, Trigger]:
    """Return the schedules that the platform starts by a request, by the path that it asks for."""
    found = [trigger for trigger in function.triggers if trigger.kind == "schedule" and not is_zoned(trigger) and is_on(function, trigger)]
    return {f"/{OURS}/{function.name}/schedule/{trigger.key}": trigger for trigger in found}


def door(function: Function) -> str:
    """Return the path by which whoever has the project's secret calls a function that no request starts; "" for one that requests start."""
    return f"/{OURS}/{function.name}" if function.interface in ("event", "task") else ""
