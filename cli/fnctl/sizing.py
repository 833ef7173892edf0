"""What the artifacts of a service are made of, and the room that each platform leaves: all of `fnctl size`. Needs no account."""

from __future__ import annotations

from collections.abc import Iterator

from fnctl import building, preparation
from fnctl.build.contents import Contents
from fnctl.checking import limits_of, targets_of
from fnctl.dataclass import replace
from fnctl.errors import UsageError
from fnctl.manifest.model import Service
from fnctl.manifest.suggest import did_you_mean
from fnctl.preparation import Prepared, phase
from fnctl.results import Room, Sized
from fnctl.rules.limits import Limits
from fnctl.session import Session


def size(session: Session, functions: tuple[str, ...] = ()) -> tuple[Sized, ...]:
    """Build for the chosen target, or for every target in the manifest, and take the artifacts apart. A budget fails nothing here.

    Args:
        session: the run.
        functions: only what holds these.

    Raises:
        UsageError: no target has such a function.
        FnctlError: as `build`.
    """
    found: list[Sized] = []
    known: dict[str, None] = {}
    for target in targets_of(session):
        chosen = replace(session, options=replace(session.options, target=target))
        prepared = preparation.prepare(chosen, deploys=False)
        known |= dict.fromkeys(prepared.service.functions)
        found += _sized(chosen, prepared)
    missing = next((name for name in functions if name not in known), None)
    if missing is not None:
        message = f"there is no function '{missing}'"
        raise UsageError(message, help=did_you_mean(missing, known, f"there are {', '.join(known)}"))
    return tuple(one for one in found if not functions or set(functions) & set(one.contents.functions))


def _sized(session: Session, prepared: Prepared) -> Iterator[Sized]:
    limits, service = limits_of(prepared.service), prepared.service
    with phase(session, prepared, "build"):
        _, made = building.make(session, prepared)
    return (Sized(service.target, found, _room(service, found, limits)) for found in made.contents())


def _room(service: Service, found: Contents, limits: Limits) -> tuple[Room, ...]:
    runtimes = [service.functions[name].runtime for name in found.functions]
    holds = (limit for limit in limits.table.values() if limit.artifact and any(runtime.startswith(limit.family) for runtime in runtimes))
    return tuple(Room(limit, found.packed if limit.artifact == "packed" else found.size) for limit in holds)
