"""The hooks that a plugin can implement; `fnctl.plugins` calls them and gives them types."""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from fnctl.adapter import Adapter
from fnctl.build.model import Builder
from fnctl.events import Event
from fnctl.rules.model import Rule

hookspec = pluggy.HookspecMarker("fnctl")
hookimpl = pluggy.HookimplMarker("fnctl")


@hookspec
def fnctl_adapter() -> Adapter:  # type: ignore[empty-body]
    """Return the platform that this distribution speaks for; its name is the word after `--target`."""


@hookspec
def fnctl_builder() -> Builder:  # type: ignore[empty-body]
    """Return what builds the functions of one runtime family; its entry point has the family's name."""


@hookspec
def fnctl_rules() -> Iterable[Rule]:  # type: ignore[empty-body]
    """Return more checks, such as a company's own policy."""


@hookspec
def fnctl_event(event: Event) -> None:
    """Observe the run: an audit log, a chat notice. An exception here is a warning, never a failed deploy."""
