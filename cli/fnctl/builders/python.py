"""The builder of Python functions, through the front door."""

from __future__ import annotations

from fnctl.build.model import Builder
from fnctl.build.python import PYTHON
from fnctl.hookspecs import hookimpl


@hookimpl
def fnctl_builder() -> Builder:
    """Build Python functions."""
    return PYTHON
