"""Spans through OpenTelemetry's API, one a call, where the manifest says `tracing: otel`. Nothing else imports this module.

The API does nothing until an SDK is set up, which is the author's part or a layer's. Attribute names: OpenTelemetry semantic conventions 1.37 for
FaaS, HTTP and CloudEvents.
"""

from __future__ import annotations

from contextlib import contextmanager

from opentelemetry import trace as api
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from fnctl_runtime.invocation import call, current, trace, trace_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from typing import Any

    from fnctl_runtime.event import Event
    from fnctl_runtime.http import Request, Response
    from fnctl_runtime.task import TaskContext

_TRIGGERS = {"bucket": "datasource", "table": "datasource", "schedule": "timer", "invoke": "other"}
_OPERATIONS = {"created": "insert", "insert": "insert", "modify": "edit", "changed": "edit", "deleted": "delete", "remove": "delete"}
_FLUSH_MILLISECONDS = 3000
_W3C = TraceContextTextMapPropagator()
_cold = True


def events(handler: Callable[[Any], Any], config: Mapping[str, Any]) -> Callable[[Any], Any]:
    """Wrap an event handler: a span for each event, and one with links for a whole batch."""

    def run(subject: Any) -> Any:
        with consuming(subject, config):
            return call(handler, subject)

    return run


def consuming(subject: Any, config: Mapping[str, Any]) -> AbstractContextManager[api.Span]:
    """Open the span of an event, or of a batch, for as long as the block lasts."""
    batch = isinstance(subject, list)
    about = {"faas.trigger": "pubsub", "messaging.batch.message_count": len(subject)} if batch else event_attributes(subject)
    links = [link for event in subject if (link := _link(event))] if batch else ()
    return _span(config["function"], api.SpanKind.CONSUMER, about, links)


def tasks(handler: Callable[[Any, Any], Any], config: Mapping[str, Any]) -> Callable[[Any, TaskContext], Any]:
    """Wrap a task's handler: a span for each attempt at a step."""

    def run(given: Any, context: TaskContext) -> Any:
        with stepping(context, config):
            return call(handler, given, context)

    return run


def stepping(context: TaskContext, config: Mapping[str, Any]) -> AbstractContextManager[api.Span]:
    """Open the span of an attempt at a step for as long as the block lasts."""
    about = {"faas.trigger": "other", "fnctl.run": context.run, "fnctl.step": context.step, "fnctl.key": context.key}
    return _span(config["function"], api.SpanKind.SERVER, {**about, "fnctl.attempt": context.attempt})


def requests(respond: Callable[[Request, Any], Response], route: Callable[[Request], str | None]) -> Callable[[Request, Any], Response]:
    """Wrap what answers requests; `route` says which of the manifest's paths a request came by, None where that is not known."""

    def run(request: Request, native: Any) -> Response:
        with serving(request, route(request)) as span:
            response = respond(request, native)
            answered(span, response.status)
            return response

    return run


def serving(request: Request, path: str | None) -> AbstractContextManager[api.Span]:
    """Open the span of a request for as long as the block lasts; `path` is the manifest's, None where it is not known."""
    name = f"{request.method} {path}" if path else request.method
    return _span(name, api.SpanKind.SERVER, _request_attributes(request, path))


def answered(span: api.Span, status: int) -> None:
    """Note how a request was answered."""
    span.set_attribute("http.response.status_code", status)
    if status >= 500:
        span.set_status(api.StatusCode.ERROR)


def flushing(handle: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Wrap the platform's function where the platform freezes the process after it: spans leave before that."""

    def run(native: Any, context: Any) -> Any:
        try:
            return handle(native, context)
        finally:
            flush()

    return run


def flush() -> None:
    """Send what spans there are."""
    send = getattr(api.get_tracer_provider(), "force_flush", None)
    if send is not None:
        send(_FLUSH_MILLISECONDS)


@contextmanager
def _span(name: str, kind: api.SpanKind, about: Mapping[str, Any], links: Sequence[api.Link] = ()) -> Iterator[api.Span]:
    global _cold
    running = current()
    parent = _W3C.extract({key: value for key, value in trace().items() if key != "x-correlation-id"})
    known = {key: value for key, value in about.items() if value is not None}
    facts = {"faas.invocation_id": running.request_id if running else "", "faas.coldstart": _cold, **known}
    _cold = False
    tracer = api.get_tracer("fnctl_runtime")
    with tracer.start_as_current_span(name, context=parent, kind=kind, attributes=facts, links=links) as span:
        if running is not None and span.is_recording():  # logs, and what the handler sends on, belong to our span from here
            carrier: dict[str, str] = {}
            _W3C.inject(carrier)
            running.traceparent = carrier["traceparent"]
            running.trace_id = trace_id(running.traceparent)
        yield span


def _link(event: Event) -> api.Link | None:
    context = api.get_current_span(_W3C.extract({"traceparent": str(event.extensions.get("traceparent") or "")})).get_span_context()
    return api.Link(context) if context.is_valid else None


def event_attributes(event: Event) -> dict[str, Any]:
    """Describe an event. The trigger's kind is in the type where the type is ours, else it came over a bus or as somebody's CloudEvent."""
    kind = event.type.removeprefix("fnctl.").partition(".")[0] if event.type.startswith("fnctl.") else ""
    about = {
        "faas.trigger": _TRIGGERS.get(kind, "pubsub"),
        "cloudevents.event_id": event.id,
        "cloudevents.event_source": event.source,
        "cloudevents.event_type": event.type,
        "cloudevents.event_subject": event.subject,
    }
    if kind in ("bucket", "table"):
        change = event.data["change"] if kind == "table" else event.type.rpartition(".")[2]
        home = event.data["bucket"] if kind == "bucket" else event.source.rpartition("/")[2]
        document = {"collection": home, "operation": _OPERATIONS.get(change), "name": event.subject, "time": event.time}
        about |= {f"faas.document.{name}": value for name, value in document.items()}
    elif kind == "schedule":
        about["faas.time"] = event.time
    elif kind != "invoke":
        about |= {"messaging.destination.name": event.source.rpartition("/")[2], "messaging.operation.type": "process"}
    return about


def _request_attributes(request: Request, route: str | None) -> dict[str, Any]:
    return {
        "faas.trigger": "http",
        "http.request.method": request.method,
        "http.route": route,
        "url.path": request.path,
        "url.scheme": request.scheme,
        "server.address": request.headers.get("host"),
        "client.address": request.client or None,
        "user_agent.original": request.headers.get("user-agent"),
    }
