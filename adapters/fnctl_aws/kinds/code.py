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
CODE = frozenset({"code", "architecture", "shim"})
"""Props that UpdateFunctionCode writes, or nobody; an image's own address is one more."""


def mark(props: Mapping[str, Any]) -> str:
    """Return the description of a version: the manifest's own, then which input and which shim it was made of."""
    # What is not known yet has a text, too: such a mark is compared with, and never written.
    told = json.dumps({key: value for key, value in props.items() if key not in UNVERSIONED}, sort_keys=True, separators=(",", ":"), default=repr)
    own = f"[fnctl:{hashlib.sha256(told.encode()).hexdigest()[:16]} shim:{props.get('shim') or ''}]"
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
        **_program(props),
        "Role": props["role"],
        "Description": props["description"],
        "Timeout": props["timeout"],
        "MemorySize": props["memory"],
        "EphemeralStorage": {"Size": props["ephemeral_storage"]},
        "Environment": {"Variables": dict(props["environment"])},
        "TracingConfig": {"Mode": props["tracing"]},
        "LoggingConfig": {"LogFormat": logging["format"], "LogGroup": logging["group"], **levels},
    }


def _program(props: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is started: an image says that itself, and what is said of it anew stands in place of all that was said before."""
    if "image" not in props:
        return {"Runtime": props["runtime"], "Handler": props["handler"], "Layers": list(props["layers"])}
    image = props["image"]
    said = {"EntryPoint": image["entry_point"], "Command": image["command"], "WorkingDirectory": image["working_directory"]}
    return {"ImageConfig": {word: value for word, value in said.items() if value}}


def told(found: Mapping[str, Any]) -> dict[str, Any]:
    """Join what GetFunction says of the configuration and of the code: which image it is stands in the latter only."""
    code = found.get("Code") or {}
    return {**found["Configuration"], "ImageUri": code.get("ImageUri") or "", "ResolvedImageUri": code.get("ResolvedImageUri") or ""}


def is_image(config: Mapping[str, Any]) -> bool:
    """Tell what Lambda made the function as; it stays that for life."""
    return bool(config.get("PackageType") == "Image")


def live_props(config: Mapping[str, Any], wanted: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return what a version is, in our words. `wanted` says what an image may be called, for that can be more than one name."""
    description = config.get("Description") or ""
    said = MARK.search(description)
    logging = config.get("LoggingConfig") or {}
    return {
        **_live_program(config, wanted or {}),
        "memory": config["MemorySize"],
        "timeout": config["Timeout"],
        "description": description[: said.start()] if said else description,
        "architecture": (config.get("Architectures") or ["x86_64"])[0],
        "ephemeral_storage": (config.get("EphemeralStorage") or {}).get("Size", 512),
        "environment": (config.get("Environment") or {}).get("Variables") or {},
        "tracing": (config.get("TracingConfig") or {}).get("Mode", "PassThrough"),
        "logging": {
            "format": logging.get("LogFormat", "Text"),
            "level": logging.get("ApplicationLogLevel"),
            "group": logging.get("LogGroup") or f"/aws/lambda/{config['FunctionName']}",
        },
        "role": config.get("Role"),
        "shim": (said["shim"] or None) if said else None,
    }


def _live_program(config: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    if not is_image(config):
        layers = [layer["Arn"] for layer in config.get("Layers") or ()]
        return {"runtime": config.get("Runtime"), "handler": config.get("Handler"), "layers": layers, "code": hex_digest(config["CodeSha256"])}
    said = (config.get("ImageConfigResponse") or {}).get("ImageConfig") or {}
    image = {
        "uri": _address(config, wanted),
        "command": list(said.get("Command") or ()),
        "entry_point": list(said.get("EntryPoint") or ()),
        "working_directory": said.get("WorkingDirectory") or None,
    }
    return {"image": image, "code": config["ResolvedImageUri"].partition("@sha256:")[2]}


def _address(config: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """Call an image as the manifest does: where Lambda names a version's by digest alone, our mark says that it was asked for by this tag."""
    found, asked = str(config["ImageUri"]), str((wanted.get("image") or {}).get("uri") or "")
    same = bool(asked) and "@" in found and "@" not in asked and found.partition("@")[0] == _repository(asked)
    return asked if same and config.get("Description") == mark(wanted) else found


def _repository(uri: str) -> str:
    """Leave tag or digest out."""
    registry, _, rest = uri.partition("@")[0].partition("/")
    return f"{registry}/{rest.partition(':')[0]}"


def same_code(config: Mapping[str, Any], props: Mapping[str, Any]) -> bool:
    """Tell whether $LATEST has the wanted code, for the wanted machine."""
    image = props.get("image")
    same = config["ImageUri"] == image["uri"] if image else config["CodeSha256"] == base64_digest(props["code"])
    return bool(same and config["Architectures"] == [props["architecture"]])


def same_configuration(config: Mapping[str, Any], props: Mapping[str, Any]) -> bool:
    """Tell whether $LATEST needs nothing but new code, if that."""
    found, wanted = _settings(live_props(config)), _settings(props)
    return all(found[key] == wanted[key] for key in found)


def _settings(props: Mapping[str, Any]) -> dict[str, Any]:
    image = props.get("image")
    rest = {key: value for key, value in props.items() if key not in CODE}
    return {**rest, "image": {**image, "uri": None}} if image else rest
