"""What a folder cannot do. A rule is a function from the resolved service to findings; it reads nothing else."""

from __future__ import annotations

from collections.abc import Iterable

from fnctl.adapter import Rule
from fnctl.diagnostics import Diagnostic
from fnctl.manifest.model import Service


def trigger_starts_nothing(service: Service) -> Iterable[Diagnostic]:
    """A folder holds code. Nothing in it listens to a queue or to the clock."""
    for function in service.functions.values():
        for trigger in function.triggers:
            if trigger.kind != "http":
                yield Diagnostic(
                    "FOLDER001",
                    "warning",
                    f"nothing starts {function.name} on a {trigger.kind} trigger here",
                    span=service.span(*trigger.at),
                    label="a folder only holds the code",
                    help="start it yourself, or leave the function to another target with `only:`",
                    target="folder",
                )


RULES: tuple[Rule, ...] = (trigger_starts_nothing,)
