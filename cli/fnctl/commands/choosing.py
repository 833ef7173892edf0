"""Which platforms and plans a verb is about, when it needs no manifest."""

from __future__ import annotations

from fnctl.commands.run import Run
from fnctl.errors import UsageError
from fnctl.rules.limits import TARGETS, document


def plans(run: Run, plan: str | None) -> dict[str, list[str | None]]:
    """Return the plans of each platform that --target (or FNCTL_TARGET) and --plan leave, [None] for one that has no plans. Raises UsageError."""
    target = run.settings.target or run.world.environ.get("FNCTL_TARGET")
    if target and target not in TARGETS:
        message = f"the limits of '{target}' are not known"
        raise UsageError(message, help=f"there are {', '.join(TARGETS)}")
    every: dict[str, list[str | None]] = {name: list(document(name)["plans"]) or [None] for name in ([target] if target else TARGETS)}
    if plan is None:
        return every
    chosen: dict[str, list[str | None]] = {name: [plan] for name, names in every.items() if plan in names}
    if not chosen:
        known = [name for names in every.values() for name in names if name]
        message = f"{target} has no plan '{plan}'" if target else f"there is no plan '{plan}'"
        raise UsageError(message, code="FN951", help=f"there are {', '.join(known)}" if known else "leave it out: this platform has none")
    return chosen
