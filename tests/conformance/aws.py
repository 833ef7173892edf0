"""AWS: the sandbox's emulator, which runs functions in AWS's own runtime clients."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from conformance.driver import Object, lend
from fakes.aws import client, inventory
from fakes.counting import Counted, Refusal, counting
from fnctl_aws.sandbox import AwsSandbox

EXPIRED = (
    '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>ExpiredToken</Code>'
    "<Message>The security token included in the request is expired</Message></Error></ErrorResponse>"
)


class Aws:
    """See Driver."""

    target = "aws"
    settings = "{ region: eu-west-1 }"
    modules: tuple[str, ...] = ("boto3", "fnctl_aws.plugin", "fnctl_aws.cloud", "fnctl_aws.client")
    expired = Refusal(403, {"content-type": "text/xml", "x-amzn-errortype": "ExpiredTokenException"}, EXPIRED.encode())

    def __init__(self, sandbox: AwsSandbox, wire: Counted, upstream: str) -> None:
        self.wire = wire
        self._sandbox = sandbox
        self._upstream = upstream

    def lend(self, folder: Path) -> None:
        lend(folder, self.target, self._sandbox.state, self.wire)

    def reset(self) -> None:
        self._sandbox.reset()

    def left(self) -> set[Object]:
        return {(kind, name) for kind, name in inventory(self._upstream) if kind != "parameter"}

    def meddle(self, how: Literal["changed", "removed"]) -> str:
        if how == "changed":
            queues = client("sqs", self._upstream)
            queues.set_queue_attributes(QueueUrl=queues.get_queue_url(QueueName="living-dev-jobs")["QueueUrl"], Attributes={"DelaySeconds": "77"})
            return "queue/jobs"
        client("lambda", self._upstream).delete_function(FunctionName="living-dev-worker")
        return "function/worker"

    def publishes(self, call: str) -> bool:
        return call.endswith(("/code", "/versions"))


@contextmanager
def driver(folder: Path) -> Iterator[Aws]:
    """Start the stand-in; it ends with the block."""
    sandbox = AwsSandbox(folder)
    sandbox.build_target("python3.13", "x86_64")
    environ = sandbox.start(lambda _sentence: None)
    try:
        with counting(environ["AWS_ENDPOINT_URL"]) as wire:
            yield Aws(sandbox, wire, environ["AWS_ENDPOINT_URL"])
    finally:
        sandbox.stop()
