"""Spans with OpenTelemetry's real SDK and its exporter in memory, through the whole shim, in both languages."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runtime.lambdas import HERE, Lambda, Outcome, node, python, stored

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
LANGUAGES = ("python", "node")
PYTHON = """
import asyncio, json, logging
from fnctl_runtime import trace as outgoing
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

class Printer(SpanExporter):
    def export(self, spans):
        for span in spans:
            ids = {"id": format(span.context.span_id, "016x"), "trace": format(span.context.trace_id, "032x")}
            parent = format(span.parent.span_id, "016x") if span.parent else None
            about = {"name": span.name, "kind": span.kind.name, "parent": parent, "status": span.status.status_code.name}
            about |= {"attributes": dict(span.attributes)}
            about |= {"events": [event.name for event in span.events], "links": [format(link.context.span_id, "016x") for link in span.links]}
            print("SPAN " + json.dumps(ids | about))
        return SpanExportResult.SUCCESS

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(Printer(), schedule_delay_millis=60_000))  # only a flush brings it out
trace.set_tracer_provider(provider)

async def handler(given, context=None):
    with trace.get_tracer("own").start_as_current_span("inner"):
        await asyncio.sleep(0)
    logging.info("seen")
    print("OUT " + json.dumps(outgoing()))
    if "bad" in json.dumps(getattr(given, "path", None) or getattr(given, "data", None) or str(given)):
        raise ValueError("bad")
    return (503, {}) if getattr(given, "path", "") == "/busy" else {"ok": True}
"""
NODE = """
import * as api from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";

const KINDS = ["INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];
const STATUS = ["UNSET", "OK", "ERROR"];
const printer = {
  export(spans, done) {
    for (const span of spans) {
      const { spanId: id, traceId: trace } = span.spanContext();
      const about = { name: span.name, kind: KINDS[span.kind], parent: (span.parentSpanContext?.spanId ?? span.parentSpanId) ?? null };
      const events = span.events.map((event) => event.name);
      const links = span.links.map((link) => link.context.spanId);
      console.log("SPAN " + JSON.stringify({ id, trace, ...about, status: STATUS[span.status.code], attributes: span.attributes, events, links }));
    }
    done({ code: 0 });
  },
  async shutdown() {},
};
api.trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(printer, { scheduledDelayMillis: 60_000 })] }));
api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

