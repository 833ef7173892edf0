"""Which handler Lambda calls, and the digest of what stands between it and the manifest's own: known before anything is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fnctl.manifest.model import Function, Service
    from fnctl_aws.runtime.recipe import Shim

NODE_ENTRY = "handler.mjs"
"""Where the bundle of a Node function stands, whatever its source is called."""


def shim_of(service: Service, function: Function) -> Shim:
    """Return the shim of a function; neither its handler nor its digest depends on what was bundled."""
    from fnctl.build.model import BuildTarget, Bundle
    from fnctl_aws.runtime.recipe import shim  # it reads what is shipped: checks, which translate nothing, do not pay for it

    bundled = function.runtime.startswith("nodejs") and not function.artifact
    path = NODE_ENTRY if bundled else function.handler_file
    target = BuildTarget(function.runtime, function.architecture)
    return shim(service, function, Bundle(function.name, target, (), (), (path, function.handler_name), "", ""))
