"""AWS's own checks: what it does not act on yet, and the limits that a deploy would run into."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Literal

from fnctl.diagnostics import Diagnostic
from fnctl.graph import Json
from fnctl.manifest.model import Function, Key, Resource, Service, Trigger
from fnctl.rules.model import Found, Rule, Subject
from fnctl.source import Span
from fnctl_aws.names import resource_address
from fnctl_aws.translate.function import SCRATCH, timeout_of
from fnctl_aws.translate.queue import consumers, visibility_of
from fnctl_aws.translate.schedule import expression, scheduled

NOT_YET = "FN190"
LAMBDA = 'Lambda quotas, "Function configuration", read 2026-11'
SQS = "SQS model 2012-11-05, read 2026-11"
EVENT_SOURCES = "Lambda model 2015-03-31, CreateEventSourceMapping, read 2026-11"

TRIGGERS = frozenset({"http", "schedule", "queue"})
RESOURCES = frozenset({"queue", "table", "bucket"})
INTERFACES: Mapping[str, frozenset[str]] = {
    "python": frozenset({"function", "event", "native", "asgi", "wsgi"}),
    "nodejs": frozenset({"function", "event", "native", "fetch"}),
}
# What is left out must not change in silence who may call, what is encrypted or what is there: those are errors. The rest only costs comfort.
TARGET_WORDS = frozenset({"permissions_boundary", "kms_key", "raw"})
FUNCTION_WORDS = frozenset({"vpc", "kms_key", "policies", "role", "raw"})
FUNCTION_COMFORTS = frozenset({"snap_start"})
RESOURCE_WORDS = frozenset({"kms_key", "name", "raw", "billing", "read_capacity", "write_capacity"})
OPTIONS: Mapping[str, frozenset[str]] = {
    "queue": frozenset({"encryption"}),
    "table": frozenset({"indexes", "changes"}),
    "bucket": frozenset({"cors"}),
}
COMFORTS: Mapping[str, frozenset[str]] = {"table": frozenset({"recovery"}), "bucket": frozenset({"expire"})}

RETENTIONS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
RESERVED = frozenset(
    [
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
        "AWS_LAMBDA_MAX_CONCURRENCY",
    ]
)
RUNTIMES = frozenset({"python3.11", "python3.12", "python3.13", "python3.14", "nodejs22", "nodejs24"})
CLOSED = frozenset({"python3.8", "python3.9", "python3.10", "nodejs14", "nodejs16", "nodejs18", "nodejs20"})
NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]+")
ENVIRONMENT, DESCRIPTION, LAYERS = 4096, 200, 5
Severity = Literal["error", "warning"]


def not_yet(service: Service) -> Iterator[Diagnostic]:
    """Say what the manifest asks for and AWS does not act on yet."""
    for word in sorted(TARGET_WORDS & _said(service.settings)):
        yield _missing(service, f"`targets.aws.{word}`", "targets", "aws", word)
    for word in sorted({"canary", "bake", "alarms"} & _said(service.rollout)):
        yield _missing(service, f"`rollout.{word}`", "rollout", word, severity="warning")
    if service.ttl is not None:
        yield _missing(service, "`ttl`", "ttl", severity="warning")
    for name in service.workflows:
        yield _missing(service, f"the workflow `{name}`", "workflows", name)
    for function in service.functions.values():
        yield from _function_not_yet(service, function)
        for trigger in function.triggers:
            yield from _trigger_not_yet(service, trigger)
    for resource in service.resources.values():
        yield from _resource_not_yet(service, resource)


def _function_not_yet(service: Service, function: Function) -> Iterator[Diagnostic]:
    family = "nodejs" if function.runtime.startswith("nodejs") else "python"
    if function.interface not in INTERFACES[family]:
        yield _missing(service, f"the interface `{function.interface}` in {family}", "functions", function.name, "interface")
    if function.tracing == "otel":
        yield _missing(
            service, "`tracing: otel`", "functions", function.name, "tracing", severity="warning", instead="X-Ray records the calls instead"
        )
    comforts = {
        "retry": function.retry,
        "dead_letter": function.dead_letter,
        "per_instance": function.per_instance,
        "idempotent": function.idempotent,
    }
    for word in sorted(_said(comforts) | (FUNCTION_COMFORTS & _said(function.own))):
        yield _missing(service, f"`{word}`", "functions", function.name, word, severity="warning")
    for word in sorted(FUNCTION_WORDS & _said(function.own)):
        yield _missing(service, f"`targets.aws.{word}`", "functions", function.name, word)


def _trigger_not_yet(service: Service, trigger: Trigger) -> Iterator[Diagnostic]:
    if trigger.kind not in TRIGGERS:
        yield _missing(service, f"a `{trigger.kind}` trigger", *trigger.at)
    if trigger.options.get("auth") not in (None, "none"):
        yield _missing(service, "`auth`", *trigger.at)
    if trigger.options.get("filter"):
        yield _missing(service, "`filter`", *trigger.at)


def _resource_not_yet(service: Service, resource: Resource) -> Iterator[Diagnostic]:
    at = ("resources", resource.name)
    if resource.type not in RESOURCES:
        yield _missing(service, f"a {resource.type}", *at)
        return
    options = _said(resource.options)
    for word in sorted(OPTIONS[resource.type] & options if resource.options.get("encryption") != "platform" else frozenset()):
        yield _missing(service, f"`{word}`", *at, word)
    for word in sorted(COMFORTS.get(resource.type, frozenset()) & options):
        yield _missing(service, f"`{word}`", *at, word, severity="warning")
    for word in sorted(RESOURCE_WORDS & _said(resource.own)):
        yield _missing(service, f"`targets.aws.{word}`", *at, word)


def _said(words: Mapping[str, object]) -> set[str]:
    return {word for word, value in words.items() if value not in (None, False, {}, [], ())}


def _missing(service: Service, what: str, *at: Key, severity: Severity = "error", instead: str | None = None) -> Diagnostic:
    act = "is not acted on by AWS yet"
    return Diagnostic(
        NOT_YET, severity, f"{what} {act}", service.span(*at), help=instead or "leave it out, or keep it for another target", target="aws"
    )


def numbers(service: Service) -> Iterator[Diagnostic]:
    """Check Lambda's sizes. Its models allow more, for managed instances only."""
    for function in service.functions.values():
        scratch = function.own.get("ephemeral_storage", SCRATCH)
        rows = (
            ("AWS101", "timeout", timeout_of(function), 1, 900, "s", "split the work, or run it in a container (Fargate)"),
            ("AWS102", "memory", function.memory or 512, 128, 10_240, "MB", "a whole processor is 1,769 MB"),
            ("AWS103", "ephemeral_storage", int(str(scratch)), 512, 10_240, "MB", "keep larger files in a bucket"),
        )
        for code, word, value, low, high, unit, help_ in rows:
            if not low <= value <= high:
                span = service.span("functions", function.name, word)
                label = f"{value} {unit}, and AWS Lambda allows {low} to {high} {unit}"
                yield _finding(code, f"{word} is outside the platform's limits", span, label=label, note=LAMBDA, help=help_)


