"""The portable example on the sandbox, through its HTTP front and its queue: the same answers as in the bare runtime clients."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3

from e2e.test_orders import eventually
from fakes.cli import Fnctl
from portable.drivers import Answer, Delivery, Question
from portable.test_http import FUNCTIONS, unequal

HERE = ("--target", "aws", "--stage", "web", "--sandbox")


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
            return Answer(response.status, [(name.lower(), value) for name, value in response.getheaders()], response.read())
        finally:
            connection.close()

    def deliver(self, function: str, native: Any) -> Delivery:
        raise NotImplementedError  # the platform delivers: see the queue below


def test_the_deployed_example_answers_as_its_artifacts_do(fnctl: Fnctl, project: Callable[..., Path]) -> None:
    folder = project("portable")
    released = fnctl("deploy", *HERE, "--yes", "--output", "json", cwd=folder).result()
    deployed = Deployed(released["outputs"]["functions"])
    wrong = {function: unequal(deployed, function, without=("an OPTIONS",)) for function in FUNCTIONS}  # one of the sandbox's differences
    assert not any(wrong.values()), json.dumps(wrong, indent=1, ensure_ascii=False, default=repr)

    endpoint = fnctl("sandbox", "status", "--target", "aws", "--output", "json", cwd=folder).document()["endpoint"]
    sqs = boto3.client("sqs", endpoint_url=endpoint, region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test")
    (queue,) = [url for url in sqs.list_queues()["QueueUrls"] if url.endswith("piles")]
    sqs.send_message(QueueUrl=queue, MessageBody='{"n": 1}')
    event = eventually(lambda: _received(fnctl, folder))
    assert (event["type"], event["source"], event["data"]) == ("fnctl.queue.message", "/portable/queue/piles", {"n": 1})


def _received(fnctl: Fnctl, folder: Path) -> dict[str, Any] | None:
    lines = fnctl("logs", "gather", *HERE, "--output", "json", cwd=folder).lines()
    texts = [line["message"] for line in lines if "received" in line.get("message", "")]
    found: dict[str, Any] | None = json.loads(texts[0])["event"] if texts else None
    return found
