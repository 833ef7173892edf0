"""Where the stored events and requests come from: each says what it was compared with and when; docs/portability.md lists those that were not."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "portability.md"
SHAPES: dict[str, dict[str, Any]] = {
    str(path.relative_to(TESTS)): json.loads(path.read_text("utf-8"))
    for path in sorted([*TESTS.glob("portable/events/*/*.json"), *TESTS.glob("runtime/*/*.json")])
}
OWN = {"runtime/events/invoke.json", "runtime/requests/by-hand.json"}
"""Payloads that are no platform's."""


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_says_what_it_was_compared_with_and_when(name: str) -> None:
    shape = SHAPES[name]
    assert shape["source"].endswith(".")
    assert shape["compared"] is False or date.fromisoformat(shape["compared"]).year >= 2026


def test_the_docs_name_the_shapes_that_could_not_be_compared() -> None:
    names = [f"`{name}`" for name, shape in SHAPES.items() if shape["compared"] is False and name not in OWN]
    assert f"\nNot compared with a source: {', '.join(names)}.\n" in PAGE.read_text("utf-8")


def test_a_messages_digest_is_of_its_text() -> None:
    events = [event for shape in SHAPES.values() for event in (shape.get("event"), *(one["event"] for one in shape.get("deliveries", ())))]
    records = [record for event in events if event for record in event.get("Records", ()) if record.get("eventSource") == "aws:sqs"]
    assert len(records) > 20
    assert all(record["md5OfBody"] == hashlib.md5(record["body"].encode(), usedforsecurity=False).hexdigest() for record in records)
