"""Durations, sizes and percentages: manifest words into numbers, and numbers back into words."""

from __future__ import annotations

from collections.abc import Mapping

from fnctl.pattern import later

_DIGITS = 9
_PERCENT = later(r"([0-9]{1,3})%")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_MEGABYTES = {"MB": 1, "GB": 1024}
_KILO = {"KB": 1024, "MB": 1024**2, "GB": 1024**3}


def seconds(value: int | float | str) -> int:
    """Read a duration: `30s`, `15m`, `1h`, `3d`, or a bare number of seconds. Raises ValueError."""
    if not isinstance(value, str):
        return int(value)
    read = _read(value, _SECONDS, 1)
    if read is None:
        msg = f"{value!r} is not a duration such as 30s, 5m, 1h or 3d"
        raise ValueError(msg)
    return read


def megabytes(value: int | float | str) -> int:
    """Read a size: `512MB`, `1GB` (1024 MB), or a bare number of MB. Raises ValueError."""
    if not isinstance(value, str):
        return int(value)
    read = _read(value, _MEGABYTES, 1)
    if read is None:
        msg = f"{value!r} is not a size such as 512MB or 1GB"
        raise ValueError(msg)
    return read


def bytes_(value: int | float | str) -> int:
    """Read a size in bytes: `500KB`, `5MB`, `1GB`, or a bare number of MB. Raises ValueError."""
    if not isinstance(value, str):
        return int(value) * _KILO["MB"]
    read = _read(value, _KILO, _KILO["MB"])
    if read is None:
        msg = f"{value!r} is not a size such as 500KB, 5MB or 1GB"
        raise ValueError(msg)
    return read


def _read(text: str, units: Mapping[str, int], bare: int) -> int | None:
    """Read a whole number and a unit; without a unit it counts `bare`. A pattern would take longer to compile than most manifests have words."""
    number, size = next(((text[: -len(unit)], size) for unit, size in units.items() if text.endswith(unit)), (text, bare))
    return int(number) * size if len(number) <= _DIGITS and number.isascii() and number.isdigit() else None


def percent(value: int | float | str) -> int:
    """Read `10%` or a bare number of hundredths, 0 to 100. Raises ValueError."""
    match = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    number = int(match[1]) if match else int(value)
    if not 0 <= number <= 100:
        msg = f"{value!r} is not between 0% and 100%"
        raise ValueError(msg)
    return number


def duration(count: int) -> str:
    """Write seconds in the largest unit that takes them whole: 300 -> `5m`."""
    for unit in ("d", "h", "m"):
        if count and count % _SECONDS[unit] == 0:
            return f"{count // _SECONDS[unit]}{unit}"
    return f"{count}s"


def size(count: int) -> str:
    """Write MB: 1024 -> `1GB`."""
    return f"{count // 1024}GB" if count and count % 1024 == 0 else f"{count}MB"


CONVERT = {"s": seconds, "MB": megabytes, "B": bytes_}
"""What the schema's `x-unit` means."""
