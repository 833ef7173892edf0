"""The whole way, one verb a line. (Signatures first; bodies follow.)"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from fnctl.adapter import Call, LogLine, LogQuery, Reply
from fnctl.diagnostics import Diagnostic
from fnctl.errors import Exit
from fnctl.graph import Artifact, Json
from fnctl.manifest.model import Service
from fnctl.plan.model import Plan
from fnctl.session import Session

Status: TypeAlias = Literal["deployed", "unchanged", "destroyed", "restored", "stopped", "cancelled"]


@dataclass(frozen=True)
class Checked:
    """What `validate` found: the services that could be resolved (one a target), and every finding, sorted."""

    services: tuple[Service, ...]
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True)
class BuiltArtifact:
    """One line of `fnctl build`. `path` is below `.fnctl/build/<target>/`."""

    name: str
    functions: tuple[str, ...]
    artifact: Artifact
    path: Path
    cached: bool
    notes: tuple[str, ...] = ()


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


def validate(session: Session, *, files: bool = True) -> Checked:
    """Load, resolve and check for the chosen target, or for every target in the manifest. `files`: look at handler files too."""
    raise NotImplementedError


def build(session: Session) -> tuple[BuiltArtifact, ...]:
    """Build every function's artifact for the chosen target."""
    raise NotImplementedError


def plan(session: Session, *, offline: bool = False, out: Path | None = None) -> Plan:
    """Say what a deploy would change. `out` saves the plan with its artifacts."""
    raise NotImplementedError


def deploy(session: Session, *, saved: Path | None = None, show: Callable[[Plan], None], allow_data_loss: frozenset[str] = frozenset()) -> Result:
    """Make it so. `show` is called with the plan once it is known, before `session.confirm` is asked."""
    raise NotImplementedError


def destroy(session: Session, *, show: Callable[[Plan], None]) -> Result:
    """Take everything back, except what `retain` keeps."""
    raise NotImplementedError


def rollback(session: Session, *, to: int | None = None, show: Callable[[Plan], None]) -> Result:
    """Make a new release that restores an earlier one."""
    raise NotImplementedError


def status(session: Session) -> StatusReport:
    """Say what is there now."""
    raise NotImplementedError


def outputs(session: Session) -> Mapping[str, Mapping[str, Json]]:
    """Function name -> {"url"?, "id"} of the last release."""
    raise NotImplementedError


def history(session: Session) -> Iterable[Mapping[str, Json]]:
    """Releases, the newest first: {release, when, who, commit, status, restores?, functions, current}."""
    raise NotImplementedError


def invoke(session: Session, call: Call) -> Reply:
    """Call one deployed function."""
    raise NotImplementedError


def logs(session: Session, functions: tuple[str, ...], query: LogQuery) -> Iterable[LogLine]:
    """Read the logs of the named functions, or of all."""
    raise NotImplementedError


def secrets(session: Session) -> Mapping[str, str | None]:
    """Every declared secret and its version, None where it is not set."""
    raise NotImplementedError


def secret_set(session: Session, name: str, value: str) -> str:
    """Store a value; it is live after the next deploy. Returns the version."""
    raise NotImplementedError


def secret_remove(session: Session, name: str) -> None:
    """Remove a value from the platform's vault."""
    raise NotImplementedError


def unlock(session: Session) -> Mapping[str, Json] | None:
    """Remove exactly the lock that was shown, once `session.confirm` agrees; None when there is none."""
    raise NotImplementedError
