"""What deploys small functions to a sandbox with plain boto3, and looks at what they did."""

from __future__ import annotations

import base64
import io
import json
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

ROLE = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}


def archive(files: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, content in files.items():
            made.writestr(name, content)
    return buffer.getvalue()


def zipped(folder: Path) -> bytes:
    return archive({str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()})


def until(condition: Callable[[], Any], seconds: float = 15.0) -> Any:
    limit = time.monotonic() + seconds
    while True:
        found = condition()
        if found or time.monotonic() > limit:
            assert found, "it did not happen in time"
            return found
        time.sleep(0.05)


@dataclass(frozen=True)
class Reply:
    value: Any
    error: str | None
    log: str


class Account:
    """The account in the sandbox."""

    def __init__(self, environ: Mapping[str, str], region: str = "eu-west-1") -> None:
        self.environ = environ
        self.region = region
        self.session = boto3.Session(environ["AWS_ACCESS_KEY_ID"], environ["AWS_SECRET_ACCESS_KEY"], environ["AWS_SESSION_TOKEN"], region)
        self.lambdas = self.client("lambda")

    def client(self, service: str) -> Any:
        once = Config(retries={"total_max_attempts": 1})
        return self.session.client(service, endpoint_url=self.environ["AWS_ENDPOINT_URL"], config=once)  # type: ignore[call-overload]

    def role(self) -> str:
        iam = self.client("iam")
        try:
            return str(iam.create_role(RoleName="functions", AssumeRolePolicyDocument=json.dumps(ROLE))["Role"]["Arn"])
        except iam.exceptions.EntityAlreadyExistsException:
            return str(iam.get_role(RoleName="functions")["Role"]["Arn"])

    def deploy(self, name: str, files: Mapping[str, str], runtime: str = "python3.11", **settings: Any) -> str:
        return self.create(name, archive(files), runtime, **settings)

    def create(self, name: str, code: bytes, runtime: str = "python3.11", **settings: Any) -> str:
        settings = {"Handler": "main.handler", "Timeout": 10, **settings}
        made = self.lambdas.create_function(FunctionName=name, Runtime=runtime, Role=self.role(), Code={"ZipFile": code}, **settings)
        self.settle(name)
        return str(made["FunctionArn"])

    def settle(self, name: str) -> None:
        def settled() -> bool:
            config = self.lambdas.get_function_configuration(FunctionName=name)
            return bool(config["State"] == "Active" and config["LastUpdateStatus"] == "Successful")

        until(settled)

    def call(self, name: str, event: object = None, qualifier: str = "$LATEST") -> Reply:
        answer = self.lambdas.invoke(FunctionName=name, Payload=json.dumps(event).encode(), LogType="Tail", Qualifier=qualifier)
        log = base64.b64decode(answer.get("LogResult", "")).decode()
        return Reply(json.loads(answer["Payload"].read()), answer.get("FunctionError"), log)

    def events(self, group: str) -> list[str]:
        logs = self.client("logs")
        try:
            return [e["message"] for e in logs.filter_log_events(logGroupName=group)["events"]]
        except logs.exceptions.ResourceNotFoundException:
            return []
