"""Queries over the rows of a component: as much of Kusto's language as it takes to read a log, and an error for the rest."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

Row: TypeAlias = "dict[str, Any]"
Value: TypeAlias = "Callable[[Row], Any]"
Total: TypeAlias = "Callable[[list[Row]], Any]"

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>@?'(?:[^'\\]|\\.)*'|@?"(?:[^"\\]|\\.)*")|(?P<number>\d+(?:\.\d+)?(?:ms|[smhd])?)|(?P<word>[A-Za-z_!][\w]*)|(?P<mark>==|!=|>=|<=|=~|[-+|(),=<>.\[\]]))"""
)
_DATE = re.compile(r"datetime\(\s*([^)'\"]+?)\s*\)")
_SPANS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: bool(a == b),
    "!=": lambda a, b: bool(a != b),
    ">=": lambda a, b: bool(a >= b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    "<": lambda a, b: bool(a < b),
    "=~": lambda a, b: str(a).lower() == str(b).lower(),
    "contains": lambda a, b: str(b).lower() in str(a).lower(),
    "contains_cs": lambda a, b: str(b) in str(a),
    "has": lambda a, b: re.search(rf"\b{re.escape(str(b))}\b", str(a), re.IGNORECASE) is not None,
    "startswith": lambda a, b: str(a).lower().startswith(str(b).lower()),
    "endswith": lambda a, b: str(a).lower().endswith(str(b).lower()),
}
CALLED: Mapping[str, Callable[..., Any]] = {
    "iff": lambda test, one, other: one if test else other,
    "iif": lambda test, one, other: one if test else other,
    "strcat": lambda *parts: "".join(str(part) for part in parts),
    "toint": lambda value: int(value) if str(value).isdigit() else None,
    "tostring": lambda value: "" if value is None else str(value),
    "isempty": lambda value: value in (None, ""),
    "isnotempty": lambda value: value not in (None, ""),
    "now": lambda: datetime.now(UTC),
    "ago": lambda seconds: datetime.now(UTC) - timedelta(seconds=seconds),
    "datetime": lambda text: moment(text),
}


class Wrong(Exception):  # an answer, not a mishap
    """The query is none that is understood here."""


def run(query: str, tables: Mapping[str, Sequence[Row]]) -> tuple[list[str], list[list[Any]]]:
    """Return the columns and rows of a query over tables. Raises Wrong."""
    steps = _steps(_tokens(_DATE.sub(lambda found: f"datetime('{found[1]}')", query)))
    rows, columns = _source(steps[0], tables)
    for step in steps[1:]:
        operator = _OPERATORS.get(step[0])
        if operator is None:
            raise Wrong(f"the operator '{step[0]}' is not known to the sandbox")
        rows, columns = operator(_Reader(step[1:]), rows, columns)
    return columns, [[_shown(row.get(name)) for name in columns] for row in rows]


def moment(text: Any) -> datetime:
    """Read a time; one without a zone is UTC. Raises Wrong."""
    try:
        found = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError as error:
        raise Wrong(f"'{text}' is not a time") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _tokens(query: str) -> list[str]:
    place, found = 0, []
    query = query.strip()
    while place < len(query):
        read = _TOKEN.match(query, place)
        if read is None:
            raise Wrong(f"query could not be parsed at '{query[place : place + 20].strip()}'")
        found.append(read[0].strip())
        place = read.end()
    return found


def _steps(tokens: list[str]) -> list[list[str]]:
    steps: list[list[str]] = [[]]
    for token in tokens:
        if token == "|":  # noqa: S105  # no password: a pipe
            steps.append([])
        else:
            steps[-1].append(token)
    if not all(steps):
        raise Wrong("a part of the query is empty")
    return steps


