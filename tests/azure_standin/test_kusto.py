"""Queries: the part of the language that reads a log, as data."""

from __future__ import annotations

from typing import Any

import pytest

from fnctl_azure.standin import kusto

TABLES: dict[str, list[dict[str, Any]]] = {
    "traces": [
        {"timestamp": kusto.moment("2026-01-01T00:00:0" + str(second)), "operation_Name": name, "message": text, "itemType": "trace"}
        for second, name, text in ((1, "a", "one"), (3, "b", "Three"), (2, "a", "it's two"))
    ],
    "exceptions": [
        {"timestamp": kusto.moment("2026-01-01T00:00:04"), "operation_Name": "a", "type": "Boom", "outerMessage": "lost", "itemType": "exception"}
    ],
}


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("traces | project message", [["one"], ["Three"], ["it's two"]]),
        ("traces | order by timestamp asc | project message | take 2", [["one"], ["it's two"]]),
        ("traces | order by timestamp | project message", [["Three"], ["it's two"], ["one"]]),
        ("traces | where timestamp >= datetime(2026-01-01T00:00:02.000Z) | project message", [["Three"], ["it's two"]]),
        ("traces | where operation_Name in ('b', 'c') | project message", [["Three"]]),
        ("traces | where message contains_cs 'three' | project message", []),
        ("traces | where message contains 'three' or message == 'one' | project message", [["one"], ["Three"]]),
        (r"traces | where message contains_cs 'it\'s' | project message", [["it's two"]]),
        ("traces | summarize n = count(), threes = countif(message =~ 'three') by operation_Name", [["a", 2, 0], ["b", 1, 1]]),
        ("traces | extend size = toint('3') | summarize all = sum(size), some = sumif(size, operation_Name == 'a')", [[9, 6]]),
        ("traces | where not(operation_Name == 'a') and isnotempty(message) | count", [[1]]),
        (
            "union traces, exceptions | extend message = iff(itemType == 'exception', strcat(type, ': ', outerMessage), message)"
            " | project when = timestamp, message | order by when asc",
            [
                ["2026-01-01T00:00:01.000000Z", "one"],
                ["2026-01-01T00:00:02.000000Z", "it's two"],
                ["2026-01-01T00:00:03.000000Z", "Three"],
                ["2026-01-01T00:00:04.000000Z", "Boom: lost"],
            ],
        ),
    ],
)
def test_a_query_gives(query: str, rows: list[list[Any]]) -> None:
    assert kusto.run(query, TABLES)[1] == rows


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("nothing", "Failed to resolve table"),
        ("traces | evaluate bag_unpack(message)", "'evaluate' is not known"),
        ("traces | summarize n = avg(timestamp)", "Unknown aggregation"),
        ("traces | where", "expected"),
        ("traces | where message = 'x' ~", "could not be parsed"),
        ("traces | | take 1", "empty"),
        ("traces | where magic(message)", "Unknown function"),
        ("traces | where timestamp >= datetime(yesterday)", "is not a time"),
        ("traces | where timestamp >= 3", "cannot be compared"),
    ],
)
def test_what_is_no_query_says_why(query: str, says: str) -> None:
    with pytest.raises(kusto.Wrong, match=says.replace("(", r"\(")):
        kusto.run(query, TABLES)
