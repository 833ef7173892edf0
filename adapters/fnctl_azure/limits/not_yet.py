"""What a manifest asks for and Azure does not act on yet: an error where leaving it out would be unsafe, a warning where it costs comfort."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias

from fnctl.manifest.model import Function, Key, Resource, Service
from fnctl.rules.model import Found, Rule, Subject, rule
from fnctl_azure.limits.plans import plan_of

LATER = frozenset({"dedicated"})
"""Plans that are checked and built for."""

Softer: TypeAlias = Literal["warning"]


@rule("FN190", "error", "azure", fixed=True, alike=True)
def not_acted_on_yet(subject: Subject) -> Iterator[Found]:
    """Say what the manifest asks for and fnctl does not act on yet on that target. Its page is that of the AWS adapter's rule of this code."""
    yield from _of_service(subject)
    for function in subject.service.functions.values():
        yield from _of_function(subject, function)
    for resource in subject.service.resources.values():
        yield from _of_resource(subject.service, resource)


def _of_service(subject: Subject) -> Iterator[Found]:
    service = subject.service
    if _says(service.settings, "raw"):
        yield _missing(service, "`targets.azure.raw`", "targets", "azure", "raw")
    if service.rollout.get("alarms"):
        yield _missing(service, "`rollout.alarms`", "rollout", "alarms", severity="warning")
    if service.ttl is not None:
        yield _missing(service, "`ttl`", "ttl", severity="warning")
    for name in service.joined:
        yield _missing(service, f"the workflow `{name}`", "workflows", name)


def _of_resource(service: Service, resource: Resource) -> Iterator[Found]:
    if _says(resource.own, "raw"):
        yield _missing(service, "`targets.azure.raw`", "resources", resource.name, "raw")
    if resource.options.get("encryption") == "key":
        yield _missing(service, "`encryption: key`", "resources", resource.name, "encryption")


def _of_function(subject: Subject, function: Function) -> Iterator[Found]:
    service, at = subject.service, ("functions", function.name)
    if (plan := plan_of(subject, function)) in LATER:
        where = (*at, "plan") if function.own.get("plan") else ("targets", "azure", "plan")
        yield _missing(service, f"the plan `{plan}`", *where)
    if _says(function.own, "raw"):
        yield _missing(service, "`targets.azure.raw`", *at, "raw")


def _says(words: Mapping[str, object], word: str) -> bool:
    return words.get(word) not in (None, False, {}, [], ())


def _missing(service: Service, what: str, *at: Key, severity: Softer | None = None) -> Found:
    help = "leave it out, or keep it for another target"
    return Found(f"{what} is not acted on by Azure yet", service.span(*at), help=help, severity=severity)


RULES: tuple[Rule, ...] = (not_acted_on_yet,)
