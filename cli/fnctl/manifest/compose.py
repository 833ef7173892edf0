"""Bytes into plain values: PyYAML's event parser, scalars by YAML 1.2's core rules, everything bounded.

libyaml's events are eight times faster than its constructors, and PyYAML's own constructors speak YAML 1.1 (`on` is true, `010` is 8).
Positions are not kept here: `fnctl.manifest.places` reads the text again when a finding needs one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, cast

from fnctl.dataclass import replace
from fnctl.diagnostics import Diagnostic
from fnctl.manifest import libyaml as yaml
from fnctl.manifest.plain import CONSTANTS, DIGITS, NUMBER, SUSPECT
from fnctl.manifest.syntax import UnreadableError, broken, encoded
from fnctl.source import Span

MAX_DEPTH = 64
MAX_ALIASED = 100_000
"""Values that aliases may add to a document: enough for a few thousand functions that share a map, not for a bomb."""

_TAG = "tag:yaml.org,2002:"
_EXPLICIT: dict[str, tuple[type, ...]] = {"int": (int,), "float": (int, float), "bool": (bool,), "null": (type(None),)}
_SCALAR, _ALIAS = yaml.ScalarEvent, yaml.AliasEvent
_MAP, _MAP_END, _LIST, _LIST_END = yaml.MappingStartEvent, yaml.MappingEndEvent, yaml.SequenceStartEvent, yaml.SequenceEndEvent


def reader(raw: bytes) -> Any:  # one of PyYAML's two parsers
    """Open a text for its events, or for its tokens."""
    if yaml.CParser is not None:
        return yaml.CParser(raw)
    from yaml import SafeLoader

    return SafeLoader(raw)


def events(raw: bytes) -> Callable[[], Any]:
    """Return the function that gives one parser event after the other. Raises yaml.YAMLError as it goes."""
    get: Callable[[], Any] = reader(raw).get_event
    return get


class Composer:
    """One reading of one text: the events, the anchors seen so far, and the findings."""

    __slots__ = ("aliased", "anchors", "count", "depth", "found", "get", "name", "same")

    def __init__(self, name: str) -> None:
        self.name = name
        self.found: list[Diagnostic] = []
        self.anchors: dict[str, tuple[Any, int] | None] = {}
        self.count = self.aliased = self.depth = 0
        self.get: Callable[[], Any] = lambda: None
        self.same: Callable[[str, str], str] = dict[str, str]().setdefault
        """Gives a text that was read before in its place: thousands of functions say the same words."""

    def document(self, raw: bytes) -> Any:  # plain values, as JSON has them
        """Read the only document of a text. Raises UnreadableError."""
        encoded(raw, self.name)
        try:
            self.get = get = events(raw)
            get()
            if get().__class__ is yaml.StreamEndEvent:
                raise UnreadableError(Diagnostic("FN004", "error", f"{self.name} is empty", help="run `fnctl init` for a manifest to start from"))
            value = self.node(get())
            get()
            last = get()
        except yaml.YAMLError as error:
            raise UnreadableError(broken(error, raw, self.name)) from None
        if last.__class__ is not yaml.StreamEndEvent:
            raise UnreadableError(self.finding("FN004", "a second document begins here", last, help="a manifest is one document: remove the `---`"))
        return value

    def finding(self, code: str, message: str, event: Any, label: str | None = None, help: str | None = None) -> Diagnostic:
        """Make an error at an event's place."""
        start, end = event.start_mark, event.end_mark
        span = Span(self.name, start.line + 1, start.column + 1, end.line + 1, end.column + 1)
        return Diagnostic(code, "error", message, span, label, help=help)

    def node(self, event: Any) -> Any:
        """Build the value that begins with this event."""
        kind = event.__class__
        if kind is _ALIAS:
            return self.alias(event)
        self.count += 1
        if event.tag is not None or event.anchor is not None:
            return self.special(event)
        if kind is _SCALAR:
            value = event.value
            if event.implicit[0] and (not value or value[0] in SUSPECT):
                return self.plain(event)
            return self.same(value, value)
        return self.collection(event)

    def collection(self, event: Any) -> Any:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise UnreadableError(
                self.finding(
                    "FN006", f"nested more than {MAX_DEPTH} deep", event, help="no manifest needs that: look for a bracket that is never closed"
                )
            )
        value = self.mapping(event) if event.__class__ is _MAP else self.sequence()
        self.depth -= 1
        return value

    def sequence(self) -> list[Any]:
        get, node = self.get, self.node
        out: list[Any] = []
        while (event := get()).__class__ is not _LIST_END:
            out.append(node(event))
        return out

    def mapping(self, start: Any) -> dict[str, Any]:
        get, node, same = self.get, self.node, self.same
        out: dict[str, Any] = {}
        merges: list[tuple[Any, Any]] = []
        while (event := get()).__class__ is not _MAP_END:
            if event.__class__ is _SCALAR and event.tag is None and event.anchor is None:
                key = same(event.value, event.value)
                if event.implicit[0] and (not key or key[0] in SUSPECT or key == "<<"):
                    key = self.key(event)
            else:
                key = self.key(event)
            value = node(get())
            if key is None:
                continue
            if key is _MERGE:
                merges.append((event, value))
            elif key in out:
                self.duplicate(key, event, start)
            else:
                out[key] = value
        for event, value in merges:
            self.merge(out, value, event)
        return out

    def key(self, event: Any) -> Any:
        """Read a key that is more than a plain word: its text, _MERGE, or None when it cannot be a key."""
        if event.__class__ is _SCALAR and event.value == "<<" and event.implicit[0]:
            return _MERGE
        value = self.node(event)
        if isinstance(value, str):
            return value
        if isinstance(value, dict | list):
            self.found.append(
                self.finding("FN008", "a key is a text, and this is a list or a map", event, help="quote it if it begins with `{`, `[` or `?`")
            )
            return None
        self.found.append(
            replace(
                self.finding(
                    "FN008", "a key is a text, and YAML reads this as another value", event, f"read as {_spelt(value)}", help="put it in quotes"
                ),
                fix=f'"{event.value}"' if event.value else None,
            )
        )
        return None

    def duplicate(self, key: str, event: Any, start: Any) -> None:
        where = start.start_mark.line + 1
        label = "given before" if event.start_mark.line + 1 == where else f"given before in the map that starts on line {where}"
        self.found.append(
            self.finding("FN007", f"the key `{_short(key)}` is there twice", event, label, help="keep one of them; YAML would silently take the last")
        )

    def merge(self, out: dict[str, Any], value: Any, event: Any) -> None:
        sources = value if isinstance(value, list) else [value]
        if not all(isinstance(source, dict) for source in sources):
            self.found.append(self.finding("FN006", "`<<` takes a map, or a list of maps", event, help="write `<<: *name` with an anchor of a map"))
            return
        for source in sources:
            for key, item in source.items():
                out.setdefault(key, item)

    def alias(self, event: Any) -> Any:
        anchored = self.anchors.get(event.anchor, _UNKNOWN)
        if anchored is None or anchored is _UNKNOWN:
            reason = "refers to itself" if anchored is None else "has no anchor before it"
            raise UnreadableError(
                self.finding(
                    "FN006",
                    f"the alias `*{_short(event.anchor)}` {reason}",
                    event,
                    help="an anchor `&name` stands before its aliases, and outside them",
                )
            )
        value, size = cast("tuple[Any, int]", anchored)
        self.count += size
        self.aliased += size
        if self.aliased > MAX_ALIASED:
            message = f"aliases would add more than {MAX_ALIASED:,} values"
            raise UnreadableError(self.finding("FN006", message, event, help="use `defaults` for what functions share"))
        return value

    def special(self, event: Any) -> Any:
        """Build a value that has an anchor or a tag."""
        before = self.count
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        value = self.tagged(event) if event.tag is not None else self.plain(event) if event.__class__ is _SCALAR else self.collection(event)
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, self.count - before + 1)
        return value

    def tagged(self, event: Any) -> Any:
        tag = event.tag.removeprefix(_TAG)
        if event.__class__ is not _SCALAR:
            if tag not in ("!", "map", "seq"):
                self.foreign(event)
            return self.collection(event)
        if tag in ("!", "str"):
            return event.value
        value = self.resolve(event)
        if tag not in _EXPLICIT:
            self.foreign(event)
        elif value.__class__ not in _EXPLICIT[tag]:
            self.found.append(self.finding("FN012", f"this is not what its tag `!!{tag}` says", event, help="remove the tag"))
        return value

    def foreign(self, event: Any) -> None:
        help = "values are filled in with ${vars.x}, ${stage} and ${env.X}; names of resources go under `uses`"
        self.found.append(self.finding("FN006", f"the tag `{_short(event.tag)}` has no meaning in a manifest", event, help=help))

    def plain(self, event: Any) -> Any:
        return self.resolve(event) if event.implicit[0] else event.value

    def resolve(self, event: Any) -> Any:
        """Read an unquoted scalar by YAML 1.2's core rules."""
        text = event.value
        if text in CONSTANTS:
            return CONSTANTS[text]
        match = NUMBER.fullmatch(text)
        if not match:
            return text
        if match["odd"]:
            return self.number_finding(event, f"`{text}` is not a number that a manifest can hold")
        if match["float"]:
            value = float(text)
            return value if math.isfinite(value) else self.number_finding(event, "this number is too large")
        if len(text) > DIGITS:
            return self.number_finding(event, "this number is too large")
        if match["int"]:
            if len(text) > 1 and text.lstrip("+-").startswith("0") and text.strip("+-0"):
                self.found.append(self.leading_zero(event, int(text)))
            return int(text)
        return int(match["oct"] or match["hex"], 8 if match["oct"] else 16)

    def number_finding(self, event: Any, message: str) -> str:
        self.found.append(self.finding("FN014", message, event, help="quote it if it is a text"))
        return str(event.value)

    def leading_zero(self, event: Any, value: int) -> Diagnostic:
        error = self.finding(
            "FN014", "a number loses the zeros at its front", event, f"read as {value}", help=f'quote it if it is a text: "{event.value}"'
        )
        return Diagnostic(error.code, "warning", error.message, error.span, error.label, help=error.help)


_MERGE, _UNKNOWN = object(), object()


def _spelt(value: object) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else f"the number {value}"


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
