"""The portable example on the three sandboxes, through their HTTP fronts and a queue: the same answers as in the bare runtime clients."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from e2e.test_orders import eventually
from fakes.aws import client
from fakes.cli import Fnctl, environment
from fakes.forked import Command
from portable.drivers import Answer, Delivery, Question
from portable.test_http import FUNCTIONS, unequal

ROOT = Path(__file__).parents[2]
STAGE = ("--stage", "web", "--sandbox")
TARGETS: dict[str, tuple[str, ...]] = {"aws": ("an OPTIONS",), "azure": (), "vercel": ()}
"""With the questions that a sandbox answers otherwise, as docs/sandbox.md says."""

OWN = ("x-vercel-", "x-robots-tag")
"""Fields that a platform adds for itself."""


class Deployed:
    """Asks over HTTP, as anybody may."""

    def __init__(self, outputs: Mapping[str, Any]) -> None:
        self._outputs = outputs

    def ask(self, function: str, question: Question) -> Answer:
        connection = http.client.HTTPConnection(urlsplit(self._outputs[function]["url"]).netloc, timeout=30)
        connection.putrequest(question.method, question.path, skip_accept_encoding=True)
        for name, value in question.headers:
            connection.putheader(name, value)
        if question.body:
            connection.putheader("content-length", str(len(question.body)))
        connection.endheaders(question.body or None)
        response = connection.getresponse()
        try:
            headers = [(name.lower(), value) for name, value in response.getheaders()]
            return Answer(response.status, [(name, value) for name, value in headers if not name.startswith(OWN)], response.read())
        finally:
            connection.close()

    def deliver(self, function: str, native: Any) -> Delivery:
        raise NotImplementedError  # the platform delivers: see the queue below


@pytest.fixture(scope="module")
def everywhere(tmp_path_factory: pytest.TempPathFactory, loaded: Command) -> Iterator[tuple[Path, str]]:
    """The example on the three sandboxes, as `scripts/demo --all` leaves it, and what that printed."""
    folder = tmp_path_factory.mktemp("everywhere")
    words = [sys.executable, str(ROOT / "scripts" / "everywhere.py"), str(folder)]
    try:
        done = subprocess.run(words, env=environment(), capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        yield folder, done.stdout
    finally:
        for target in TARGETS:
            loaded.start(["sandbox", "stop", "--target", target], folder, environment()).wait()


def test_the_same_requests_have_one_answer_everywhere(everywhere: tuple[Path, str]) -> None:
    lines = everywhere[1].splitlines()
    assert lines[-1] == "50 of 50 requests have one answer on aws, azure, vercel."
    assert sum(line.startswith(("  GET", "  POST")) for line in lines) == 50


@pytest.mark.parametrize("target", TARGETS)
def test_the_deployed_example_answers_as_its_artifacts_do(fnctl: Fnctl, everywhere: tuple[Path, str], target: str) -> None:
    outputs = fnctl("outputs", "--target", target, *STAGE, "--output", "json", cwd=everywhere[0]).document()
    deployed = Deployed(outputs["functions"])
    wrong = {function: unequal(deployed, function, without=TARGETS[target]) for function in FUNCTIONS}
    assert not any(wrong.values()), json.dumps(wrong, indent=1, ensure_ascii=False, default=repr)


def test_a_message_reaches_the_deployed_function(fnctl: Fnctl, everywhere: tuple[Path, str]) -> None:
    folder, _ = everywhere
    endpoint = fnctl("sandbox", "status", "--target", "aws", "--output", "json", cwd=folder).document()["endpoint"]
    sqs = client("sqs", endpoint)
    (queue,) = [url for url in sqs.list_queues()["QueueUrls"] if url.endswith("piles")]
    sqs.send_message(QueueUrl=queue, MessageBody='{"n": 1}')
    event = eventually(lambda: _received(fnctl, folder))
    assert (event["type"], event["source"], event["data"]) == ("fnctl.queue.message", "/portable/queue/piles", {"n": 1})


def _received(fnctl: Fnctl, folder: Path) -> dict[str, Any] | None:
    lines = fnctl("logs", "gather", "--target", "aws", *STAGE, "--output", "json", cwd=folder).lines()
    texts = [line["message"] for line in lines if "received" in line.get("message", "")]
    found: dict[str, Any] | None = json.loads(texts[0])["event"] if texts else None
    return found