export async function handler(given, context) {
  await api.trace.getTracer("own").startActiveSpan("inner", async (span) => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    span.end();
  });
  console.info("seen");
  console.log("OUT " + JSON.stringify(context.trace()));
  if (JSON.stringify(given.path ?? given.data ?? given).includes("bad")) throw new RangeError("bad");
  return given.path === "/busy" ? new Response("", { status: 503 }) : { ok: true };
}
export * as fnctl_otel from "@opentelemetry/api";
"""


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The Node handler with the SDK bundled into it, as `fnctl build` does it."""
    from fakes import parts
    from fnctl.build import esbuild, tools

    folder = tmp_path_factory.mktemp("otel")
    packages = ("@opentelemetry/api@1", "@opentelemetry/sdk-trace-base@2", "@opentelemetry/context-async-hooks@2")
    npm = tools.npm(parts.cache(folder, folder).environ)
    assert npm, "scripts/setup asks for npm"
    (folder / "package.json").write_text("{}")
    subprocess.run(
        [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", *packages], cwd=folder, check=True, capture_output=True, timeout=300
    )
    (folder / "app.mjs").write_text(NODE)
    binary = esbuild.binary(folder, "app.mjs", parts.cache(folder, folder))
    words = ("--bundle", "--format=esm", "--platform=node", "--external:node:*", "--log-level=error")
    done = subprocess.run([binary, "app.mjs", *words], cwd=folder, check=True, capture_output=True, text=True, timeout=60)
    return "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);\n" + done.stdout


@pytest.fixture
def made(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[..., Lambda]:
    def make(language: str, interface: str, **options: Any) -> Lambda:
        options = {"tracing": "otel", **options}
        if language == "python":
            return python(tmp_path, interface, {"src/app.py": PYTHON}, **options)
        return node(tmp_path, interface, request.getfixturevalue("bundle"), **options)

    return make


def call(made: Lambda, language: str, *events: Any) -> Outcome:
    return made.call(*events, interpreter=(sys.executable, "-W", "error") if language == "python" else None)


def said(outcome: Outcome, word: str) -> list[dict[str, Any]]:
    return [json.loads(line.removeprefix(word + " ")) for line in outcome.lines if line.startswith(word + " ")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_request_has_a_span_under_its_callers(made: Callable[..., Lambda], language: str) -> None:
    request = json.loads((HERE / "requests" / "http-api.json").read_text())["event"]
    traced = {**request, "headers": {**request["headers"], "traceparent": PARENT, "tracestate": "a=1"}}
    busy, bad = ({**request, "rawPath": path} for path in ("/busy", "/bad"))
    outcome = call(made(language, "function", triggers=()), language, traced, busy, bad)
    spans = said(outcome, "SPAN")
    assert [span["name"] for span in spans[::2]] == ["inner"] * 3
    first, second, third = spans[1::2]
    assert (first["trace"], first["parent"], first["kind"], first["status"]) == (*PARENT.split("-")[1:3], "SERVER", "UNSET")
    assert spans[0]["parent"] == first["id"]
    method, _, route = request["routeKey"].partition(" ")
    assert first["name"] == request["routeKey"]
    assert first["attributes"].items() >= {"http.request.method": method, "http.route": route, "http.response.status_code": 200}.items()
    assert first["attributes"].items() >= {"faas.trigger": "http", "faas.coldstart": True, "faas.invocation_id": "request-1"}.items()
    assert first["attributes"]["url.path"] == request["rawPath"].removeprefix("/dev")
    assert (second["status"], second["attributes"]["http.response.status_code"], second["attributes"]["faas.coldstart"]) == ("ERROR", 503, False)
    assert (third["status"], third["events"]) == ("ERROR", ["exception"])
    assert second["parent"] is None
    on = said(outcome, "OUT")
    assert on[0] == {"traceparent": f"00-{first['trace']}-{first['id']}-01", "tracestate": "a=1"}
    assert on[1]["traceparent"][:-3] == f"00-{second['trace']}-{second['id']}"
    assert [line["trace_id"] for line in outcome.logs if line["msg"] == "seen"] == [first["trace"], second["trace"], third["trace"]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_event_has_a_span_under_its_senders(made: Callable[..., Lambda], language: str) -> None:
    names = ("queue", "bucket", "table", "schedule", "bus-cloudevent")
    outcome = call(made(language, "event"), language, *(stored(name)["event"] for name in names))
    spans = [span for span in said(outcome, "SPAN") if span["name"] != "inner"]
    events = [event for name in names for event in stored(name)["expected"]]
    assert len(spans) == len(events)
    for span, event in zip(spans, events, strict=True):
        about = span["attributes"]
        assert (span["name"], span["kind"]) == ("sink", "CONSUMER")
        assert about["cloudevents.event_id"] == event["id"]
        assert about["cloudevents.event_type"] == event["type"]
        assert span["parent"] == (PARENT.split("-")[2] if "traceparent" in event["extensions"] else None)
    by_type = {event["type"]: span["attributes"] for span, event in zip(spans, events, strict=True)}
    assert by_type["fnctl.queue.message"].items() >= {"faas.trigger": "pubsub", "messaging.destination.name": "jobs"}.items()
    created = by_type["fnctl.bucket.created"]
    assert (created["faas.trigger"], created["faas.document.operation"]) == ("datasource", "insert")
    assert created["faas.document.collection"].startswith("orders-dev-uploads")
    assert by_type["fnctl.table.changed"]["faas.document.operation"] == "edit"
    assert by_type["fnctl.schedule"].items() >= {"faas.trigger": "timer", "faas.time": events[-2]["time"]}.items()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_whole_batch_has_one_span_with_links(made: Callable[..., Lambda], language: str) -> None:
    from fnctl.manifest.model import Trigger

    triggers = (Trigger("queue", "jobs", "jobs", {"batch": "whole"}, ()),)
    outcome = call(made(language, "event", triggers=triggers), language, stored("queue-traced")["event"])
    (span,) = [span for span in said(outcome, "SPAN") if span["name"] == "sink"]
    assert span["attributes"]["messaging.batch.message_count"] == 4
    assert span["links"] == ["b7ad6b7169203331", "53995c3f42cd8ad8", "b7ad6b7169203331"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_step_has_a_span_for_each_attempt(made: Callable[..., Lambda], language: str) -> None:
    step = {"run": "r", "step": "pay", "key": "r/pay", "attempt": 1, "compensation": False}
    outcome = call(made(language, "task", triggers=()), language, {"fnctl": step, "input": 1}, {"fnctl": step, "input": "bad"})
    first, second = (span for span in said(outcome, "SPAN") if span["name"] == "sink")
    assert first["attributes"].items() >= {"fnctl.run": "r", "fnctl.step": "pay", "fnctl.key": "r/pay", "fnctl.attempt": 2}.items()
    assert (first["status"], second["status"], second["events"]) == ("UNSET", "ERROR", ["exception"])


def test_without_the_api_there_are_no_spans_and_a_line_says_so(tmp_path: Path) -> None:
    made = python(tmp_path, "event", {"src/app.py": "def handler(event):\n    return 'ran'\n"}, tracing="otel")
    outcome = made.call({})
    assert outcome.answers == ["ran"]
    assert outcome.logs[0]["msg"].startswith("no spans: `tracing: otel` needs opentelemetry-api: ")


def test_nothing_of_it_is_loaded_when_it_is_off(tmp_path: Path) -> None:
    text = "import sys\ndef handler(event):\n    return sorted(name for name in sys.modules if 'otel' in name or 'opentelemetry' in name)\n"
    made = python(tmp_path, "event", {"src/app.py": text})
    assert call(made, "python", {}).answers == [[]]
