"""The hooks that a plugin can implement; `fnctl.plugins` calls them and gives them types.

An adapter is found and asked without pluggy, because `validate` is faster than pluggy's import; `fnctl.plugins` hands the rest over to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar, overload

if TYPE_CHECKING:
    from fnctl.adapter import Adapter
    from fnctl.build.model import Builder
    from fnctl.events import Event
    from fnctl.rules.model import Rule

HOOKS = ("fnctl_adapter", "fnctl_builder", "fnctl_rules", "fnctl_event")
MARK = "fnctl_marked"
_Hook = TypeVar("_Hook", bound=Callable[..., Any])


@overload
def hookimpl(function: _Hook) -> _Hook: ...
@overload
def hookimpl(**options: Any) -> Callable[[_Hook], _Hook]: ...
def hookimpl(function: Any = None, **options: Any) -> Any:
    """Mark a function as the implementation of the hook of its name. Takes the options of pluggy's own marker, which does as well."""
    if function is None:
        return lambda function: hookimpl(function, **options)
    setattr(function, MARK, options)
    return function


def fnctl_adapter() -> Adapter:  # type: ignore[empty-body]
    """Return the platform that this distribution speaks for; its name is the word after `--target`."""


def fnctl_builder() -> Builder:  # type: ignore[empty-body]
    """Return what builds the functions of one runtime family; its entry point has the family's name."""


def fnctl_rules() -> Iterable[Rule]:  # type: ignore[empty-body]
    """Return more checks, such as a company's own policy."""


def fnctl_event(event: Event) -> None:
    """Observe the run: an audit log, a chat notice. An exception here is a warning, never a failed deploy."""
