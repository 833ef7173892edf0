"""What starts functions by itself: messages and blobs of Azurite, timers, Event Grid; and calls of the host's own address for the rest."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from azure_hosts.asking import Sandbox
from fnctl_azure.standin.azurite import Azurite
from fnctl_azure.standin.hosts import Account, Row, Subscription, storage
from fnctl_azure.standin.hosts.grid import EXTENSION
from fnctl_azure.standin.hosts.storage import Unreachable


def received(row: Row, function: str) -> dict[str, Any]:
    """The event that the example's handler wrote down."""
    line = json.loads(row["message"]) if row["function"] == function and row["message"].startswith("{") else {}
    return line.get("event") or {}


def saying(line: str) -> Callable[[Row], bool]:
    return lambda row: row["message"] == line


def wait_for(sandbox: Sandbox, function: str, like: Callable[[dict[str, Any]], bool] = bool) -> dict[str, Any]:
    return received(sandbox.said(lambda row: bool(event := received(row, function)) and like(event)), function)


def gone(account: Account, queue: str) -> bool:
    limit = time.monotonic() + 5
    while time.monotonic() < limit:
        if not storage.take(account, queue, 1, 1):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize(("queue", "function"), [("portable-dev-jobs", "listen_queue_jobs"), ("portable-dev-chores", "hear_queue_chores")])
def test_a_message_of_a_queue_calls_its_function_and_is_removed(portable: Sandbox, azurite: Azurite, queue: str, function: str) -> None:
    account = azurite.account("portabledata")
    storage.put(account, queue, '{"n": 1, "name": "Zoë"}')
    event = wait_for(portable, function)
    assert (event["type"], event["data"]) == ("fnctl.queue.message", {"n": 1, "name": "Zoë"})
    assert gone(account, queue)


def test_a_message_that_fails_comes_again_and_ends_in_the_poison_queue(mechanics: Sandbox, azurite: Azurite) -> None:
    account = azurite.account("mechanicsdata")
    for text in (base64.b64encode(b"bad").decode(), base64.b64encode(b"good").decode(), "this is no base64!"):
        storage.put(account, "work", text)
    for line in ("work bad, try 1", "work bad, try 2", "work good, try 1"):
        mechanics.said(saying(line))
    mechanics.said(lambda row: row["message"].startswith("Message has reached MaxDequeueCount of 2. Moving message to queue 'work-poison'"))
    mechanics.said(lambda row: "is not base64" in row["message"])
    assert gone(account, "work")
    assert {message.text for message in storage.take(account, "work-poison", 5, 1)} == {base64.b64encode(b"bad").decode(), "this is no base64!"}


def test_a_queue_whose_account_is_not_there_is_told_once(mechanics: Sandbox) -> None:
    row = mechanics.said(lambda row: "names no storage account" in row["message"])
    assert (row["function"], row["severity"]) == ("lost", "Error")


def test_a_timer_fires_when_it_is_due(mechanics: Sandbox) -> None:
    mechanics.said(lambda row: row["message"] == "tick, past due: False")
    row = mechanics.said(lambda row: row["function"] == "tick" and row["message"].startswith("Executing"))
    assert "Reason='Timer fired at 20" in row["message"]


@pytest.mark.parametrize("cloudevents", [False, True])
def test_a_blob_that_appears_is_an_event_for_who_subscribed(portable: Sandbox, azurite: Azurite, *, cloudevents: bool) -> None:
    account, container = azurite.account("portabledata"), f"portable-dev-uploads-{cloudevents}".lower()
    storage.make(account, "blob", container)
    storage.upload(account, container, "in/old.jpg", b"was there before")
    told = Subscription(
        account="portabledata",
        app="python",
        function="watch_bucket_uploads",
        types=["Microsoft.Storage.BlobCreated"],
        begins=f"/blobServices/default/containers/{container}/blobs/in/",
        ends=".jpg",
        cloudevents=cloudevents,
    )
    portable.hosts.subscribe(container, told)
    try:
        for name in ("in/photo one ü.jpg", "in/photo.png", "out/photo.jpg"):
            storage.upload(account, container, name, b"12345", "image/jpeg")
        storage.erase(account, container, "in/old.jpg")
        event = wait_for(portable, "watch_bucket_uploads", lambda event: event["data"].get("bucket") == container)
        assert (event["type"], event["subject"]) == ("fnctl.bucket.created", "in/photo one ü.jpg")
        assert (event["data"]["size"], event["data"]["key"]) == (5, "in/photo one ü.jpg")
        time.sleep(1)  # two more looks
        events = [found for row in portable.rows if (found := received(row, "watch_bucket_uploads")) and found["data"].get("bucket") == container]
        assert len(events) == 1
    finally:
        portable.hosts.unsubscribe(container)


