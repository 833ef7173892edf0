"""Where the stored events and requests come from: each says what it was compared with and when."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from azure.functions.cosmosdb import CosmosDBTriggerConverter
from azure.functions.meta import Datum

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


def test_all_but_our_own_were_compared_as_the_docs_say() -> None:
    assert {name for name, shape in SHAPES.items() if shape["compared"] is False} == OWN
    assert "\nEach stored event and request names the page, source or program that its fields were compared with, and the day.\n" in PAGE.read_text(
        "utf-8"
    )


SYSTEM = {"id", "_rid", "_ts", "_self", "_etag", "_attachments"}
"""What Cosmos DB puts into every document, by its REST reference."""


@pytest.mark.parametrize("kind", ["json", "string", "bytes"])
@pytest.mark.parametrize("name", ["table", "table-failed"])
def test_a_change_feed_is_what_azures_own_converter_reads(name: str, kind: str) -> None:
    for delivery in SHAPES[f"portable/events/azure/{name}.json"]["deliveries"]:
        text = delivery["event"]["data"]["json"]
        found = CosmosDBTriggerConverter.decode(Datum(text.encode() if kind == "bytes" else text, kind), trigger_metadata=None)
        assert [dict(document) for document in found or ()] == json.loads(text)
        assert all({*document} >= SYSTEM | {"_lsn"} for document in found or ())


def test_a_messages_digest_is_of_its_text() -> None:
    events = [event for shape in SHAPES.values() for event in (shape.get("event"), *(one["event"] for one in shape.get("deliveries", ())))]
    records = [record for event in events if event for record in event.get("Records", ()) if record.get("eventSource") == "aws:sqs"]
    assert len(records) > 20
    assert all(record["md5OfBody"] == hashlib.md5(record["body"].encode(), usedforsecurity=False).hexdigest() for record in records)
