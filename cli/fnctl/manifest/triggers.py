"""Triggers in all their short and long forms, made into one form each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, cast

from fnctl.diagnostics import Diagnostic
from fnctl.graph import Json
from fnctl.manifest import schedule, shape, units
from fnctl.manifest.model import Key, Trigger, TriggerKind
from fnctl.manifest.origins import Origins
from fnctl.source import Span

_Path: TypeAlias = "tuple[Key, ...]"
_LISTS = ("when", "type", "source")


def trigger(item: Mapping[str, Any], at: _Path, origins: Origins) -> tuple[Trigger | None, list[Diagnostic]]:
    """Read one entry of `triggers`. None when its schedule cannot be read."""
    kind, value = next(iter(item.items()))
    if kind == "http":
        return http(value, at), []
    if kind == "schedule":
        return _schedule(value, at, origins)
    form = shape.manifest().definition("trigger").prop(kind)
    options = with_units(form, value) if form is not None and isinstance(value, dict) else {}
    for word in _LISTS:
        if isinstance(options.get(word), str):
            options[word] = [options[word]]
    if kind == "bucket":
        options.setdefault("when", ["created"])
    name = value["name"] if isinstance(value, dict) else value
    options.pop("name", None)
    return Trigger(cast("TriggerKind", kind), options.pop("id", name), name, options, at), []


def with_units(form: shape.Shape, value: Mapping[str, Any]) -> dict[str, Any]:
    """Turn every duration and size of a map into a number, as the schema marks them; nulls go."""
    form = shape.chosen(form, value) if form.any else form
    return {key: _converted(form.prop(key), item) for key, item in value.items() if item is not None}


def _converted(form: shape.Shape | None, item: Any) -> Any:
    if form is None:
        return item
    if form.unit and isinstance(item, str | int | float):
        return units.CONVERT[form.unit](item)
    if item.__class__ is dict and (form.any or form.words):
        return with_units(form, item)
    if int in form.types and (isinstance(item, float) or (isinstance(item, str) and item.isdigit())) and float not in form.types:
        return int(item)
    return item


def http(value: Any, at: _Path) -> Trigger:
    """Read a route, short or long."""
    if isinstance(value, str):
        method, path = value.split(" ", 1)
        return Trigger("http", value, None, {"method": method, "path": path}, at)
    options = with_units(shape.manifest().definition("http"), value)
    name = options.pop("name", None)
    return Trigger("http", name or f"{options['method']} {options['path']}", None, options, at)


def _schedule(value: Any, at: _Path, origins: Origins) -> tuple[Trigger | None, list[Diagnostic]]:
    found: list[Diagnostic] = []
    given = {"text": value} if isinstance(value, str) else dict(value)
    zone = _checked(given, "timezone", at, origins, found) or "UTC"
    if "every" in given and "cron" in given:
        span = origins(*at, "schedule", "every", key=True)
        found.append(Diagnostic("FN040", "error", "a schedule has `cron` or `every`, not both", span, help="write two triggers"))
    word = next((w for w in ("text", "cron", "every") if w in given), None)
    if word is None:
        found.append(Diagnostic("FN040", "error", "a schedule needs `cron` or `every`", origins(*at), help='cron: "0 3 * * *", or every: 5m'))
        return None, found
    rate = _checked(given, word, at, origins, found)
    if rate is None or found:
        return None, found
    options: dict[str, Json] = {**rate, "timezone": zone}
    options |= {w: given[w] for w in ("enabled", "input") if given.get(w) is not None}
    return Trigger("schedule", given.get("name") or schedule.key(next(iter(rate.values())), zone), None, options, at), found


def _checked(given: Mapping[str, Any], word: str, at: _Path, origins: Origins, found: list[Diagnostic]) -> Any:
    if given.get(word) is None:
        return None
    path = (*at, "schedule") if word == "text" else (*at, "schedule", word)
    try:
        if word == "timezone":
            return schedule.timezone(given[word])
        if word == "every":
            return {"every": schedule.every(given[word])}
        return schedule.read(given[word])
    except schedule.ScheduleError as error:
        code = "FN041" if word == "timezone" else "FN040"
        found.append(Diagnostic(code, "error", str(error), within(origins(*path), error.start, error.end, len(str(given[word]))), help=error.help))
        return None


def within(span: Span | None, start: int, end: int | None, length: int) -> Span | None:
    """Narrow a span to part of its text of `length`; quotes make two columns more, anything else (an escape, a fold) stays as it is."""
    if span is None or end is None or span.end_column is None or span.line != span.end_line:
        return span
    quotes = span.end_column - span.column - length
    if quotes not in (0, 2):
        return span
    return Span(span.path, span.line, span.column + start + quotes // 2, span.line, span.column + end + quotes // 2)


def misrouted(parts: list[str]) -> tuple[str, str, str] | None:
    """Say what is wrong with the parts of a route's path: message, label and help; None for nothing."""
    params = [part for part in parts if "{" in part or "}" in part]
    if len(params) == 1 and params[0].endswith("}") and params[0][1:-1].isidentifier() and params[0][0] == "{":
        return None  # the usual one
    if bad := next((part for part in params if not _is_parameter(part)), None):
        help = "a parameter is a whole part of the path: /orders/{id}; the last one may take the rest: /{path*}"
        return f"`{bad}` is not a path parameter", "not a route", help
    if any(part.endswith("*}") for part in parts[:-1]):
        return "only the last part of a path can take the rest", "not at the end", "move the `*}` parameter to the end"
    if len({part.strip("{*}") for part in params}) < len(params):
        return "a path parameter is named twice", "twice", "give each its own name"
    return None


def _is_parameter(part: str) -> bool:
    return part[:1] == "{" and part[-1:] == "}" and part[1:-1].removesuffix("*").isidentifier()