@pytest.mark.parametrize(
    ("function", "given", "kind", "data"),
    [
        ("listen_topic_alerts", {"n": 1}, "fnctl.topic.message", {"n": 1}),
        ("hear_topic_alerts", "words", "fnctl.topic.message", "words"),
        ("watch_stream_clicks", [{"n": 1}], "fnctl.stream.record", {"n": 1}),
        ("observe_stream_clicks", [{"n": 2}], "fnctl.stream.record", {"n": 2}),
        ("hear_schedule_nightly", "", "fnctl.schedule", None),
    ],
)
def test_what_nothing_emulates_is_called_by_the_hosts_own_address(portable: Sandbox, function: str, given: Any, kind: str, data: Any) -> None:
    app = "node" if function.startswith(("hear", "observe")) else "python"
    text = given if isinstance(given, str) else json.dumps(given)
    key = portable.hosts.keys(app).master
    answer = portable.ask(app, f"/admin/functions/{function}", "POST", json.dumps({"input": text}).encode(), {"x-functions-key": key})
    assert answer.status == 202
    event = wait_for(portable, function, lambda event: data is None or event["data"] == data)
    assert event["type"] == kind


def test_what_waits_for_what_nothing_sends_is_told_at_the_start(portable: Sandbox) -> None:
    told = {row["function"] for row in portable.rows if "which nothing in this sandbox sends" in row["message"]}
    assert told == {
        "hear_topic_alerts",
        "listen_topic_alerts",
        "observe_stream_clicks",
        "observe_table_orders",
        "watch_stream_clicks",
        "watch_table_orders",
    }


def test_a_document_and_an_event_of_a_bus(portable: Sandbox) -> None:
    key = portable.hosts.keys("python").master
    document = {"input": json.dumps([{"id": "o-1", "quantity": 2, "_etag": "e"}])}
    portable.ask("python", "/admin/functions/watch_table_orders", "POST", json.dumps(document).encode(), {"x-functions-key": key})
    assert wait_for(portable, "watch_table_orders")["data"]["new"] == {"id": "o-1", "quantity": 2}
    event = {"specversion": "1.0", "id": "e-1", "source": "/shop", "type": "order.placed", "data": {"order": 7}}
    path = f"/runtime/webhooks/EventGrid?functionName=watch_bus_shop_events&code={portable.hosts.keys('python').system[EXTENSION]}"
    assert portable.ask("python", path, "POST", json.dumps(event).encode()).status == 202
    assert wait_for(portable, "watch_bus_shop_events")["id"] == "e-1"


def test_event_grids_handshake(portable: Sandbox) -> None:
    path = f"/runtime/webhooks/EventGrid?functionName=watch_bus_shop_events&code={portable.hosts.keys('python').system[EXTENSION]}"
    hello = [{"id": "1", "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent", "data": {"validationCode": "c-1"}}]
    assert portable.ask("python", path, "POST", json.dumps(hello).encode()).json == {"validationResponse": "c-1"}
    answer = portable.ask("python", path, "OPTIONS", headers={"WebHook-Request-Origin": "eventgrid.azure.net"})
    assert (answer.status, answer.headers["webhook-allowed-origin"]) == (200, "eventgrid.azure.net")
    assert portable.ask("python", path.replace("watch_bus_shop_events", "nobody"), "POST", b"[]").status == 404
    assert [portable.ask("python", path, "POST", body).status for body in (b"no JSON", b"[1]")] == [400, 400]


def test_an_account_that_does_not_answer_is_named() -> None:
    with pytest.raises(Unreachable, match="the storage account lost does not answer"):
        storage.take(Account("lost", "a2V5", "http://127.0.0.1:1/lost", "http://127.0.0.1:1/lost"), "jobs", 1, 1)