def _source(step: list[str], tables: Mapping[str, Sequence[Row]]) -> tuple[list[Row], list[str]]:
    names = [name for name in (step[1:] if step[0] == "union" else step) if name != ","]
    unknown = [name for name in names if name not in tables]
    if unknown or not names:
        raise Wrong(f"Failed to resolve table or column expression named '{(unknown or step)[0]}'")
    rows = [dict(row) for name in names for row in tables[name]]
    return rows, list(dict.fromkeys(column for row in rows for column in row))


class _Reader:
    """Reads expressions off tokens."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._tokens = list(tokens)

    @property
    def next(self) -> str:
        """The next token, "" at the end."""
        return self._tokens[0] if self._tokens else ""

    def take(self, wanted: str = "") -> str:
        """Take the next token. Raises Wrong when it is not the one that is wanted."""
        if not self._tokens or (wanted and self._tokens[0] != wanted):
            raise Wrong(f"'{wanted or 'something'}' was expected{f' at {self.next}' if self._tokens else ''}")
        return self._tokens.pop(0)

    def either(self) -> Value:
        """An expression: alternatives."""
        found = self._both()
        while self.next == "or":
            self.take()
            found = _or(found, self._both())
        return found

    def _both(self) -> Value:
        found = self._compared()
        while self.next == "and":
            self.take()
            found = _and(found, self._compared())
        return found

    def _compared(self) -> Value:
        left = self._one()
        if self.next in COMPARED:
            return _compare(COMPARED[self.take()], left, self._one())
        if self.next in ("in", "!in"):
            wanted = self.take() == "in"
            self.take("(")
            values = self._listed()
            return lambda row: (left(row) in [value(row) for value in values]) is wanted
        return left

    def _one(self) -> Value:
        token = self.take()
        if token == "(":  # noqa: S105  # no password
            found = self.either()
            self.take(")")
            return found
        if token[0] in "'\"@":
            text = re.sub(r"\\(.)", r"\1", token.lstrip("@")[1:-1])
            return lambda _row: text
        if token[0].isdigit():
            return _number(token)
        if self.next == "(":
            return self._call(token)
        return self._column([token])

    def _column(self, names: list[str]) -> Value:
        """A column, or what is inside one: `customDimensions.Category`."""
        while self.next == ".":
            self.take()
            names.append(self.take())

        def value(row: Row) -> Any:
            found: Any = row
            for name in names:
                found = found.get(name) if isinstance(found, dict) else None
            return found

        return value

    def _call(self, name: str) -> Value:
        self.take("(")
        arguments = self._listed()
        function = CALLED.get(name)
        if name == "not":
            return lambda row: not arguments[0](row)
        if function is None:
            raise Wrong(f"Unknown function: '{name}'.")
        return lambda row: function(*(argument(row) for argument in arguments))

    def sum(self) -> tuple[str, Total]:
        """A column's name and what is made of a group's rows: `count()`, `countif(test)`, `sum(value)`, `sumif(value, test)`. Raises Wrong."""
        column = name = self.take()
        if self.next == "=":
            self.take()
            name = self.take()
        self.take("(")
        given = self._listed()
        if (name, len(given)) not in (("count", 0), ("countif", 1), ("sum", 1), ("sumif", 2)):
            raise Wrong(f"Unknown aggregation: '{name}'.")
        value = given[0] if name.startswith("sum") else lambda _row: 1
        test = given[-1] if name.endswith("if") else lambda _row: True
        return column, lambda rows: sum(value(row) or 0 for row in rows if test(row))

    def _listed(self) -> list[Value]:
        found: list[Value] = []
        while self.next != ")":
            found.append(self.either())
            if self.next == ",":
                self.take()
        self.take(")")
        return found

    def named(self) -> list[tuple[str, Value]]:
        """Columns with what they are made of: `name = expression`, or a column's name alone."""
        found: list[tuple[str, Value]] = []
        while self.next:
            name = self.next
            value = self.either()
            if self.next == "=":
                self.take()
                value = self.either()
            found.append((name, value))
            if self.next:
                self.take(",")
        return found


def _or(one: Value, other: Value) -> Value:
    return lambda row: bool(one(row)) or bool(other(row))


