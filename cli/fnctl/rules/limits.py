"""The platforms' limits as data: every number with its unit, its source, its date and how sure it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypeAlias

from fnctl.dataclass import dataclass, field, replace
from fnctl.diagnostics import Severity
from fnctl.errors import FnctlError
from fnctl.graph import Json
from fnctl.manifest import units

Sure: TypeAlias = Literal["documented", "observed", "quoted", "unsure"]

TARGETS = ("aws", "azure", "vercel")
"""The platforms whose limits are known."""

_SHORT = {"seconds": "s"}
_SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
_BYTES = {"bytes": 1, "KB": 1024, "MB": 1024**2, "GB": 1024**3}


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit for one plan and region. `value` in `unit`; `sure` as in the platform's documents; contested numbers only warn.

    `X` is a maximum, `X.min` a minimum, `X.default` what holds unless it is set, `X.advised` what works well. Sizes are binary: 1 MB is
    1,048,576 bytes. `date` is the source's own; empty for a number that the manifest gives. `raisable` says that the platform raises it on request.
    `artifact` is `packed` or `unpacked` where the limit is about what a build makes, for the runtimes of one `family` (`python`) or for all.
    """

    id: str
    value: float
    unit: str
    severity: Severity
    effect: str
    source: str
    date: str
    sure: Sure = "documented"
    raisable: bool = False
    artifact: str = ""
    family: str = ""

    def note(self) -> str:
        """Name the source, as a diagnostic's note."""
        return f"limit: {self.source} ({self.date})" if self.date else f"limit: {self.source}"

    def amount(self) -> str:
        """Write the value with its unit, as a person reads it: `900 s`, `10,240 MB`, `1 region`."""
        number = f"{self.value:,.15g}"
        return f"{number} {_singular(self.unit) if self.value == 1 else _SHORT.get(self.unit, self.unit)}"

    def in_bytes(self) -> int:
        """Return a size in bytes. Raises KeyError for what is no size."""
        return int(self.value * _BYTES[self.unit])


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a name may look like, apart from its length; `means` says it in words."""

    id: str
    pattern: str
    means: str
    source: str
    date: str
    sure: Sure = "documented"

    def matches(self, text: str) -> bool:
        """Tell whether the whole text is such a name."""
        return re.fullmatch(self.pattern, text) is not None


@dataclass(frozen=True, slots=True)
class Words:
    """A closed list: names that are reserved, days that a log can be kept, sizes that there are."""

    id: str
    values: tuple[str | int, ...]
    means: str
    source: str
    date: str
    sure: Sure = "documented"


@dataclass(frozen=True, slots=True)
class Runtime:
    """A runtime by the manifest's name, as the platform calls it, with its dates (YYYY-MM-DD); None where none is published."""

    id: str
    platform: str
    state: Literal["supported", "preview", "gone"]
    source: str
    date: str
    deprecated: str | None = None
    create_blocked: str | None = None
    update_blocked: str | None = None
    sure: Sure = "documented"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the name or the value of one entry of the manifest's `limits:`; a warning where the number is taken all the same."""

    id: str
    severity: Severity
    message: str
    help: str
    what: Literal["name", "value"] = "name"


@dataclass(frozen=True)
class Limits:
    """The limits that hold for one target, plan and region, with the manifest's own `limits:` laid over them. `read` is when the sources were."""

    target: str
    plan: str | None = None
    table: Mapping[str, Limit] = field(default_factory=dict)
    patterns: Mapping[str, Pattern] = field(default_factory=dict)
    words: Mapping[str, Words] = field(default_factory=dict)
    runtimes: Mapping[str, Runtime] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    read: str = ""

    def __getitem__(self, id_: str) -> Limit:
        return self.table[id_]

    def get(self, id_: str) -> Limit | None:
        """Return a limit, None where this plan has no such limit."""
        return self.table.get(id_)


def document(target: str) -> Mapping[str, Any]:
    """Read one platform's limits as they are kept: every plan, `sources` by key, and what `fnctl compare` says."""
    import fnctl_schemas

    read: Mapping[str, Any] = fnctl_schemas.read(f"limits/{target}.json")
    return read


def load(target: str, *, plan: str | None = None, region: str | None = None, overrides: Mapping[str, Json] | None = None) -> Limits:
    """Choose what holds for a plan (without one, the platform's first) and a region, and lay the manifest's `limits.TARGET` over it.

    A target that fnctl has no limits for, a third party's, has none. An override that cannot be is in `problems`. Raises FnctlError for an
    unknown plan.
    """
    if target not in TARGETS:
        return Limits(target, plan)
    kept = document(target)
    chosen = _plan(target, kept["plans"], plan)
    table = _Table(kept, chosen, region)
    problems = _override(table, kept, chosen, target, overrides or {})
    runtimes = {id_: _runtime(id_, entry, kept) for id_, entry in kept["runtimes"].items() if _holds(entry, chosen)}
    patterns = {id_: Pattern(id_, e["pattern"], e["means"], *_origin(e, kept)) for id_, e in kept["patterns"].items() if _holds(e, chosen)}
    words = {id_: Words(id_, tuple(e["values"]), e["means"], *_origin(e, kept)) for id_, e in kept["words"].items() if _holds(e, chosen)}
    return Limits(target, chosen, table, patterns, words, runtimes, problems, kept["read"])