def words(service: Service) -> Iterator[Diagnostic]:
    """Check runtimes, environment, description, layers and log retention."""
    for function in service.functions.values():
        at = ("functions", function.name)
        yield from _runtime(service, function)
        yield from _environment(service, function)
        if len(function.description) > DESCRIPTION:
            note = "a version's description has 256 characters, and fnctl marks versions there"
            span = service.span(*at, "description")
            yield _finding("AWS106", "the description is too long", span, label=f"{len(function.description)} of {DESCRIPTION}", note=note)
        if len(function.layers) > LAYERS:
            yield _finding("AWS112", f"a function has at most {LAYERS} layers", service.span(*at, "layers"), note=LAMBDA, help="merge some")
        days = function.logs.retention
        if days is not None and days not in RETENTIONS:
            near = min((abs(days - known), known) for known in RETENTIONS)[1]
            note = f"CloudWatch Logs keeps {', '.join(map(str, RETENTIONS))} days, or for ever (model 2014-03-28, read 2026-11)"
            span = service.span(*at, "logs", "retention")
            yield _finding("AWS109", f"logs cannot be kept for {days} days", span, note=note, help=f"say {near}d")


def _environment(service: Service, function: Function) -> Iterator[Diagnostic]:
    at = ("functions", function.name, "env")
    for name in sorted(function.env):
        if name in RESERVED:
            yield _finding("AWS104", f"the environment name {name} belongs to Lambda", service.span(*at, name), note=LAMBDA, help="use another name")
        elif not NAME.fullmatch(name):
            note = f"two characters or more, the first one a letter ({LAMBDA})"
            yield _finding("AWS104", f"Lambda does not take the environment name {name}", service.span(*at, name), note=note, help="use another name")
    size = sum(len(key.encode()) + len(value.encode()) for key, value in function.env.items())
    if size > ENVIRONMENT:
        label = f"{size} bytes of {ENVIRONMENT}"
        yield _finding("AWS104", "the environment is too large", service.span(*at), label=label, note=LAMBDA, help="keep it in a bucket")


