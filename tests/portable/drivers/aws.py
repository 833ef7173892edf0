"""AWS: the archive in awslambdaric or aws-lambda-ric under a Runtime API on loopback, behind what an HTTP API does to requests and answers."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from fnctl.build import interpreters
from fnctl.build.interpreters import Interpreter
from fnctl.standins.serving import write_json
from fnctl_aws.payloads import best_route, route_parameters
from fnctl_aws.standin import parts
from fnctl_aws.standin.environment import Environment, Outcome
from fnctl_aws.standin.layout import Function, Machine, setup
from fnctl_aws.standin.runtime_api import Invocation
from portable.drivers import Answer, Built, Delivery, Question

PYTHON, NODE = "3.13", "22"
HANDLERS = {"python": "_fnctl_aws.handler", "nodejs": "_fnctl.handler"}
ACCOUNT, REGION, HOST = "123456789012", "eu-west-1", "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com"
URL_HOST = "a1b2c3d4e5f6g7h8i9j0.lambda-url.eu-west-1.on.aws"
TEXTS = ("text/", "application/json", "application/javascript", "application/xml")
"""What an HTTP API hands over as text; every other body comes in base64."""
SECONDS = 30.0


class Aws:
    """AWS Lambda."""

    target = "aws"
    clients: Mapping[str, str] = {"python": "awslambdaric", "nodejs": "aws-lambda-ric"}

    def missing(self) -> str | None:
        """Wheels are for one Python, so that very one has to run them; a bundle runs on any Node."""
        return None if _python() else f"no Python {PYTHON} interpreter"

    @contextmanager
    def open(self, built: Built, place: Path) -> Iterator[Lambdas]:
        """Give an environment to each function when it is first called."""
        running = Lambdas(built, _machine(place))
        try:
            yield running
        finally:
            running.close()


class Lambdas:
    """The functions' environments."""

    def __init__(self, built: Built, machine: Machine) -> None:
        self.urls = Urls(built, self)
        self._built = built
        self._machine = machine
        self._environments: dict[str, tuple[Environment, list[str]]] = {}

    def ask(self, function: str, question: Question) -> Answer:
        """Go through an HTTP API."""
        return self.answer(function, _request(self._built, function, question), question.method)

    def answer(self, function: str, payload: Any, method: str) -> Answer:
        """Call with a payload of format 2.0."""
        outcome = self._invoke(function, payload)
        assert not outcome.error, outcome.body
        return _response(json.loads(outcome.body), method)

    def deliver(self, function: str, native: Any) -> Delivery:
        """Invoke as an event source or a service does. A function's error is told as its type alone: the message is the author's."""
        _, lines = self._environment(function)
        lines.clear()
        outcome = self._invoke(function, native)
        told = json.loads(outcome.body or b"null")
        return Delivery({"error": told["errorType"]} if outcome.error else told, tuple(lines))

    def close(self) -> None:
        """End the processes."""
        for environment, _ in self._environments.values():
            environment.close()

    def _invoke(self, function: str, payload: Any) -> Outcome:
        environment, _ = self._environment(function)
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:portable-dev-{function}:live"
        trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
        outcome = environment.invoke(Invocation(str(uuid.uuid4()), json.dumps(payload).encode(), arn, trace, SECONDS))
        if not outcome.alive:  # the next call meets a new one, as on Lambda
            del self._environments[function]
        return outcome

    def _environment(self, function: str) -> tuple[Environment, list[str]]:
        if function not in self._environments:
            lines: list[str] = []
            how, _ = setup(self._function(function), self._machine)
            environment = Environment(how, lambda _time, line: lines.append(line))
            self._environments[function] = environment, lines
            failed = environment.init()
            assert failed is None, (failed, lines)
        return self._environments[function]

    def _function(self, name: str) -> Function:
        runtime = self._built.service.functions[name].runtime
        config = {
            "FunctionName": f"portable-dev-{name}",
            "Handler": HANDLERS[self._built.family(name)],
            "Runtime": f"{runtime}.x" if runtime.startswith("nodejs") else runtime,
            "Timeout": SECONDS,
            "LoggingConfig": {"LogFormat": "JSON"},
        }
        return Function(config, ACCOUNT, REGION, self._built.artifacts[name].read_bytes(), ())


