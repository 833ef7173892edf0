"""The builder of Node functions, through the front door."""

from __future__ import annotations

from fnctl.build.model import Builder
from fnctl.build.node import NODE
from fnctl.hookspecs import hookimpl


@hookimpl
def fnctl_builder() -> Builder:
    """Build Node functions."""
    return NODE
