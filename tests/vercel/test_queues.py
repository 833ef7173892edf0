"""The runtime against Vercel's own local Queues: what it asks of them is what they understand."""

from __future__ import annotations

import base64
import json
import subprocess
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from vercel.conftest import Deploy
from vercel.output import Output
from vercel.queues import client
from vercel.test_events import LANGUAGES, messages, met, served

HERE = Path(__file__).parent
GROUP, PLACE = "__fnctl_Sworker_Squeue_Sjobs", "_fnctl/worker/queue/jobs"


class Broker:
    """Vercel's embedded Queues in a process of their own."""

    def __init__(self, interpreter: Path) -> None:
        self._process = subprocess.Popen([str(interpreter), str(HERE / "broker.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.address: str = json.loads(self._line())

    @property
    def env(self) -> dict[str, str]:
        return {"VERCEL_QUEUE_BASE_URL": self.address, "VERCEL_OIDC_TOKEN": "local-token"}

    def send(self, topic: str, body: bytes, media: str = "application/json") -> None:
        connection = HTTPConnection(urlsplit(self.address).netloc, timeout=10)
        connection.request("POST", f"/api/v3/topic/{topic}", body, {"content-type": media, "authorization": "Bearer local-token"})
        assert connection.getresponse().status == 201
        connection.close()

    def push(self, topic: str = "jobs", consumer: str = GROUP) -> dict[str, Any] | None:
        """Take the next delivery: the arguments of `Output.send`."""
        found = self._do({"do": "push", "topic": topic, "consumer": consumer})
        if found is None:
            return None
        headers, body = list(found["headers"].items()), base64.b64decode(found["body"])
        return {"function": PLACE, "method": "POST", "target": f"/{PLACE}", "headers": headers, "body": body}

    def later(self, seconds: int) -> None:
        """Move the broker's clock."""
        self._do({"do": "later", "seconds": seconds})

    def close(self) -> None:
        self._process.communicate()

    def _do(self, command: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return json.loads(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@pytest.fixture(scope="session")
def machine() -> Path:
    """A Python with vercel-queue."""
    return client()


@pytest.fixture
def local(machine: Path) -> Iterator[Broker]:
    """Queues with no message in them."""
    broker = Broker(machine)
    yield broker
    broker.close()


def delivered(output: Output, broker: Broker) -> int:
    """Hand over the next delivery."""
    message = broker.push()
    assert message is not None
    return output.send(**message).status


@LANGUAGES
def test_what_is_done_does_not_come_again(deploy: Deploy, local: Broker, language: str) -> None:
    output = served(deploy, language, None, **local.env)
    local.send("jobs", b'{"n": 1}')
    assert delivered(output, local) == 200
    local.later(3600)
    assert local.push() is None
    (event,) = met(output, PLACE)
    assert (event["data"], event["attempt"], event["id"]) == ({"n": 1}, 1, "msg_1")
    assert not [text for text in messages(output, PLACE) if "second time" in text]


@LANGUAGES
def test_what_fails_comes_again_and_ends_in_the_dead_letter_queue(deploy: Deploy, local: Broker, language: str) -> None:
    output = served(deploy, language, None, **local.env)
    local.send("jobs", b'{"poison": true}')
    assert delivered(output, local) == 500
    assert local.push() is None  # still held
    local.later(301)
    assert delivered(output, local) == 200
    local.later(301)
    assert local.push() is None
    dead = local.push("jobs-dlq", "reader")
    assert dead is not None
    assert (dead["body"], dict(dead["headers"])["Content-Type"]) == (b'{"poison": true}', "application/json")
    assert [(event["id"], event["attempt"]) for event in met(output, PLACE, 2)] == [("msg_1", 1), ("msg_1", 2)]


@LANGUAGES
@pytest.mark.parametrize("body", [b'{"n": 1}', bytes(range(256)) * 20, b"--x\r\n\r\n"], ids=["json", "bytes", "lines"])
def test_a_message_that_is_only_announced_is_fetched(deploy: Deploy, local: Broker, language: str, body: bytes) -> None:
    output = served(deploy, language, None, **local.env)
    local.send("jobs", body, "application/octet-stream")
    message = local.push()
    assert message is not None
    local.later(301)  # what was leased for the push comes free, so that it can be fetched
    gone = ("ce-vqsreceipthandle", "ce-vqsdeliverycount", "ce-vqscreatedat", "ce-vqsexpiresat", "ce-vqsvisibilitydeadline")
    news: dict[str, Any] = {**message, "headers": [(name, value) for name, value in message["headers"] if name.lower() not in gone], "body": b""}
    assert output.send(**news).status == 200
    local.later(3600)
    assert local.push() is None
    (event,) = met(output, PLACE)
    found = base64.b64decode(event["data_base64"]) if "data_base64" in event else event["data"]
    assert found == ({"n": 1} if body.startswith(b"{") else body.decode() if body.startswith(b"--") else body)
    assert event["attempt"] == 2


@LANGUAGES
def test_a_long_call_keeps_its_message(deploy: Deploy, local: Broker, language: str) -> None:
    output = served(deploy, language, None, CLOCK="sleep", **local.env)
    local.send("jobs", b'{"sleep": 1.6}')
    message = local.push()
    assert message is not None
    soon = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + 5))
    headers = [(name, soon if name.lower() == "ce-vqsvisibilitydeadline" else value) for name, value in message["headers"]]
    changed: dict[str, Any] = {**message, "headers": headers}
    assert output.send(**changed).status == 200
    assert not [text for text in messages(output, PLACE) if "second time" in text]


def test_the_stored_messages_have_the_headers_that_vercels_own_queues_send(local: Broker) -> None:
    local.send("jobs", b"{}")
    message = local.push()
    assert message is not None
    names, stored = {name.lower() for name, _ in message["headers"]}, HERE.parent / "portable" / "events" / "vercel"
    shapes = [json.loads(path.read_text("utf-8")) for path in stored.glob("*.json")]
    events = [one["event"] for shape in shapes for one in shape["deliveries"] if one["event"]["trigger"] != "schedule"]
    assert len(events) > 10
    assert all(set(event["headers"]) == names for event in events)
