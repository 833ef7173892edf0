"""Between Lambda's words for a function and ours, and the mark that says what a version was made of."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

MARK = re.compile(r" ?\[fnctl:(?P<input>[0-9a-f]{16}) shim:(?P<shim>[^\]]*)\]$")
UNVERSIONED = frozenset({"tags"})


def mark(props: Mapping[str, Any]) -> str:
    """Return the description of a version: the manifest's own, then which input and which shim it was made of."""
    told = json.dumps({key: value for key, value in props.items() if key not in UNVERSIONED}, sort_keys=True, separators=(",", ":"))
    own = f"[fnctl:{hashlib.sha256(told.encode()).hexdigest()[:16]} shim:{props['shim'] or ''}]"
    return f"{props['description']} {own}".strip()


def base64_digest(sha256: str) -> str:
    """Write a digest as Lambda's CodeSha256 does."""
    return base64.b64encode(bytes.fromhex(sha256)).decode()


def hex_digest(code_sha256: str) -> str:
    """Read Lambda's CodeSha256."""
    return base64.b64decode(code_sha256).hex()


def configuration(props: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that create and update share. Maps and lists are sent even when empty: what is left out stays as it was."""
    logging = props["logging"]
    levels = {"ApplicationLogLevel": logging["level"], "SystemLogLevel": "INFO"} if logging["format"] == "JSON" else {}
    return {
        "Runtime": props["runtime"],
        "Role": props["role"],
        "Handler": props["handler"],
        "Description": props["description"],
        "Timeout": props["timeout"],
        "MemorySize": props["memory"],
        "EphemeralStorage": {"Size": props["ephemeral_storage"]},
        "Environment": {"Variables": dict(props["environment"])},
        "Layers": list(props["layers"]),
        "TracingConfig": {"Mode": props["tracing"]},
        "LoggingConfig": {"LogFormat": logging["format"], "LogGroup": logging["group"], **levels},
    }


def live_props(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a version is, in our words."""
    description = config.get("Description") or ""
    said = MARK.search(description)
    logging = config.get("LoggingConfig") or {}
    return {
        "runtime": config.get("Runtime"),
        "handler": config.get("Handler"),
        "memory": config["MemorySize"],
        "timeout": config["Timeout"],
        "description": description[: said.start()] if said else description,
        "architecture": (config.get("Architectures") or ["x86_64"])[0],
        "ephemeral_storage": (config.get("EphemeralStorage") or {}).get("Size", 512),
        "environment": (config.get("Environment") or {}).get("Variables") or {},
        "layers": [layer["Arn"] for layer in config.get("Layers") or ()],
        "tracing": (config.get("TracingConfig") or {}).get("Mode", "PassThrough"),
        "logging": {
            "format": logging.get("LogFormat", "Text"),
            "level": logging.get("ApplicationLogLevel"),
            "group": logging.get("LogGroup") or f"/aws/lambda/{config['FunctionName']}",
        },
        "role": config.get("Role"),
        "code": hex_digest(config["CodeSha256"]),
        "shim": (said["shim"] or None) if said else None,
    }


def same_configuration(config: Mapping[str, Any], props: Mapping[str, Any]) -> bool:
    """Tell whether $LATEST needs nothing but new code, if that."""
    found = live_props(config)
    return all(found[key] == props[key] for key in found if key not in ("code", "architecture", "shim"))
