"""What each verb answers: plain values that a view or a machine form shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Literal, TypeAlias

from fnctl.dataclass import dataclass, field
from fnctl.diagnostics import Diagnostic
from fnctl.errors import Exit

if TYPE_CHECKING:  # `validate` neither builds nor shows what a build made
    from pathlib import Path

    from fnctl.build.contents import Contents
    from fnctl.graph import Artifact, Json
    from fnctl.manifest.load import Document
    from fnctl.manifest.model import Service
    from fnctl.rules.limits import Limit

Status: TypeAlias = Literal["deployed", "unchanged", "destroyed", "restored", "stopped", "cancelled"]


@dataclass(frozen=True)
class Checked:
    """What `validate` found: the services that could be resolved (one a target), and every finding, sorted; and what it looked at."""

    services: tuple[Service, ...]
    diagnostics: tuple[Diagnostic, ...]
    document: Document | None = None


@dataclass(frozen=True)
class Shown:
    """The manifest as it counts for one target. `origins` says for a dotted path in it where the value came from, in words."""

    target: str
    document: Mapping[str, Json]
    origins: Mapping[str, str]


@dataclass(frozen=True)
class BuiltArtifact:
    """One line of `fnctl build`. `path` is below `.fnctl/build/<target>/`; `verified`: a second build elsewhere came to the same bytes."""

    name: str
    functions: tuple[str, ...]
    artifact: Artifact
    path: Path
    cached: bool
    notes: tuple[str, ...] = ()
    verified: bool = False


def notes_of(artifacts: Iterable[BuiltArtifact]) -> list[str]:
    """Say each note once, after the functions that it is about."""
    about: dict[str, list[str]] = {}
    for made in artifacts:
        for note in made.notes:
            about.setdefault(note, []).extend(made.functions)
    return [f"{', '.join(names)}: {note}" for note, names in about.items()]


@dataclass(frozen=True)
class Room:
    """What a platform's limit leaves: bytes that count, of the bytes that there may be."""

    limit: Limit
    used: int

    @property
    def most(self) -> int:
        """The limit in bytes."""
        return self.limit.in_bytes()


@dataclass(frozen=True)
class Sized:
    """What one artifact is made of, for one target, and the room that the target's limits leave."""

    target: str
    contents: Contents
    room: tuple[Room, ...]


@dataclass(frozen=True)
class Result:
    """How deploy, destroy or rollback ended. `next` is the one command that goes on after `stopped`."""

    status: Status
    exit: Exit
    release: int | None = None
    restores: int | None = None
    outputs: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)
    changes: Mapping[str, int] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()
    kept: tuple[str, ...] = ()
    next: str | None = None


@dataclass(frozen=True)
class FunctionStatus:
    """One function as it is now. `state` is `live`, `missing` or `changed` (differs from the release)."""

    name: str
    state: Literal["live", "missing", "changed"]
    id: str | None
    url: str | None
    detail: str = ""


@dataclass(frozen=True)
class StatusReport:
    """What `fnctl status` says. `release` as in `history`; `lock` is the holder where there is one; `interrupted` an open intent."""

    service: str
    stage: str
    target: str
    identity: str
    ledger: str
    release: Mapping[str, Json] | None
    functions: tuple[FunctionStatus, ...]
    drift: int
    lock: Mapping[str, Json] | None
    interrupted: bool
    sandbox: Mapping[str, Json] | None
