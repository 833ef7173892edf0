"""Routes of HTTP triggers, as ASP.NET Core matches them: parts, defaults, constraints, catch-alls, and which of several wins."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

_PART = re.compile(
    r"\{(?P<all>\*{1,2})?(?P<name>[a-z_]\w*)(?P<rules>(?::\w+(?:\((?:\{\{|\}\}|[^{}])*?\))?)*)(?:=(?P<default>[^{}]*))?(?P<maybe>\?)?\}(?!\})",
    re.IGNORECASE,
)
_RULE = re.compile(r":(\w+)(?:\(((?:[^()]|\([^()]*\))*)\))?")


@dataclass(frozen=True)
class Segment:
    """One part between slashes. `pattern` has a group for each name in it; `rules` are constraints by name."""

    pattern: re.Pattern[str]
    rank: int
    rules: Mapping[str, tuple[tuple[str, str], ...]]
    name: str = ""
    default: str | None = None
    maybe: bool = False
    all: bool = False


@dataclass(frozen=True)
class Route:
    """A template, ready to be matched; routes in the order of `rank` are tried from the first."""

    template: str
    segments: tuple[Segment, ...]

    @property
    def rank(self) -> tuple[int, ...]:
        """Literal parts before constrained ones, before free ones, before catch-alls; part for part."""
        return tuple(segment.rank for segment in self.segments)


def route(template: str) -> Route:
    """Read a template: `orders/{id:int}/{*rest}`."""
    return Route(template, tuple(_segment(part) for part in _parts(template)))


def _parts(template: str) -> list[str]:
    """Split at slashes that are in no braces: a constraint's regular expression may hold some."""
    parts, depth = [""], 0
    for sign in template.strip("/"):
        depth += (sign == "{") - (sign == "}")
        if sign == "/" and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return [part for part in parts if part]


def _segment(part: str) -> Segment:
    found = list(_PART.finditer(part))
    if not found:
        return Segment(re.compile(re.escape(part), re.IGNORECASE), 1, {})
    rules = {one["name"]: tuple((rule[1].lower(), rule[2] or "") for rule in _RULE.finditer(one["rules"] or "")) for one in found}
    only = found[0] if len(found) == 1 and found[0].group() == part else None
    text, at = "", 0
    for one in found:
        text += f"{re.escape(part[at : one.start()])}(?P<{one['name']}>{'.*' if one['all'] else '[^/]+?'})"
        at = one.end()
    pattern = re.compile(text + re.escape(part[at:]), re.IGNORECASE | re.DOTALL)
    if only is None:
        return Segment(pattern, 2, rules)
    rank = (5 if rules[only["name"]] else 6) if only["all"] else 3 if rules[only["name"]] else 4
    return Segment(pattern, rank, rules, only["name"], only["default"], bool(only["maybe"]), bool(only["all"]))


def match(found: Route, path: str) -> dict[str, str] | None:
    """Return the values of a path's parts, decoded; None when it does not fit.

    Args:
        found: the route.
        path: as it was sent, percent-encoded.
    """
    parts = [part for part in path.strip("/").split("/") if part]
    values: dict[str, str] = {}
    for index, segment in enumerate(found.segments):
        rest = unquote("/".join(parts[index:]) if segment.all else parts[index] if index < len(parts) else "")
        if not rest and not segment.all:
            if segment.default is None and not segment.maybe:
                return None
            values |= {} if segment.default is None else {segment.name: segment.default}
            continue
        told = segment.pattern.fullmatch(rest)
        if told is None or not _allowed(segment, told.groupdict()):
            return None
        values |= told.groupdict()
        if segment.all:
            return values
    return values if len(parts) <= len(found.segments) else None


def _allowed(segment: Segment, values: Mapping[str, str]) -> bool:
    return all(_RULES[rule](values[name], said) for name, rules in segment.rules.items() for rule, said in rules if rule in _RULES)


def _whole(value: str) -> bool:
    return re.fullmatch(r"[+-]?\d+", value) is not None


def _number(value: str) -> bool:
    return re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", value, re.IGNORECASE) is not None


def _guid(value: str) -> bool:
    try:
        uuid.UUID(value)
    except ValueError:
        return False
    return True


def _between(said: str) -> tuple[int, int]:
    low, _, high = said.partition(",")
    return int(low), int(high or low)


_RULES: Mapping[str, Callable[[str, str], bool]] = {
    "int": lambda value, _: _whole(value) and -(2**31) <= int(value) < 2**31,
    "long": lambda value, _: _whole(value) and -(2**63) <= int(value) < 2**63,
    "bool": lambda value, _: value.lower() in ("true", "false"),
    "alpha": lambda value, _: re.fullmatch(r"[a-z]*", value, re.IGNORECASE) is not None,
    "guid": lambda value, _: _guid(value),
    "decimal": lambda value, _: _number(value),
    "double": lambda value, _: _number(value),
    "float": lambda value, _: _number(value),
    "length": lambda value, said: _between(said)[0] <= len(value) <= _between(said)[1],
    "minlength": lambda value, said: len(value) >= int(said),
    "maxlength": lambda value, said: len(value) <= int(said),
    "min": lambda value, said: _whole(value) and int(value) >= int(said),
    "max": lambda value, said: _whole(value) and int(value) <= int(said),
    "range": lambda value, said: _whole(value) and _between(said)[0] <= int(value) <= _between(said)[1],
    "regex": lambda value, said: re.search(said.replace("{{", "{").replace("}}", "}"), value, re.IGNORECASE) is not None,
    "required": lambda value, _: bool(value),
}
