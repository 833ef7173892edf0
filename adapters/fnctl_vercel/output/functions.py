"""One `.func` folder: its configuration for the platform, and ours for the runtime in it."""

from __future__ import annotations

from collections.abc import Mapping

from fnctl.build.model import Bundle
from fnctl.graph import Json
from fnctl.manifest import keys
from fnctl.manifest.model import Function, Service, Trigger
from fnctl_vercel.output.places import Place, crons, door, is_zoned

RECEIVES = 5
"""Tries before a message goes to the dead-letter queue, where the manifest does not say."""
TRIES = 3
"""Likewise for a topic's subscriber that names a queue for what failed: as many as AWS makes."""
DAY, LONGEST = 86_400, 800
"""Seconds that an answer is remembered, and that a call may run, where the manifest does not say."""
_ENCODED = {"_": "__", "/": "_S", ".": "_D"}


def configuration(service: Service, place: Place, handler: str) -> dict[str, Json]:
    """Return `.vc-config.json`; `raw` of the manifest has the last word.

    Args:
        service: the manifest.
        place: which `.func`.
        handler: what the platform calls.
    """
    function = place.function
    node = function.runtime.startswith("nodejs")
    launcher: dict[str, Json] = {"launcherType": "Nodejs", "shouldAddHelpers": False, "shouldAddSourcemapSupport": True} if node else {}
    regions = function.own.get("regions") or ([service.settings["region"]] if service.settings.get("region") else None)
    optional: dict[str, Json] = {"memory": function.memory, "maxDuration": function.timeout, "regions": regions}
    raw = function.own.get("raw")
    return {
        "runtime": f"{function.runtime}.x" if node else function.runtime,
        "handler": handler,
        "architecture": function.architecture,
        **{key: value for key, value in optional.items() if value is not None},
        "environment": dict(environment(service, function)),
        "supportsResponseStreaming": True,
        **launcher,
        **({"experimentalTriggers": [_trigger(service, place, place.trigger)]} if place.trigger else {}),
        **(raw if isinstance(raw, Mapping) else {}),
    }


def environment(service: Service, function: Function) -> dict[str, str]:
    """Return own values, and the topics that are used under their portable names. They travel as plain text: no secret is among them."""
    python = {"PYTHONPATH": "_vendor", "PYTHONDONTWRITEBYTECODE": "1"} if function.runtime.startswith("python") else {}
    used = [resource for name in function.uses if (resource := service.resources.get(name)) and resource.type in ("queue", "topic")]
    return {**python, **function.env, **{environment_name(resource.name, resource.type): resource.name for resource in used}}


def environment_name(name: str, kind: str) -> str:
    """`jobs` of type `queue` arrives as JOBS_QUEUE, on every platform."""
    return f"{name}_{kind}".replace("-", "_").upper()


def _trigger(service: Service, place: Place, trigger: Trigger) -> dict[str, Json]:
    if is_zoned(trigger):
        return {"type": "schedule/v1beta"}
    resource = service.resources[trigger.resource or ""]
    most = trigger.options.get("max_concurrency") or place.function.reserved
    optional: dict[str, Json] = {
        "retryAfterSeconds": resource.options.get("visibility"),
        "initialDelaySeconds": resource.options.get("delay"),
        "maxConcurrency": most,
    }
    return {
        "type": "queue/v2beta",
        "topic": resource.name,
        "consumer": consumer(place.path),
        **{key: value for key, value in optional.items() if value},
    }


def consumer(path: str) -> str:
    """Write a path as the name of a consumer group, as Vercel's own builder does."""
    return "".join(_ENCODED.get(letter, letter) for letter in path)


def settings(service: Service, place: Place, bundle: Bundle) -> dict[str, Json]:
    """Say to the runtime what the manifest says: baked, so that nothing is guessed at the first call."""
    function = place.function
    file, name = bundle.entry
    return {
        "service": service.name,
        "stage": service.stage,
        "function": function.name,
        "interface": function.interface,
        "file": file,
        "name": name,
        "source": function.handler_file,
        "secrets": secrets_of(service, function),
        "tracing": "otel" if function.tracing == "otel" else None,
        "calls": [environment_name(used, "function") for used in function.uses if used in service.functions],
        "timeout": function.timeout,
        "logs": {"format": function.logs.format, "level": function.logs.level.lower()},
        "routes": [[str(t.options["method"]), str(t.options["path"])] for t in function.triggers if t.kind == "http" and not place.trigger],
        "crons": {} if place.trigger else {path: trigger.key for path, trigger in crons(function).items()},
        "door": "" if place.trigger else door(function),
        "trigger": _consumed(service, function, place.trigger) if place.trigger else None,
        **({"idempotent": _idempotent(service, function, function.idempotent)} if function.idempotent else {}),
    }


def secrets_of(service: Service, function: Function) -> list[str]:
    """Name the secrets that it reads: its own, and those with the addresses of the tables that it uses."""
    tables = [resource.own.get("redis") for name in function.uses if (resource := service.resources.get(name))]
    return list(dict.fromkeys((*function.secrets, *(str(secret) for secret in tables if secret))))


def _idempotent(service: Service, function: Function, said: Mapping[str, Json]) -> Json:
    """Say what names the work, how long it is remembered, and which variable leads to where. A claim lasts as long as a call may run."""
    path, redis = keys.path(said.get("key")), service.resources[str(said["table"])].own["redis"]
    return {"key": list(path) if path else None, "ttl": said.get("ttl") or DAY, "lease": function.timeout or LONGEST, "redis": redis}


def _consumed(service: Service, function: Function, trigger: Trigger) -> dict[str, Json]:
    most, dead = _limit(service, function, trigger)
    return {
        "kind": trigger.kind,
        "key": trigger.key,
        "topic": trigger.resource,
        "whole": trigger.options.get("batch") == "whole",
        "most": most,
        "dead": dead,
    }


def _limit(service: Service, function: Function, trigger: Trigger) -> tuple[int | None, str | None]:
    """Return how often a message is tried, None for as long as it lives, and where it goes then: the platform itself keeps no failed messages."""
    if trigger.kind == "queue":
        options = service.resources[trigger.resource or ""].options
        said = options.get("dead_letter", True)
        if said is False:
            return None, None
        return int(str(options.get("max_receives") or RECEIVES)), said if isinstance(said, str) else f"{trigger.resource}-dlq"
    if trigger.kind == "topic":
        tries = function.retry.get("max")
        most = int(str(tries)) + 1 if tries is not None else TRIES if function.dead_letter else None
        return most, function.dead_letter
    return None, None