def _runtime(service: Service, function: Function) -> Iterator[Diagnostic]:
    span = service.span("functions", function.name, "runtime")
    help_ = "use python3.13 or nodejs24"
    if function.runtime in CLOSED:
        note = "Lambda runtimes, read 2026-11: AWS has ended or is about to end creating and updating functions of this runtime"
        yield _finding("AWS105", f"{function.runtime} is no longer supported by AWS", span, note=note, help=help_)
    elif function.runtime not in RUNTIMES:
        note = f"known: {', '.join(sorted(RUNTIMES))} (Lambda runtimes, read 2026-11)"
        yield _finding("AWS105", f"{function.runtime} is no runtime of AWS that fnctl knows", span, severity="warning", note=note, help=help_)


def queues(service: Service) -> Iterator[Diagnostic]:
    """Check queues and who listens to them."""
    for resource in service.resources.values():
        if resource.type == "queue":
            yield from _queue(service, resource)
            for function, trigger in consumers(service, resource.name):
                yield from _consumer(service, resource, function, trigger)


QUEUE_RANGES: Mapping[str, tuple[int, int]] = {"visibility": (0, 43_200), "retention": (60, 1_209_600), "delay": (0, 900)}


def _queue(service: Service, resource: Resource) -> Iterator[Diagnostic]:
    for word, (low, high) in QUEUE_RANGES.items():
        value = resource.options.get(word)
        if value is not None and not low <= _int(value) <= high:
            span = service.span("resources", resource.name, word)
            label = f"{_int(value)} s, and SQS allows {low} to {high} s"
            yield _finding("AWS113", f"{word} is outside the platform's limits", span, label=label, note=SQS)


def _consumer(service: Service, resource: Resource, function: Function, trigger: Trigger) -> Iterator[Diagnostic]:
    hidden, timeout = visibility_of(service, resource), timeout_of(function)
    if not resource.existing and hidden < timeout:
        span = service.span("resources", resource.name, "visibility")
        label = f"{hidden} s, and {function.name} may work for {timeout} s"
        help_ = f"raise `visibility` to {6 * timeout}s, six times the timeout, or leave it out"
        note = f"AWS refuses the trigger ({EVENT_SOURCES})"
        yield _finding(
            "AWS107", f"{resource_address(resource)} shows a message again while it is worked on", span, label=label, note=note, help=help_
        )
    options, span = trigger.options, service.span(*trigger.at)
    said = options.get("batch")
    batch = _int(said) if said not in (None, "whole") else 10
    most = 10 if resource.options.get("fifo") else 10_000
    if not 1 <= batch <= most:
        yield _finding("AWS111", f"a batch of {batch} is not possible", span, note=f"1 to {most} ({EVENT_SOURCES})")
    window = options.get("window")
    if window is not None and (_int(window) > 300 or (batch > 10 and _int(window) < 1)):
        yield _finding(
            "AWS111", f"a window of {_int(window)} s is not possible", span, note=f"0 to 300 s, and 1 or more above a batch of 10 ({EVENT_SOURCES})"
        )
    limit = options.get("max_concurrency")
    if limit is not None and not 2 <= _int(limit) <= 1000:
        yield _finding("AWS111", f"max_concurrency of {_int(limit)} is not possible", span, note=f"2 to 1000 ({EVENT_SOURCES})")


def schedules(service: Service) -> Iterator[Diagnostic]:
    """Check that Scheduler has words for every schedule."""
    for _, trigger in scheduled(service):
        try:
            expression(trigger)
        except ValueError as error:
            help_ = "use two triggers, one for each"
            note = "EventBridge Scheduler takes a day of the month or a weekday, not both (User Guide, Schedule types, read 2026-11)"
            yield _finding("AWS110", f"EventBridge Scheduler cannot say {error}", service.span(*trigger.at), note=note, help=help_)


def _int(value: Json) -> int:
    return int(str(value))


def _finding(
    code: str,
    message: str,
    span: Span | None,
    *,
    severity: Severity = "error",
    label: str | None = None,
    note: str = "",
    help: str | None = None,  # the word that every diagnostic uses
) -> Diagnostic:
    return Diagnostic(code, severity, message, span, label=label, notes=(note,) if note else (), help=help, target="aws")


def _rule(code: str, check: Callable[[Service], Iterator[Diagnostic]]) -> Rule:
    def found(subject: Subject) -> Iterator[Found]:
        for d in check(subject.service):
            if d.code == code:
                yield Found(d.message, d.span, d.label, d.notes, d.help, d.severity)

    return Rule(code, "error", code.lower(), found, check.__doc__ or "", frozenset(["aws"]))


RULES: tuple[Rule, ...] = (
    _rule(NOT_YET, not_yet),
    *(_rule(code, numbers) for code in ("AWS101", "AWS102", "AWS103")),
    *(_rule(code, words) for code in ("AWS104", "AWS105", "AWS106", "AWS109", "AWS112")),
    *(_rule(code, queues) for code in ("AWS107", "AWS111", "AWS113")),
    _rule("AWS110", schedules),
)
