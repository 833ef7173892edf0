"""Between ARM's words and ours: what is drift, what is a name, what is asked of logs and of the host."""

from __future__ import annotations

from typing import Any

import pytest

from fnctl.adapter import Call, Change
from fnctl.errors import FnctlError
from fnctl.graph import UNKNOWN, Address, Node
from fnctl_azure.kinds.base import merged_tags, projected, unique_name
from fnctl_azure.kinds.role import guid
from fnctl_azure.operate import Sources, chosen, kql


class Placed:
    subscription, region = "11111111-2222-3333-4444-555555555555", "westeurope"


@pytest.mark.parametrize(
    ("found", "wanted", "seen"),
    [
        ({"a": 1, "filled": 2}, {"a": 1}, {"a": 1}),
        ({"a": 1}, {"a": 2}, {"a": 1}),
        ("West Europe", "westeurope", "westeurope"),
        ("/subscriptions/S/resourcegroups/G", "/subscriptions/s/resourceGroups/g", "/subscriptions/s/resourceGroups/g"),
        ("Python", "python", "Python"),
        (None, {"a": 1}, None),
        (None, [], []),
        (None, {"on": False, "of": []}, {"on": False, "of": []}),
        ([{"name": "http", "instanceCount": 1, "more": 0}], [{"name": "http", "instanceCount": 1}], [{"name": "http", "instanceCount": 1}]),
        ([1, 2], [1], [1, 2]),
        ("anything", None, None),
        ("anything", UNKNOWN, "anything"),
    ],
)
def test_what_the_platform_filled_in_is_no_drift(found: Any, wanted: Any, seen: Any) -> None:
    assert projected(found, wanted) == seen


@pytest.mark.parametrize(
    ("name", "limit", "plain"), [("shop-dev-host", 24, True), ("shop-dev", 24, False), ("my--shop--dev-", 24, False), ("a" * 80, 32, False)]
)
def test_a_name_of_all_of_azure_fits_and_is_ones_own(name: str, limit: int, plain: bool) -> None:
    class Other:
        subscription, region = "another", "westeurope"

    made = unique_name(name, Placed(), limit, plain=plain)  # type: ignore[arg-type]  # all of a client that is asked
    assert len(made) <= limit
    assert made.isalnum() or not plain
    assert "--" not in made
    assert made != unique_name(name, Other(), limit, plain=plain)  # type: ignore[arg-type]
    assert made == unique_name(name, Placed(), limit, plain=plain)  # type: ignore[arg-type]


def test_tags_of_policies_stay_and_dropped_ones_go() -> None:
    before = Node(Address("group"), "azure.group", "g", {"tags": {"ours": "1", "old": "2"}})
    change = Change("update", before.address, before, before)
    assert merged_tags({"ours": "3"}, {"ours": "1", "old": "2", "cost-center": "9"}, change) == {"ours": "3", "cost-center": "9"}


def test_a_right_has_one_name_in_any_case() -> None:
    assert guid("/subscriptions/S/x", "role", "who") == guid("/subscriptions/s/X", "ROLE", "who")
    assert guid("a", "b", "c") != guid("a", "c", "b")


DOORS = [{"name": "work_queue_jobs", "kind": "queue", "key": "jobs"}, {"name": "work_http", "kind": "http", "key": "/"}]


def test_an_event_is_taken_by_its_own_door() -> None:
    assert chosen(DOORS, Call("work", event="queue"))["name"] == "work_queue_jobs"
    assert chosen(DOORS[:1], Call("work"))["name"] == "work_queue_jobs"
    for call in (Call("work"), Call("work", event="bucket")):
        with pytest.raises(FnctlError) as refused:
            chosen(DOORS, call)
        assert "http, queue" in (refused.value.diagnostics[0].help or "")


def test_a_line_is_shown_under_whose_it_is() -> None:
    sources = Sources({"api": ["api_http"], "work": ["work"]}, {"app-python": ["api", "work"], "app-node": ["web"]})
    assert sources.of("api_http", "app-python", "x") == "api"
    assert sources.of("other", "app-python", "x") is None
    assert sources.of("", "app-python", '{"function": "work", "msg": "x"}') == "work"
    assert sources.of("", "app-python", '{"function": "gone"}') is None
    assert sources.of("", "app-python", "printed") == "app-python"
    assert sources.of("", "app-node", "printed") == "web"


def test_words_in_a_query_stay_words() -> None:
    query = kql(Sources({"api": ["api"]}, {"app": ["api"]}), 0.0, "it's | take 1\\")
    assert r"contains_cs 'it\'s | take 1\\'" in query
    assert "datetime(1970-01-01T00:00:00.000Z)" in query
