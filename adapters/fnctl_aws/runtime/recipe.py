"""What is added to a Lambda artifact so that a portable handler runs there: the shim's files, its way in, its configuration."""

from __future__ import annotations

import json
from collections.abc import Mapping

from fnctl.build.model import Bundle, File
from fnctl.build.shims import digest, fits, joined, python
from fnctl.dataclass import dataclass
from fnctl.graph import Json
from fnctl.manifest import keys
from fnctl.manifest.model import Function, Resource, Service, Trigger
from fnctl_aws.names import environment_name, fit, physical

CONFIG = "_fnctl.json"
PYTHON = ("function", "event", "task", "asgi", "wsgi")
NODE = ("fetch", "function", "event", "task")
DAY = 86400
"""Seconds that an answer is remembered where the manifest does not say."""
LONGEST = 900
"""Lambda's maximum timeout: how long a claim holds where the call has no deadline."""
_LIMITS = (63, 64, 80, 128, 255)
"""How long AWS lets names of buckets, functions, queues, streams, and tables and topics be."""

_PYTHON_ENTRY = b'''"""What Lambda calls; made by fnctl."""

import os

from fnctl_aws.runtime.entry import start

handler = start(os.path.dirname(os.path.abspath(__file__)))
'''
_ROOTS = (File("_fnctl_aws.py", _PYTHON_ENTRY), File("fnctl_aws/__init__.py", b'"""The part of the adapter for aws that runs there."""\n'))
_AT_HOME = frozenset({"recipe.py"})
"""Modules of this folder that stay on the author's machine."""


@dataclass(frozen=True)
class Shim:
    """What stands between Lambda and the handler: `digest` is of its code alone, not of the function's configuration in it."""

    files: tuple[File, ...]
    handler: str
    digest: str


def shim(service: Service, function: Function, bundle: Bundle) -> Shim:
    """Give the shim of one function; none for `native`. Raises FnctlError for an interface that this runtime family does not have."""
    node = bundle.target.runtime.startswith("nodejs")
    file, name = bundle.entry
    if function.interface == "native":
        return Shim((), f"{file.rpartition('.')[0]}.{name}", "")
    fits(service, function, (*(NODE if node else PYTHON), "native"))
    code = _node(function) if node else python("fnctl_aws", _ROOTS, bundle.target.runtime, without=_AT_HOME)
    settings = File(CONFIG, json.dumps(configuration(service, function, bundle), indent=1, sort_keys=True).encode())
    return Shim((*code, settings), "_fnctl.handler" if node else "_fnctl_aws.handler", digest(code))


def configuration(service: Service, function: Function, bundle: Bundle) -> dict[str, Json]:
    """Say to the runtime what the manifest says: baked, so that nothing is guessed at the first call."""
    file, name = bundle.entry
    return {
        "service": service.name,
        "stage": service.stage,
        "function": function.name,
        "interface": function.interface,
        "file": file,
        "name": name,
        "source": function.handler_file,
        "secrets": list(function.secrets),
        "tracing": "otel" if function.tracing == "otel" else None,
        "idempotent": _idempotent(service, function),
        "logs": {"format": function.logs.format, "level": function.logs.level.lower()},
        "routes": [[_word(trigger, "method", "ANY"), _word(trigger, "path", "/")] for trigger in function.triggers if trigger.kind == "http"],
        "triggers": [_trigger(service, function, trigger) for trigger in function.triggers if trigger.kind != "http"],
    }


def _idempotent(service: Service, function: Function) -> Json:
    said = function.idempotent
    if said is None:
        return None
    name, path = str(said["table"]), keys.path(said.get("key"))
    table = service.resources[name].options
    key = table.get("key") or "id"
    return {
        "key": list(path) if path else None,
        "ttl": said.get("ttl") or DAY,
        "lease": function.timeout or LONGEST,
        "table": environment_name(name, "table"),
        "attribute": str(key["name"]) if isinstance(key, Mapping) else str(key),
        "expires": str(table.get("ttl") or "expires"),
    }


def _word(trigger: Trigger, option: str, default: str) -> str:
    return str(trigger.options.get(option) or default)


def _trigger(service: Service, function: Function, trigger: Trigger) -> dict[str, Json]:
    resource = service.resources.get(trigger.resource or "")
    names = _names(service, resource) if resource else {trigger.key, fit(f"{function.name}-{trigger.key}", 64)}
    return {"kind": trigger.kind, "key": trigger.key, "names": sorted(names), "whole": trigger.options.get("batch") == "whole"}


def _names(service: Service, resource: Resource) -> set[str]:
    """Give what the last part of an ARN may say when an event comes from this resource."""
    if resource.existing:
        return {resource.existing.replace("/", ":").rpartition(":")[2]}
    names = {physical(service, resource.name, limit) for limit in _LIMITS}
    return names | {f"{name}.fifo" for name in names}


def _node(function: Function) -> tuple[File, ...]:
    return (joined("fnctl_aws.runtime", (function,)),)
