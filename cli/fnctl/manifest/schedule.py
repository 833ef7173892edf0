"""Schedules: five cron fields or a steady rate, checked here, translated by the adapters."""

from __future__ import annotations

import re
import zlib
from functools import cache, lru_cache

from fnctl.dataclass import dataclass
from fnctl.manifest import units
from fnctl.manifest.suggest import nearest
from fnctl.pattern import later

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LONGEST_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
}
_EXTENDED = later(r"\?|L|W|LW|L-[0-9]+|[0-9]+[LW]|(?:sun|mon|tue|wed|thu|fri|sat)L|[0-9a-z]+#[0-9]", re.IGNORECASE)  # Quartz and AWS
_PART = later(r"(?:(?P<all>\*)|(?P<low>[a-z0-9]+)(?:-(?P<high>[a-z0-9]+))?)(?:/(?P<step>[0-9]+))?")


class ScheduleError(ValueError):
    """A schedule that cannot be; `start` and `end` mark the wrong part in its text, `help` is the next step."""

    def __init__(self, message: str, start: int = 0, end: int | None = None, help: str | None = None) -> None:
        super().__init__(message)
        self.start, self.end, self.help = start, end, help


@dataclass(frozen=True)
class _Range:
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()
    offset: int = 0  # the number of the first name


_RANGES = (
    _Range("minute", 0, 59),
    _Range("hour", 0, 23),
    _Range("day", 1, 31),
    _Range("month", 1, 12, _MONTHS, 1),
    _Range("weekday", 0, 7, _DAYS),
)


@dataclass(frozen=True)
class Field:
    """One cron field. `values` are the numbers that match, sorted; `any` when it matches everything; `text` is its canonical form in numbers."""

    values: tuple[int, ...]
    any: bool
    text: str


@dataclass(frozen=True)
class Cron:
    """Five fields. Weekdays run from 0 (Sunday) to 6. Where both day and weekday are restricted, either of them matches."""

    minute: Field
    hour: Field
    day: Field
    month: Field
    weekday: Field

    def __str__(self) -> str:
        return " ".join(f.text for f in (self.minute, self.hour, self.day, self.month, self.weekday))


@lru_cache(maxsize=4096)
def cron(text: str) -> Cron:
    """Read five cron fields. Raises ScheduleError with the place of the wrong part."""
    found = [(m.group(), m.start()) for m in re.finditer(r"\S+", text)]
    if len(found) != 5:
        raise _not_five(text, len(found))
    fields = [_field(word, start, bounds) for (word, start), bounds in zip(found, _RANGES, strict=True)]
    parsed = Cron(*fields)
    if parsed.weekday.any and all(day > _LONGEST_MONTH[month - 1] for month in parsed.month.values for day in parsed.day.values):
        start = found[2][1]
        msg = f"no month in {parsed.month.text} has a day {parsed.day.text}: this never happens"
        raise ScheduleError(msg, start, start + len(found[2][0]))
    return parsed


def every(text: str | int | float) -> int:
    """Read a steady rate, in seconds: whole minutes. Raises ScheduleError."""
    try:
        count = units.seconds(text)
    except ValueError:
        msg = f"`{text}` is not a rate"
        raise ScheduleError(msg, help="a rate is a duration in whole minutes: every 5m, every 1h, every 1d") from None
    if count < 60 or count % 60:
        msg = f"a rate is in whole minutes, and this is {count} s"
        raise ScheduleError(msg, help="no platform starts a function more often than once a minute; for less, loop inside one call")
    return count


def read(text: str) -> dict[str, str | int]:
    """Read the short form: `every 5m` or five cron fields -> {"every": seconds} or {"cron": canonical text}. Raises ScheduleError."""
    if text.startswith("every "):
        return {"every": every(text[6:].strip())}
    return {"cron": str(cron(text))}


def timezone(name: str) -> str:
    """Check an IANA time zone. Raises ScheduleError. Without a zone database on this machine every name passes."""
    known = _zones()
    if known and name not in known:
        near = nearest(name, known) or nearest(name.split("/")[-1], [k for k in known if "/" not in k])
        msg = f"there is no time zone `{name}`"
        raise ScheduleError(msg, help=f"did you mean `{near}`?" if near else "an IANA name such as Europe/Berlin, or leave it out for UTC")
    return name


