"""What `fnctl invoke --event` hands to the host's own door."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fnctl_azure.operate import payload


def sent(kind: str, data: str, key: str = "orders", **more: Any) -> Any:
    return payload({"kind": kind, "key": key, **more}, data, "shop", "dev")


@pytest.mark.parametrize(("kind", "data"), [("queue", '{"n": 1}'), ("topic", "words"), ("stream", '[{"n": 1}]'), ("schedule", "")])
def test_a_message_is_sent_as_it_is(kind: str, data: str) -> None:
    assert sent(kind, data) == data


@pytest.mark.parametrize(
    ("data", "documents"),
    [
        ('{"id": "o-1", "n": 1}', [{"id": "o-1", "n": 1}]),
        ('[{"id": "o-1"}, {"id": "o-2"}]', [{"id": "o-1"}, {"id": "o-2"}]),
        ("", [{"id": "test", "number": "test"}]),
        ("o-7", [{"id": "o-7", "number": "o-7"}]),
    ],
)
def test_documents_have_what_the_database_adds(data: str, documents: list[dict[str, Any]]) -> None:
    found = json.loads(sent("table", data, keys=["number"]))
    assert [{key: value for key, value in one.items() if not key.startswith("_")} for one in found] == documents
    assert all({"_etag", "_ts", "_rid", "_lsn"} <= one.keys() for one in found)


@pytest.mark.parametrize(("data", "blob", "size"), [("", "file.txt", 0), ("in/a b.jpg", "in/a b.jpg", 0), ('{"key": "x", "size": 7}', "x", 7)])
def test_a_blob_is_event_grids_event(data: str, blob: str, size: int) -> None:
    event = json.loads(sent("bucket", data, "uploads"))
    assert (event["eventType"], event["subject"]) == (
        "Microsoft.Storage.BlobCreated",
        f"/blobServices/default/containers/shop-dev-uploads/blobs/{blob}",
    )
    assert event["data"]["contentLength"] == size


def test_an_event_of_a_bus_is_wrapped_unless_it_is_one() -> None:
    whole = '{"specversion": "1.0", "id": "1", "type": "a", "source": "/b"}'
    assert sent("bus", whole) == whole
    made = json.loads(sent("bus", '{"type": "order.placed", "n": 1}'))
    assert (made["specversion"], made["type"], made["data"]["n"]) == ("1.0", "order.placed", 1)