def _and(one: Value, other: Value) -> Value:
    return lambda row: bool(one(row)) and bool(other(row))


def _compare(test: Callable[[Any, Any], bool], left: Value, right: Value) -> Value:
    def compared(row: Row) -> bool:
        one, other = left(row), right(row)
        if one is None or other is None:
            return False
        try:
            return test(one, other)
        except TypeError as error:
            raise Wrong(f"'{one}' and '{other}' cannot be compared") from error

    return compared


def _number(token: str) -> Value:
    found = re.fullmatch(r"([\d.]+)(ms|[smhd])?", token)
    assert found is not None  # noqa: S101  # the tokenizer read it as a number
    value = float(found[1]) * _SPANS.get(found[2] or "s", 1)
    whole = int(value) if value == int(value) else value
    return lambda _row: whole


def _where(reader: _Reader, rows: Iterable[Row], columns: list[str]) -> tuple[list[Row], list[str]]:
    test = reader.either()
    return [row for row in rows if test(row)], columns


def _extend(reader: _Reader, rows: Iterable[Row], columns: list[str]) -> tuple[list[Row], list[str]]:
    made = reader.named()
    return [row | {name: value(row) for name, value in made} for row in rows], list(dict.fromkeys([*columns, *(name for name, _ in made)]))


def _project(reader: _Reader, rows: Iterable[Row], _columns: list[str]) -> tuple[list[Row], list[str]]:
    made = reader.named()
    return [{name: value(row) for name, value in made} for row in rows], [name for name, _ in made]


def _summarize(reader: _Reader, rows: Iterable[Row], _columns: list[str]) -> tuple[list[Row], list[str]]:
    """Count and add up, for each value of the columns behind `by`."""
    sums: list[tuple[str, Total]] = []
    while reader.next and reader.next != "by":
        sums.append(reader.sum())
        if reader.next == ",":
            reader.take()
    if reader.next:
        reader.take("by")
    keys = reader.named()
    groups: dict[tuple[Any, ...], list[Row]] = {} if keys else {(): []}
    for row in rows:
        groups.setdefault(tuple(value(row) for _, value in keys), []).append(row)
    names = [name for name, _ in keys]
    made = [dict(zip(names, key, strict=True)) | {name: total(found) for name, total in sums} for key, found in groups.items()]
    return made, [*names, *(name for name, _ in sums)]


def _order(reader: _Reader, rows: Iterable[Row], columns: list[str]) -> tuple[list[Row], list[str]]:
    reader.take("by")
    keys: list[tuple[Value, bool]] = []
    while reader.next:
        value = reader.either()
        down = reader.take() == "desc" if reader.next in ("asc", "desc") else True
        keys.append((value, down))
        if reader.next:
            reader.take(",")
    found = list(rows)
    for value, down in reversed(keys):
        found.sort(key=_sorted(value), reverse=down)
    return found, columns


def _sorted(value: Value) -> Callable[[Row], tuple[bool, Any]]:
    """Nothing comes before everything."""
    return lambda row: (value(row) is not None, value(row))


def _take(reader: _Reader, rows: Iterable[Row], columns: list[str]) -> tuple[list[Row], list[str]]:
    return list(rows)[: int(reader.take())], columns


def _count(_reader: _Reader, rows: Iterable[Row], _columns: list[str]) -> tuple[list[Row], list[str]]:
    return [{"Count": len(list(rows))}], ["Count"]


def _shown(value: Any) -> Any:
    return value.isoformat(timespec="microseconds").replace("+00:00", "Z") if isinstance(value, datetime) else value


_OPERATORS: Mapping[str, Callable[[_Reader, Iterable[Row], list[str]], tuple[list[Row], list[str]]]] = {
    "where": _where,
    "extend": _extend,
    "project": _project,
    "summarize": _summarize,
    "order": _order,
    "sort": _order,
    "take": _take,
    "limit": _take,
    "count": _count,
}
