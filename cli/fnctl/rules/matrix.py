"""The portability matrix: for every function and target what works, what does not, and what to use instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, TypeAlias

from fnctl.dataclass import dataclass
from fnctl.diagnostics import Diagnostic
from fnctl.manifest.model import Function, Key, Service
from fnctl.rules.model import NOT_YET
from fnctl.source import Span

State: TypeAlias = Literal["works", "differs", "later", "no", "elsewhere"]
"""works: as the manifest says. differs: with a difference to know. later: fnctl does not do it there yet. no: refused by the platform. elsewhere: the
manifest does not send it there."""

_EVERYWHERE = ("FN0", "SEC", "ADV", "FIT")
"""Families that say the same of every target: they are no part of a comparison."""
_WORDS = (
    "handler",
    "interface",
    "runtime",
    "memory",
    "timeout",
    "tracing",
    "retry",
    "dead_letter",
    "architecture",
    "layers",
    "description",
    "idempotent",
)
_DEEP: tuple[tuple[Key, ...], ...] = (
    *(("concurrency", word) for word in ("reserved", "provisioned", "always_ready", "per_instance")),
    ("logs", "retention"),
)


@dataclass(frozen=True)
class Checkup:
    """One target's answer. `service` is None where the manifest cannot be resolved for it; `declared` tells whether the manifest names the target."""

    target: str
    service: Service | None
    found: tuple[Diagnostic, ...]
    declared: bool = True


@dataclass(frozen=True)
class Cell:
    """One function on one target, with the findings that say why."""

    state: State
    found: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True)
class Matrix:
    """`rows`: function -> target -> cell. `general`: target -> findings that are about no single function."""

    service: str
    stage: str
    targets: tuple[str, ...]
    declared: tuple[str, ...]
    rows: Mapping[str, Mapping[str, Cell]]
    general: Mapping[str, tuple[Diagnostic, ...]]

    def refused(self) -> bool:
        """Tell whether a target that the manifest names refuses something."""
        cells = [cell for row in self.rows.values() for target, cell in row.items() if target in self.declared]
        said = [*(d for cell in cells for d in cell.found), *(d for target in self.declared for d in self.general[target])]
        return any(_refuses(d) for d in said)


def matrix(checkups: Iterable[Checkup]) -> Matrix:
    """Lay what was found for each target out by function. Findings that hold on every target are left out."""
    known = list(checkups)
    services = [checkup.service for checkup in known if checkup.service]
    names = list(dict.fromkeys(name for service in services for name in (*service.functions, *service.elsewhere)))
    rows: dict[str, dict[str, Cell]] = {name: {} for name in names}
    general: dict[str, tuple[Diagnostic, ...]] = {}
    for checkup in known:
        found = [d for d in checkup.found if not d.code.startswith(_EVERYWHERE)] if checkup.service else list(checkup.found)
        cells, rest = _column(checkup.service, found)
        general[checkup.target] = tuple(rest)
        for name in names:
            rows[name][checkup.target] = cells.get(name, Cell("elsewhere" if checkup.service else "no"))
    first = services[0] if services else None
    targets = tuple(checkup.target for checkup in known)
    declared = tuple(checkup.target for checkup in known if checkup.declared)
    return Matrix(first.name if first else "", first.stage if first else "", targets, declared, rows, general)


def _column(service: Service | None, found: Iterable[Diagnostic]) -> tuple[dict[str, Cell], list[Diagnostic]]:
    """Give each finding to the functions that it is about; what is about none of them is left over."""
    if service is None:
        return {}, list(found)
    places = {name: set(_places(service, function)) for name, function in service.functions.items()}
    mine: dict[str, list[Diagnostic]] = {name: [] for name in places}
    rest = []
    for d in found:
        users = [name for name, spans in places.items() if d.span in spans]
        if not users or (len(users) > 1 and len(users) == len(places) and d.severity != "error"):
            rest.append(d)  # a warning about all of them, such as one about `defaults`, sets none of them apart
            continue
        for name in users:
            mine[name].append(d)
    return {name: Cell(_state(ds), tuple(ds)) for name, ds in mine.items()}, rest


def _state(found: Iterable[Diagnostic]) -> State:
    said = list(found)
    if any(map(_refuses, said)):
        return "no"
    severities = {d.severity for d in said}
    return "later" if "error" in severities else "differs" if "warning" in severities else "works"


def _refuses(d: Diagnostic) -> bool:
    return d.severity == "error" and d.code not in NOT_YET


def _places(service: Service, function: Function) -> Iterator[Span]:
    """Yield every place of the manifest that a finding about this function can point at: its own words, and those of what it uses."""
    for path in _paths(service, function):
        for key in (False, True):
            if span := service.span(*path, key=key):
                yield span


def _paths(service: Service, function: Function) -> Iterator[tuple[Key, ...]]:
    here = ("functions", function.name)
    yield here
    yield from ((*here, word) for word in (*_WORDS, *function.own))
    yield from ((*here, *words) for words in _DEEP)
    yield from ((*here, "env", name) for name in function.env)
    yield from ((*here, "uses", name) for name in function.uses)
    for trigger in function.triggers:
        yield trigger.at
        yield (*trigger.at, trigger.kind)
        yield from ((*trigger.at, trigger.kind, option) for option in (*trigger.options, "name"))
    for name in {*function.uses, *(trigger.resource for trigger in function.triggers if trigger.resource)}:
        if name in service.resources:
            resource = service.resources[name]
            yield from (("resources", name, word) for word in ("type", "name", "existing", *resource.options, *resource.own))
            yield ("resources", name)