@cache
def _zones() -> frozenset[str]:
    import zoneinfo  # schedules with a zone are rare: the others do not pay for it

    return frozenset(zoneinfo.available_timezones())  # it reads hundreds of files, each time


def key(rate: object, zone: str = "UTC") -> str:
    """Return the eight hex digits that name a schedule in an address; the same for every way to write it."""
    return f"{zlib.crc32(f'{rate} {zone}'.encode()):08x}"


def _not_five(text: str, count: int) -> ScheduleError:
    word = text.strip()
    if word in _MACROS:
        return ScheduleError(f"`{word}` is not portable", help=f'write "{_MACROS[word]}"')
    if word.startswith("rate("):
        return ScheduleError("`rate(...)` is AWS's own form", help="write a rate as `every 5m`")
    if word.startswith("cron(") or count == 6:
        return ScheduleError(
            f"a schedule has five fields, and this has {count}", help="minute hour day month weekday; leave out seconds, the year and `cron(...)`"
        )
    return ScheduleError(
        f"a schedule has five fields, and this has {count}", help='minute hour day month weekday, such as "0 3 * * *"; or a rate: every 5m'
    )


def _field(word: str, start: int, bounds: _Range) -> Field:
    values: set[int] = set()
    at = start
    for part in word.split(","):
        values |= _part(part, min(at, start + len(word) - 1), bounds)  # behind a last comma there is nothing to point at but the comma
        at += len(part) + 1
    if bounds.name == "weekday" and 7 in values:
        values = (values - {7}) | {0}
    ordered = tuple(sorted(values))
    high = 6 if bounds.name == "weekday" else bounds.high
    everything = len(ordered) == high - bounds.low + 1
    return Field(ordered, everything, _text(ordered, bounds.low, high))


def _part(part: str, at: int, bounds: _Range) -> set[int]:
    match = None if not part.isdecimal() and part != "*" and _EXTENDED.fullmatch(part) else _PART.fullmatch(part.lower())
    if not match:
        reason = f"`{part[:20]}` is not portable" if _EXTENDED.fullmatch(part) else f"`{part[:20]}` is not a {bounds.name}"
        raise ScheduleError(
            reason, at, at + max(len(part), 1), help=f"{bounds.name}: {bounds.low}-{bounds.high}, lists `1,2`, ranges `1-5`, steps `*/2`"
        )
    if match["all"]:
        low, high = bounds.low, 6 if bounds.name == "weekday" else bounds.high
    else:
        low = _number(match["low"], at, bounds)
        high = _number(match["high"], at, bounds) if match["high"] else (bounds.high if match["step"] else low)
    step = int(match["step"][:9]) if match["step"] else 1
    if low > high or step == 0:
        reason = "a step of 0 never moves on" if step == 0 else f"`{part}` runs backwards"
        msg = f"{bounds.name}: {reason}"
        raise ScheduleError(msg, at, at + len(part))
    return set(range(low, high + 1, step))


def _number(word: str, at: int, bounds: _Range) -> int:
    if word in bounds.names:
        return bounds.names.index(word) + bounds.offset
    if not word.isdigit() or len(word) > 9 or not bounds.low <= int(word) <= bounds.high:
        msg = f"{bounds.name} is {bounds.low} to {bounds.high}, and this is {word[:20]}"
        raise ScheduleError(msg, at, at + len(word))
    return int(word)


def _text(values: tuple[int, ...], low: int, high: int) -> str:
    if len(values) == high - low + 1:
        return "*"
    if len(values) > 2:
        step = values[1] - values[0]
        if step > 1 and values == tuple(range(low, high + 1, step)):
            return f"*/{step}"
    runs: list[list[int]] = []
    for value in values:
        if runs and runs[-1][1] == value - 1:
            runs[-1][1] = value
        else:
            runs.append([value, value])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)
