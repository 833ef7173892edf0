"""A function that is a container image: how it is said, and which words of an archive cannot stand beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fnctl.diagnostics import Diagnostic
from fnctl.manifest.model import Function, Image, Service

ARCHIVE = ("handler", "interface", "runtime", "layers", "include", "exclude", "bundle", "artifact", "budget")
"""Words about what is built and what calls it: an image says all that itself."""


def image(words: Mapping[str, Any]) -> Image | None:
    """Read a function's `image`, short or long; without an address its `uri` is ""."""
    said = words.get("image")
    if said is None:
        return None
    long: Mapping[str, Any] = {"uri": said} if isinstance(said, str) else said
    command, entry_point = (tuple(map(str, long.get(word) or ())) for word in ("command", "entry_point"))
    return Image(long.get("uri") or "", command, entry_point, long.get("working_directory") or None)


def fitting(defaults: Mapping[str, Any], own: Mapping[str, Any], target: str) -> Mapping[str, Any]:
    """Leave out of the defaults, which are meant for what is built, all that an image cannot have."""
    theirs = (own.get("targets") or {}).get(target) or {}
    if not (own.get("image") or theirs.get("image")):
        return defaults
    rest = {key: value for key, value in defaults.items() if key not in ARCHIVE}
    shared = (defaults.get("targets") or {}).get(target)
    return {**rest, "targets": {target: {k: v for k, v in shared.items() if k not in ARCHIVE}}} if shared else rest


def check(service: Service, function: Function) -> Iterator[Diagnostic]:
    """Find words that say how to build or to call what is not built here."""
    if function.image is None:
        return
    interface = "" if function.interface == "native" else function.interface
    given = {"handler": function.handler_file, "interface": interface} | {word: getattr(function, word) for word in ARCHIVE[2:]}
    for word in (word for word, value in given.items() if value):
        message = f"`{function.name}` is an image, and `{word}` is for what fnctl builds"
        help = f"leave `{word}` out: the image has its code, its runtime and its command, and takes the platform's own event; or leave `image` out"
        yield Diagnostic("FN057", "error", message, service.span("functions", function.name, word), "an image is given", help=help)
