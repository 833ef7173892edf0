"""Queues' own rules: partitions, copies, delays, retries, ends, leases, and how many at once."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from fnctl_vercel.standin import mailbox
from fnctl_vercel.standin.account import Account, Build, Deployment
from fnctl_vercel.standin.queues import ANNOUNCED, Queues
from fnctl_vercel.standin.web import Answer, Request


@dataclass
class Pushed:
    """What functions were called with; `statuses` are their answers, 200 once there are none."""

    calls: list[tuple[str, str, Request]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)

    def __call__(self, deployment: Deployment, function: str, request: Request) -> int:
        self.calls.append((deployment.id, function, request))
        self.gate.wait(10)
        return self.statuses.pop(0) if self.statuses else 200


@dataclass
class Service:
    """Queues of two deployments, whose functions are subscribed as a test says."""

    queues: Queues
    pushed: Pushed

    def ask(self, method: str, path: str, body: bytes = b"{}", token: str = "one", **headers: str) -> Answer:
        pairs = (("authorization", f"Bearer {token}"), *((name.replace("_", "-"), value) for name, value in headers.items()))
        return mailbox.answer(self.queues, Request(method, f"/api/v3/topic/{path}", pairs, body))

    def look(self) -> list[tuple[str, str]]:
        """Deliver what is due and wait for it; return who was called."""
        before = len(self.pushed.calls)
        for thread in self.queues.look():
            thread.join(10)
        return [call[:2] for call in self.pushed.calls[before:]]


def service(tmp_path: Path, **triggers: dict[str, Any]) -> Service:
    account, pushed = Account(tmp_path), Pushed()
    pushed.gate.set()
    functions = {
        name: {"experimentalTriggers": [{"type": "queue/v2beta", "topic": "jobs", "consumer": name, **said}]} for name, said in triggers.items()
    }
    for name in ("one", "two"):
        account.deployments[name] = Deployment(name, "prj", "shop", f"{name}.vercel.app", "production", None, 1, {}, [], {}, name)
        account.deployments[name].build = Build(tmp_path, {}, functions)
    return Service(Queues(account, pushed), pushed)


def test_each_group_gets_its_copy_and_each_deployment_its_own_messages(tmp_path: Path) -> None:
    here = service(tmp_path, a={}, b={"topic": "jo*"}, c={"topic": "other"})
    here.ask("POST", "jobs", token="two")
    assert sorted(here.look()) == [("two", "a"), ("two", "b")]
    assert here.look() == []


def test_a_failure_comes_again_after_its_time_and_ends_where_its_consumer_says(tmp_path: Path) -> None:
    here = service(tmp_path, a={"retryAfterSeconds": 30, "maxDeliveries": 2})
    here.pushed.statuses = [500, 500]
    here.ask("POST", "jobs")
    assert len(here.look()) == 1
    assert here.look() == []
    here.queues.ahead += 31
    assert len(here.look()) == 1
    here.queues.ahead += 3600
    assert here.look() == []
    assert [dict(call[2].pairs)["ce-vqsdeliverycount"] for call in here.pushed.calls] == ["1", "2"]


def test_messages_wait_for_their_delay_and_die_of_age(tmp_path: Path) -> None:
    here = service(tmp_path, a={"initialDelaySeconds": 10})
    here.ask("POST", "jobs", vqs_delay_seconds="20")
    here.queues.ahead += 25
    assert here.look() == []
    here.queues.ahead += 10
    assert len(here.look()) == 1
    here.ask("POST", "jobs", vqs_retention_seconds="60")
    here.queues.ahead += 61
    assert here.look() == []


def test_no_more_run_at_once_than_their_consumer_lets(tmp_path: Path) -> None:
    here = service(tmp_path, a={"maxConcurrency": 1})
    here.pushed.gate.clear()
    for _ in range(2):
        here.ask("POST", "jobs")
    first = here.queues.look()
    assert len(first) == 1
    assert here.queues.look() == []
    here.pushed.gate.set()
    first[0].join(10)
    assert len(here.look()) == 1


def test_a_lease_is_held_extended_and_over(tmp_path: Path) -> None:
    here = service(tmp_path)
    here.ask("POST", "jobs", b'{"n": 1}')
    taken = here.ask("POST", "jobs/consumer/me", accept="application/x-ndjson", vqs_visibility_timeout_seconds="10")
    assert isinstance(taken.body, bytes)
    line = json.loads(taken.body)
    lease = f"jobs/consumer/me/lease/{line['receiptHandle']}"
    assert here.ask("POST", "jobs/consumer/me").status == 204
    assert here.ask("PATCH", lease, b'{"visibilityTimeoutSeconds": 60}').status == 200
    here.queues.ahead += 30
    assert here.ask("POST", "jobs/consumer/me").status == 204
    assert here.ask("POST", f"jobs/consumer/me/id/{line['messageId']}").status == 409
    here.queues.ahead += 31
    assert here.ask("DELETE", lease).status == 404
    again = here.ask("POST", "jobs/consumer/me", accept="application/x-ndjson").body
    assert isinstance(again, bytes)
    assert json.loads(again)["deliveryCount"] == 2
    assert here.ask("DELETE", f"jobs/consumer/me/lease/{json.loads(again)['receiptHandle']}").status == 204
    assert here.ask("POST", f"jobs/consumer/me/id/{line['messageId']}").status == 410


def test_of_a_large_message_only_the_news_is_pushed(tmp_path: Path) -> None:
    here = service(tmp_path, a={})
    here.ask("POST", "jobs", b"x" * (ANNOUNCED + 1))
    here.look()
    (_, _, request) = here.pushed.calls[0]
    fields = dict(request.pairs)
    assert "ce-vqsreceipthandle" not in fields
    assert request.body == b""


REFUSED = [
    ("POST", "jobs", "", {"vqs_delay_seconds": "x"}, 400),
    ("POST", "jobs", "", {"vqs_retention_seconds": "604801"}, 400),
    ("POST", "jobs/consumer/me", "", {"vqs_max_messages": "11"}, 400),
    ("POST", "jobs/consumer/me/id/none", "", {}, 404),
    ("PATCH", "jobs/consumer/me/lease/none", '{"visibilityTimeoutSeconds": 1}', {}, 404),
    ("POST", "a.b", "", {}, 404),
    ("GET", "jobs", "", {}, 404),
]


@pytest.mark.parametrize(("method", "path", "body", "headers", "status"), REFUSED)
def test_what_cannot_be_is_refused(tmp_path: Path, method: str, path: str, body: str, headers: dict[str, str], status: int) -> None:
    assert service(tmp_path).ask(method, path, body.encode(), **headers).status == status
    assert service(tmp_path).ask("POST", "jobs", token="guessed").status == 401
