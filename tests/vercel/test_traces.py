"""Spans with OpenTelemetry's real SDK on Vercel, of calls that run at the same time in one instance."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from fakes import parts
from fnctl.build import python as builder
from fnctl_vercel.plugin import Vercel
from runtime.test_otel import PARENT, PYTHON, bundle
from vercel.conftest import Deploy, push
from vercel.output import Output
from vercel.queues import Queues

__all__ = ["bundle"]  # a fixture: the same handler in Node, with the SDK in its bundle

MANIFEST = """
resources: {{ jobs: {{ type: queue }} }}
functions:
  api:
    handler: src/app.{suffix}:handler
    runtime: {runtime}
    interface: function
    tracing: otel
    triggers: [{{ http: "GET /items/{{id}}" }}, {{ http: GET /busy }}]
  worker: {{ handler: "src/app.{suffix}:handler", runtime: {runtime}, tracing: otel, triggers: [{{ queue: jobs }}] }}
"""


@pytest.fixture(scope="session")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """The wheels of the SDK for the Python that runs there."""
    folder = parts.write(tmp_path_factory.mktemp("sdk"), {"api.py": "", "requirements.txt": "opentelemetry-sdk==1.45.2\n"})
    made = parts.service(folder, parts.function("api", "api.py"))
    found = builder.bundle(made, made.functions["api"], Vercel().build_target(made, "api"), parts.cache(folder, folder)).wheels
    return tuple(wheel for wheel in found if not wheel.name.startswith("vercel_runtime"))


@pytest.fixture(params=["python", "node"])
def output(request: pytest.FixtureRequest, deploy: Deploy, broker: Queues) -> Output:
    if request.param == "python":
        text = MANIFEST.format(suffix="py", runtime="python3.13")
        return deploy(text, {"src/app.py": PYTHON}, broker.env, wheels=request.getfixturevalue("sdk"))
    return deploy(MANIFEST.format(suffix="ts", runtime="nodejs22"), {"src/app.ts": request.getfixturevalue("bundle")}, broker.env)


def spans(output: Output, place: str, count: int) -> list[dict[str, Any]]:
    """Wait for spans that are not the handler's own."""
    server, until = output.server(place), time.monotonic() + 5
    while True:
        found = [json.loads(line.removeprefix("SPAN ")) for _, line in server.lines if line.startswith("SPAN ")]
        outer = [span for span in found if span["name"] != "inner"]
        if len(outer) >= count or time.monotonic() > until:
            return outer
        time.sleep(0.01)


def test_requests_at_the_same_time_have_spans_of_their_own(output: Output) -> None:
    output.server("api")
    callers = {f"/items/{n}": f"00-{n:032x}-b7ad6b716920333{n}-01" for n in range(1, 5)}
    calls = [threading.Thread(target=output.ask, args=("GET", path, [("traceparent", caller)])) for path, caller in callers.items()]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    found = spans(output, "api", 4)
    assert {span["attributes"]["url.path"]: (span["trace"], span["parent"]) for span in found} == {
        path: tuple(caller.split("-")[1:3]) for path, caller in callers.items()
    }
    assert {span["name"] for span in found} == {"GET /items/{id}"}
    assert {span["attributes"]["http.response.status_code"] for span in found} == {200}
    assert {line["trace_id"] for line in output.server("api").logs() if line["msg"] == "seen"} == {span["trace"] for span in found}


def test_what_failed_is_marked(output: Output) -> None:
    assert [output.ask("GET", path).status for path in ("/busy", "/items/bad")] == [503, 500]
    busy, bad = spans(output, "api", 2)
    assert (busy["status"], busy["attributes"]["http.response.status_code"]) == ("ERROR", 503)
    assert (bad["status"], bad["events"]) == ("ERROR", ["exception"])


def test_a_message_has_a_span_under_its_sender_s(output: Output) -> None:
    message = push(b'{"n": 1}', more={"traceparent": PARENT})
    assert output.send(**message).status == 200
    (span,) = spans(output, message["function"], 1)
    assert (span["name"], span["kind"], span["trace"], span["parent"]) == ("worker", "CONSUMER", *PARENT.split("-")[1:3])
    assert span["attributes"]["messaging.destination.name"] == "jobs"


ASGI = (
    PYTHON
    + """
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        raise RuntimeError("not mine")
    logging.info("seen")
    if scope["path"] == "/bad":
        raise ValueError("bad")
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b"teapot"})
"""
)


def test_an_application_s_requests_have_spans_too(deploy: Deploy, sdk: tuple[Path, ...]) -> None:
    manifest = 'functions: { api: { handler: "app.py:app", interface: asgi, tracing: otel, triggers: [{ http: "ANY /{path*}" }] } }'
    output = deploy(manifest, {"app.py": ASGI}, wheels=sdk)
    assert [output.ask("GET", path, [("traceparent", PARENT)]).status for path in ("/tea", "/bad")] == [418, 500]
    tea, bad = spans(output, "api", 2)
    assert (tea["name"], tea["parent"], tea["attributes"]["http.response.status_code"]) == ("GET /{path*}", PARENT.split("-")[2], 418)
    assert (bad["status"], bad["events"]) == ("ERROR", ["exception"])