class Urls:
    """The same functions, each behind its function URL: the path is as it was sent, and there are no routes."""

    def __init__(self, built: Built, behind: Lambdas) -> None:
        self._built = built
        self._behind = behind

    def ask(self, function: str, question: Question) -> Answer:
        """Go through the function's URL."""
        native = _request(self._built, function, question)
        native.pop("pathParameters", None)
        path = question.path.partition("?")[0]
        context = native["requestContext"] | {"domainName": URL_HOST, "http": {**native["requestContext"]["http"], "path": path}}
        headers = native["headers"] | {"host": URL_HOST}
        payload = native | {"routeKey": "$default", "rawPath": path, "headers": headers, "requestContext": context}
        return self._behind.answer(function, payload, question.method)

    def deliver(self, function: str, native: Any) -> Delivery:
        """Hand over an event: a function URL has no part in that."""
        return self._behind.deliver(function, native)


def _python() -> Interpreter | None:
    found = interpreters.find(PYTHON, os.environ)
    return found if found is not None and found.exact else None


def _machine(place: Path) -> Machine:
    python, node = _python(), interpreters.find_node(NODE, os.environ)
    assert python is not None
    assert node is not None
    client = parts.functions(python, os.environ, lambda _sentence: None)
    write_json(place / "runtimes" / "python.json", [str(client), "-m", "awslambdaric"])
    write_json(place / "runtimes" / "nodejs.json", [str(node.path), str(parts.node_client(os.environ, lambda _sentence: None))])
    return Machine(place / "data", "http://127.0.0.1:9", place / "runtimes")


def _request(built: Built, function: str, question: Question) -> dict[str, Any]:
    """Make the payload of format 2.0.

    API Gateway developer guide, "AWS Lambda proxy integrations for HTTP APIs": names in lower case, repeats joined with commas, cookies apart, the
    path decoded but for `%25`.
    """
    raw, _, query = question.path.partition("?")
    path = unquote(raw.replace("%25", "%2525"))
    headers: dict[str, str] = {"host": HOST, "x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.1", "content-length": str(len(question.body))}
    for name, value in ((n.lower(), v) for n, v in question.headers if n.lower() != "cookie"):
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    http = {"method": question.method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "test"}
    routes = [f"{t.options['method']} {str(t.options['path']).replace('*}', '+}')}" for t in built.service.functions[function].triggers]
    route = best_route(routes, question.method, path)
    event = {
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {"accountId": ACCOUNT, "domainName": HOST, "http": http, "requestId": "JKJaXmPLvHcESHA=", "stage": "$default"},
        "isBase64Encoded": False,
    }
    cookies = [part for name, value in question.headers if name.lower() == "cookie" for part in value.split("; ")]
    many: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        many.setdefault(name, []).append(value)
    optional = {
        "cookies": cookies,
        "queryStringParameters": {name: ",".join(values) for name, values in many.items()},
        "pathParameters": route_parameters(route, path),
    }
    return event | {name: value for name, value in optional.items() if value} | _body(question.body, headers.get("content-type", ""))


def _body(body: bytes, media: str) -> dict[str, Any]:
    if not body:
        return {}
    if media.startswith(TEXTS):
        with contextlib.suppress(UnicodeDecodeError):
            return {"body": body.decode()}
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def _response(native: dict[str, Any], method: str) -> Answer:
    body = base64.b64decode(native["body"]) if native.get("isBase64Encoded") else native.get("body", "").encode()
    cookies = [("set-cookie", value) for value in native.get("cookies", ())]
    headers = [(name.lower(), value) for name, value in native.get("headers", {}).items()]
    return Answer(native["statusCode"], [*headers, *cookies], b"" if method == "HEAD" else body)


DRIVER = Aws()
