"""What is in the one deployment of a service, an address each: so that a plan says which function changes, and not only that something does."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator, Mapping

from fnctl.graph import Address, Artifact, Json, Node, Ref, Value
from fnctl.manifest.model import Function, Service, Trigger
from fnctl_vercel.output.functions import configuration, consumer
from fnctl_vercel.output.places import Place, crons, door, is_on, is_private, is_zoned, places
from fnctl_vercel.output.routes import pattern
from fnctl_vercel.output.schedules import expression

SHORT = 16


def members(service: Service, artifact: Artifact, deployment: Address) -> Iterator[Node]:
    """Yield functions and their triggers."""
    contents = _contents(artifact)
    stands: dict[str, list[Place]] = {}
    for place in places(service):
        stands.setdefault(place.function.name, []).append(place)
    for function in service.functions.values():
        found = stands.get(function.name, [])
        yield _function(service, function, found, contents or artifact.sha256, deployment)
        for trigger in function.triggers:
            if is_on(function, trigger):
                yield _trigger(service, function, trigger, deployment)


def _function(service: Service, function: Function, found: list[Place], contents: Mapping[str, str] | str, deployment: Address) -> Node:
    address = Address(f"function/{function.name}")
    folders = tuple(place.folder for place in found)
    own = contents if isinstance(contents, str) else [[name, crc] for name, crc in contents.items() if name.startswith(folders)]
    digest = _digest([own, *[configuration(service, place, "") for place in found]])
    props: dict[str, Value] = {
        "digest": digest,
        "deployed": Ref(deployment, address),
        "runtime": function.runtime,
        "paths": [pattern(str(trigger.options["path"])) for trigger in function.triggers if trigger.kind == "http"],
        "crons": {path: trigger.key for path, trigger in crons(function).items()},
        "door": door(function),
        "topics": {f"{trigger.kind}/{trigger.key}": trigger.resource for trigger in function.triggers if trigger.kind in ("queue", "topic")},
    }
    return Node(address, "vercel.function", function.name, props, frozenset({deployment}), span=service.span("functions", function.name))


def _trigger(service: Service, function: Function, trigger: Trigger, deployment: Address) -> Node:
    address = Address(f"trigger/{function.name}/{trigger.kind}/{trigger.key}")
    kind, told = _told(service, function, trigger)
    props: dict[str, Value] = {"digest": _digest(told), "deployed": Ref(deployment, address), **told}
    return Node(address, kind, trigger.key, props, frozenset({deployment}), span=service.span(*trigger.at))


def _told(service: Service, function: Function, trigger: Trigger) -> tuple[str, dict[str, Json]]:
    """Return a trigger's kind, and what is said of it to the platform."""
    if trigger.kind == "http":
        return "vercel.route", {"method": str(trigger.options["method"]), "path": str(trigger.options["path"]), "cors": trigger.options.get("cors")}
    if trigger.kind == "schedule":
        zone = str(trigger.options.get("timezone", "UTC"))
        return "vercel.schedule" if is_zoned(trigger) else "vercel.cron", {"schedule": expression(service, trigger), "timezone": zone}
    path = next(place.path for place in places(service) if place.function is function and place.trigger is trigger) if is_private(trigger) else ""
    return "vercel.consumer", {"topic": trigger.resource, "consumer": consumer(path), "options": _options(service, trigger)}


def _options(service: Service, trigger: Trigger) -> dict[str, Json]:
    resource = service.resources.get(trigger.resource or "")
    return {**(dict(resource.options) if resource else {}), **trigger.options}


def _contents(artifact: Artifact) -> dict[str, str]:
    """Return each member of the archive with what its bytes and mode are; {} where the archive is not on this machine."""
    if artifact.path is None or not artifact.path.exists():
        return {}
    with zipfile.ZipFile(artifact.path) as archive:
        return {info.filename: f"{info.CRC:08x}-{info.file_size}-{info.external_attr:x}" for info in archive.infolist()}


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:SHORT]
