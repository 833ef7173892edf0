"""Filters of the manifest in the words of Service Bus and Event Grid, and those that they have no words for."""

from __future__ import annotations

import re
from typing import Any

import pytest

from fnctl_azure.translate.filters import Unsayable, advanced, sql, types


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"kind": ["order", "bill"]}, "[kind] IN ('order', 'bill')"),
        ({"kind": "it's"}, "[kind] IN ('it''s')"),
        ({"size": [1, 2.5], "paid": [True]}, "[paid] IN (TRUE) AND [size] IN (1, 2.5)"),
        ({"kind": [{"prefix": "a%_"}]}, r"[kind] LIKE 'a\%\_%' ESCAPE '\'"),
        ({"kind": [{"suffix": ".jpg"}, "all"]}, r"([kind] IN ('all') OR [kind] LIKE '%.jpg' ESCAPE '\')"),
        ({"kind": [{"anything-but": ["draft"]}]}, "[kind] NOT IN ('draft')"),
        ({"note": [{"exists": False}]}, "NOT EXISTS([note])"),
        ({"size": [{"numeric": [">", 1, "<=", 5]}]}, "([size] > 1 AND [size] <= 5)"),
        ({"odd]name": ["x"]}, "[odd]]name] IN ('x')"),
    ],
)
def test_service_bus_is_told_in_sql(asked: Any, said: str) -> None:
    assert sql(asked) == said


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"type": ["order.made"]}, [{"operatorType": "StringIn", "key": "eventtype", "values": ["order.made"]}]),
        ({"amount": [1, 2]}, [{"operatorType": "NumberIn", "key": "data.amount", "values": [1, 2]}]),
        ({"data.name": [{"prefix": "a"}, {"prefix": "b"}]}, [{"operatorType": "StringBeginsWith", "key": "data.name", "values": ["a", "b"]}]),
        ({"paid": [False]}, [{"operatorType": "BoolEquals", "key": "data.paid", "value": False}]),
        ({"note": [{"exists": True}]}, [{"operatorType": "IsNotNull", "key": "data.note"}]),
        ({"n": [{"anything-but": [1]}]}, [{"operatorType": "NumberNotIn", "key": "data.n", "values": [1]}]),
        (
            {"n": [{"numeric": [">", 1, "<=", 5]}]},
            [
                {"operatorType": "NumberGreaterThan", "key": "data.n", "value": 1},
                {"operatorType": "NumberLessThanOrEquals", "key": "data.n", "value": 5},
            ],
        ),
    ],
)
def test_event_grid_is_told_in_filters_that_all_hold(asked: Any, said: list[Any]) -> None:
    assert advanced(asked) == said


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"n": ["a", 1]}, "different forms"),
        ({"n": [{"numeric": [">", 1]}, {"numeric": ["<", 0]}]}, "several of `numeric`"),
        ({"n": [True, False]}, "several of `truth`"),
        ({"n": [{"cidr": "10.0.0.0/8"}]}, "`cidr` is no test"),
        ({"n": [{"numeric": [">"]}]}, "signs and numbers in turn"),
    ],
)
def test_what_cannot_be_said_is_named(asked: Any, why: str) -> None:
    with pytest.raises(Unsayable, match=re.escape(why)):
        advanced(asked)


def test_types_have_one_form() -> None:
    assert types(["order.*", "bill.*"]) == [{"operatorType": "StringBeginsWith", "key": "eventtype", "values": ["order.", "bill."]}]
    assert types(["*paid*"]) == [{"operatorType": "StringContains", "key": "eventtype", "values": ["paid"]}]
    assert types(["order.paid", "*"]) == []
    for wrong in (["order.*", "bill"], ["order.*.paid"]):
        with pytest.raises(Unsayable):
            types(wrong)
