"""What a manifest asks for and AWS does not act on yet: an error where leaving it out would be unsafe, a warning where it costs comfort."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias

from fnctl.manifest.model import Function, Key, Resource, Service, Trigger
from fnctl.rules.model import Found, Rule, Subject, rule

TRIGGERS = frozenset({"http", "schedule", "queue"})
RESOURCES = frozenset({"queue", "table", "bucket"})
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

Softer: TypeAlias = Literal["warning"]


@rule("FN190", "error", "aws", fixed=True, alike=True)
def not_acted_on_yet(subject: Subject) -> Iterator[Found]:
    """Say what the manifest asks for and fnctl does not act on yet, on the target that it names.

    Why: What is asked for and not done must not be silent: a deploy would seem to have kept it. Where leaving it out changes who may call, what is
    encrypted or what is there, the finding is an error; where it costs comfort, a warning.

    Example:
      functions:
        api: { handler: "api.py:app", targets: { aws: { role: "arn:aws:iam::123456789012:role/api" } } }

    Use instead:
      functions:
        api: { handler: "api.py:app" }

    Sources: docs/platforms/aws.md, docs/platforms/azure.md, docs/platforms/vercel.md
    """
    service = subject.service
    for word in sorted(TARGET_WORDS & _said(service.settings)):
        yield _missing(service, f"`targets.aws.{word}`", "targets", "aws", word)
    for word in sorted({"canary", "bake", "alarms"} & _said(service.rollout)):
        yield _missing(service, f"`rollout.{word}`", "rollout", word, severity="warning")
    if service.ttl is not None:
        yield _missing(service, "`ttl`", "ttl", severity="warning")
    for name in service.joined:
        yield _missing(service, f"the workflow `{name}`", "workflows", name)
    for function in service.functions.values():
        yield from _function_not_yet(service, function)
        for trigger in function.triggers:
            yield from _trigger_not_yet(service, trigger)
    for resource in service.resources.values():
        yield from _resource_not_yet(service, resource)


def _function_not_yet(service: Service, function: Function) -> Iterator[Found]:
    comforts = {
        "retry": function.retry,
        "dead_letter": function.dead_letter,
        "per_instance": function.per_instance,
    }
    for word in sorted(_said(comforts) | (FUNCTION_COMFORTS & _said(function.own))):
        yield _missing(service, f"`{word}`", "functions", function.name, word, severity="warning")
    for word in sorted(FUNCTION_WORDS & _said(function.own)):
        yield _missing(service, f"`targets.aws.{word}`", "functions", function.name, word)


def _trigger_not_yet(service: Service, trigger: Trigger) -> Iterator[Found]:
    if trigger.kind not in TRIGGERS:
        yield _missing(service, f"a `{trigger.kind}` trigger", *trigger.at)
    if trigger.options.get("auth") not in (None, "none"):
        yield _missing(service, "`auth`", *trigger.at)
    if trigger.options.get("filter"):
        yield _missing(service, "`filter`", *trigger.at)


def _resource_not_yet(service: Service, resource: Resource) -> Iterator[Found]:
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


def _missing(service: Service, what: str, *at: Key, severity: Softer | None = None) -> Found:
    help = "leave it out, or keep it for another target"
    return Found(f"{what} is not acted on by AWS yet", service.span(*at), help=help, severity=severity)


RULES: tuple[Rule, ...] = (not_acted_on_yet,)
