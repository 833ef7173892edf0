"""What a platform's driver is: it runs the artifacts of examples/portable in the platform's own runtime code, and puts questions to them.

A driver is a module beside this one, `drivers/TARGET.py`, with a `DRIVER` that has the form of `Driver`; `conftest.py` lists it. The harness builds
(`fnctl build -t TARGET`, on a copy of the example), opens the driver once, asks everything, and closes it. A driver

- unpacks the artifacts into `place`, starts the platform's runtime client for a function when it is first asked for, and keeps it warm;
- `ask`: sends an HTTP request as the platform's front would hand it over, and gives the answer as the client of that front would read it: lower-case
  header names, one pair for each Set-Cookie, no body for HEAD, nothing in base64. What the platform itself adds (`x-vercel-id`) is left out;
- `deliver`: hands over one native event of `events/TARGET/*.json` as it stands there, and gives back what the platform was told (`answer`, in the
  form that is stored beside the event) and every line that the function wrote;
- ends what it started, by process id. It speaks to loopback only.

Events are data too. `events/CASE.json` is the portable description: for each function the name of what it listens to, and the CloudEvents that its
handler has to meet; `not` names the platforms that have no such event, with the reason. `events/TARGET/CASE.json` has the platform's documented shape
with its `source`; `deliveries` in their order, each a native `event` and the `answer` that the platform has to get; and `own`, one object for each
CloudEvent, with the attributes that are the platform's own, as most ids are (fewer objects where the platform stops at a failure). In all of them
RESOURCE stands for the name of what the function listens to, and ERROR for the type that its handler throws.

A new driver, and new data, change the table in docs/portability.md: `FNCTL_UPDATE_GOLDEN=1 pytest tests/portable` writes it anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from fnctl.manifest.model import Service


@dataclass(frozen=True)
class Built:
    """The example built for one target: what the manifest says there, and the archive of each function (several may share one)."""

    service: Service
    artifacts: Mapping[str, Path]

    def family(self, function: str) -> str:
        """`python` or `nodejs`."""
        return "python" if self.service.functions[function].runtime.startswith("python") else "nodejs"


@dataclass(frozen=True)
class Question:
    """An HTTP request; `path` as it is sent, percent-encoded and with its query."""

    method: str
    path: str
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """What the client reads."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes


@dataclass(frozen=True)
class Delivery:
    """What the platform was told about an event, and what the function wrote meanwhile."""

    answer: Any
    lines: Sequence[str]


class Running(Protocol):
    """The platform's runtime, serving the artifacts."""

    def __hash__(self) -> int:
        """Be the key of what has been asked already, as every object is."""
        ...

    def ask(self, function: str, question: Question) -> Answer:
        """Send an HTTP request to a function."""
        ...

    def deliver(self, function: str, native: Any) -> Delivery:
        """Hand over a native event."""
        ...


class Driver(Protocol):
    """One platform."""

    target: str
    clients: Mapping[str, str]
    """By family, the runtime code that calls the function there, for the table in the docs: {"python": "awslambdaric", ...}."""

    def missing(self) -> str | None:
        """Say why it cannot run on this machine (an interpreter that is not there), or None."""
        ...

    def open(self, built: Built, place: Path) -> AbstractContextManager[Running]:
        """Serve the artifacts, with `place` to work in."""
        ...
