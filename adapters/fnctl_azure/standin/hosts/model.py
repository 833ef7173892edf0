"""What the hosts of a sandbox are told and tell: functions, storage accounts, event subscriptions, lines of a log."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Row: TypeAlias = "Mapping[str, Any]"
"""One line for the workspace.

`table` is traces, requests or exceptions; `time` is RFC 3339; `app`; `function` and `invocation`, empty for what the host itself says; `severity`
Trace, Debug, Information, Warning, Error or Critical; `message`; `category` as App Insights' customDimensions have it. Requests: `success`, `status`
(0 without HTTP) and `duration` in milliseconds.
"""

Write: TypeAlias = "Callable[[Row], None]"


@dataclass(frozen=True)
class Found:
    """A function that an app registered: its bindings are what function.json would hold."""

    name: str
    bindings: Sequence[Mapping[str, Any]]
    language: str
    retry: Mapping[str, str] = field(default_factory=dict)

    @property
    def trigger(self) -> Mapping[str, Any]:
        """The binding that starts it."""
        return next(one for one in self.bindings if str(one["type"]).lower().endswith("trigger"))

    @property
    def kind(self) -> str:
        """The trigger's type, in lower case as the host compares it: httptrigger."""
        return str(self.trigger["type"]).lower()


class IndexFailed(Exception):  # an answer, not a mishap
    """The app cannot be loaded, and so has no functions; the text is what its worker says, with the stack."""


@dataclass(frozen=True)
class Account:
    """A storage account as this machine has it. `blob`, `queue` and `table` are addresses without a slash at their end; `key` is base64."""

    name: str
    key: str
    blob: str
    queue: str
    table: str = ""


@dataclass
class Keys:
    """What opens an app's doors: the master key, those of all functions, those of extensions, and of single functions.

    Whoever changes them here renews them.
    """

    master: str
    functions: dict[str, str]
    system: dict[str, str]
    own: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])


@dataclass(frozen=True)
class Subscription:
    """An event subscription on a storage account, with an app's function at its end. `attempts` counts deliveries, as the platform does."""

    account: str
    app: str
    function: str
    types: Sequence[str] = ("Microsoft.Storage.BlobCreated", "Microsoft.Storage.BlobDeleted")
    begins: str = ""
    ends: str = ""
    cloudevents: bool = False
    attempts: int = 30
    topic: str = ""
    """The storage account's resource id: the event's `topic`, or a CloudEvent's `source`."""
