"""Graphs as JSON, Refs resolved and renamed, and their order."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnctl.graph import CLOUD, UNKNOWN, Address, Artifact, Graph, Node, Ref, Text, Value, from_json, order, refs, renamed, resolve, to_json

addresses = st.sampled_from([Address(f"{kind}/{name}") for kind in ("function", "queue") for name in "abc"])
scalars: st.SearchStrategy[Value] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(),
    st.builds(Ref, addresses, st.sampled_from(["arn", "url"])),
    st.builds(Text, st.lists(st.one_of(st.text(), st.builds(Ref, addresses, st.just("arn"))), max_size=3).map(tuple)),
)
values: st.SearchStrategy[Value] = st.recursive(
    scalars, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)), max_leaves=8
)
artifacts = st.builds(Artifact, st.text("0123456789abcdef", min_size=64, max_size=64), st.integers(0, 9), st.integers(0, 9))
nodes = st.builds(
    Node,
    addresses,
    st.just("kind"),
    st.text(max_size=5),
    st.dictionaries(st.text(max_size=4), values, max_size=3),
    st.frozensets(addresses, max_size=2),
    st.one_of(st.none(), artifacts),
    owned=st.booleans(),
    stateful=st.booleans(),
    retain=st.booleans(),
)


@given(st.lists(nodes, max_size=4), st.dictionaries(st.text(max_size=3), st.dictionaries(st.sampled_from(["id", "url"]), values), max_size=2))
def test_a_graph_survives_json(listed: list[Node], outputs: dict[str, dict[str, Value]]) -> None:
    graph = Graph({node.address: node for node in listed}, outputs)
    again = from_json(json.loads(json.dumps(to_json(graph))))
    assert again == graph


@given(values)
def test_resolving_knows_everything_or_says_unknown(value: Value) -> None:
    outputs = {ref.address: {"arn": f"arn:{ref.address}", "url": "u"} for ref in refs(value)}
    assert not list(refs(resolve(value, outputs)))
    if any(True for _ in refs(value)):
        assert "(known after apply)" in repr(resolve(value, {}))


def test_a_text_is_unknown_as_a_whole() -> None:
    arn = Text(("arn:", Ref(CLOUD, "account"), ":x"))
    assert resolve(arn, {}) is UNKNOWN
    assert resolve(arn, {CLOUD: {"account": "12"}}) == "arn:12:x"


def test_order_puts_what_is_needed_first_and_names_a_circle() -> None:
    a, b = Address("function/a"), Address("queue/b")
    first, second = Node(b, "q", "b", {}), Node(a, "f", "a", {"queue": Ref(b, "arn"), "account": Ref(CLOUD, "account")})
    assert order([second, first]) == [first, second]
    with pytest.raises(ValueError, match="function/a -> "):
        order([second, Node(b, "q", "b", {}, needs=frozenset({a}))])


def test_a_rename_moves_the_whole_family() -> None:
    role, function, route = Address("function/old/role"), Address("function/old"), Address("trigger/old/http/GET /")
    graph = Graph(
        {
            role: Node(role, "role", "r", {}),
            function: Node(function, "f", "f", {"role": Ref(role, "arn")}),
            route: Node(route, "route", "GET /", {"to": Text((Ref(function, "arn"), ":live"))}, needs=frozenset({function})),
        },
        {"old": {"id": Ref(function, "arn")}},
    )
    moved = renamed(graph, {"function/old": "function/new", "trigger/old": "trigger/new"})
    assert set(moved.nodes) == {"function/new/role", "function/new", "trigger/new/http/GET /"}
    assert {ref.address for node in moved.nodes.values() for ref in refs(node.props)} == {"function/new/role", "function/new"}
    assert moved.outputs == {"old": {"id": Ref(Address("function/new"), "arn")}}