class _Table(Mapping[str, Limit]):
    """The limits of a plan and region, made when somebody asks for one: rules ask for a third of them."""

    def __init__(self, kept: Mapping[str, Any], plan: str | None, region: str | None) -> None:
        self._kept, self._plan, self._region = kept, plan, region
        self._made: dict[str, Limit | None] = {}

    def __getitem__(self, id_: str) -> Limit:
        if id_ not in self._made:
            self._made[id_] = _limit(id_, self._kept["limits"][id_], self._kept, self._plan, self._region)
        made = self._made[id_]
        if made is None:
            raise KeyError(id_)
        return made

    def __setitem__(self, id_: str, limit: Limit) -> None:
        self._made[id_] = limit

    def __iter__(self) -> Iterator[str]:
        return (id_ for id_ in self._kept["limits"] if id_ in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _plan(target: str, plans: list[str], given: str | None) -> str | None:
    if given is None:
        return plans[0] if plans else None
    if given not in plans:
        message = f"{target} has no plan '{given}'"
        raise FnctlError(message, code="FN951", help=f"there are {', '.join(plans)}" if plans else "leave it out: this platform has none")
    return given


def _holds(entry: Mapping[str, Any], plan: str | None) -> bool:
    return plan in entry["plans"] if "plans" in entry else True


def _origin(entry: Mapping[str, Any], kept: Mapping[str, Any]) -> tuple[str, str, Sure]:
    source = kept["sources"][entry["source"]]
    return source["title"], source["date"], entry.get("sure", "documented")


def _limit(id_: str, entry: Mapping[str, Any], kept: Mapping[str, Any], plan: str | None, region: str | None) -> Limit | None:
    value = entry.get("value", entry.get("plans", {}).get(plan))
    if value is None:
        return None
    value = entry.get("regions", {}).get(region, value)
    severity: Severity = entry.get("severity", "error")
    more = {word: entry[word] for word in ("raisable", "artifact", "family") if word in entry}
    return Limit(id_, value, entry["unit"], severity, entry["effect"], *_origin(entry, kept), **more)


def _runtime(id_: str, entry: Mapping[str, Any], kept: Mapping[str, Any]) -> Runtime:
    source, date, sure = _origin(entry, kept)
    dates = {key: entry.get(key) for key in ("deprecated", "create_blocked", "update_blocked")}
    return Runtime(id_, entry["platform"], entry.get("state", "supported"), source, date, **dates, sure=sure)


def _override(table: _Table, kept: Mapping[str, Any], plan: str | None, target: str, overrides: Mapping[str, Json]) -> tuple[Problem, ...]:
    problems = []
    for id_, given in overrides.items():
        limit = table.get(id_)
        if limit is None:
            problems.append(_unknown(id_, kept, plan, target, table))
            continue
        value = _number(given, limit.unit)
        if value is None:
            problems.append(Problem(id_, "error", f"`{given}` is not a number of {limit.unit}", f"write it as `{limit.value:.15g}`", "value"))
            continue
        if not limit.raisable and limit.severity == "error":
            help = f"leave it out, unless {target} has told you otherwise; fnctl counts with your number"
            problems.append(Problem(id_, "warning", f"the platform raises `{id_}` for nobody", help))
        table[id_] = replace(limit, value=value, source=f"`limits.{target}` in the manifest", date="")
    return tuple(problems)


def _unknown(id_: str, kept: Mapping[str, Any], plan: str | None, target: str, known: Mapping[str, Limit]) -> Problem:
    from fnctl.manifest.suggest import did_you_mean

    if id_ in kept["limits"]:
        return Problem(id_, "warning", f"the plan `{plan}` has no limit `{id_}`", "leave it out")
    return Problem(id_, "error", f"{target} has no limit `{id_}`", did_you_mean(id_, known, f"`fnctl limits -t {target}` lists them") or "")


def _number(given: Json, unit: str) -> float | None:
    """Read a number in a limit's unit: bare, or for times and sizes as the manifest writes them elsewhere, `30m` or `2GB`."""
    try:
        number = _measured(given, unit) if isinstance(given, str) and not given.isdigit() else float(given)  # type: ignore[arg-type]
    except (KeyError, ValueError, TypeError, OverflowError):
        return None
    if not 0 <= number < float("inf"):
        return None
    return int(number) if number.is_integer() else number


def _measured(given: str, unit: str) -> float:
    return units.seconds(given) / _SECONDS[unit] if unit in _SECONDS else units.megabytes(given) * 1024**2 / _BYTES[unit]


def _singular(unit: str) -> str:
    """Turn `requests per second` into `request per second`."""
    noun, per, rest = unit.partition(" per ")
    short = _SHORT.get(unit)
    return short or noun.removesuffix("s") + per + rest
