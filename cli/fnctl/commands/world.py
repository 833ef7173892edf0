"""What a process gives to a verb, and what the verb needs of the engine: both come in through the door."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TextIO, cast

from fnctl.dataclass import dataclass, field
from fnctl.redact import Guarded, redactor

if TYPE_CHECKING:
    from fnctl.adapter import Call, LogLine, LogQuery, Reply, Sandbox
    from fnctl.graph import Json
    from fnctl.plan.model import Plan
    from fnctl.results import BuiltArtifact, Checked, Result, Shown, Sized, StatusReport
    from fnctl.rules.matrix import Matrix
    from fnctl.session import Session


class Checker(Protocol):
    """The part of the engine that works offline and must be there at once."""

    def validate(self, session: Session, *, files: bool = True) -> Checked: ...


class Maker(Protocol):
    """The part that builds, and talks to no platform."""

    def build(self, session: Session, *, verify: bool = False) -> tuple[BuiltArtifact, ...]: ...


class Engine(Checker, Maker, Protocol):
    """The pipeline as the screen sees it; `fnctl.pipeline` is the real one and says what each does."""

    def matrix(self, session: Session) -> Matrix: ...
    def show(self, session: Session, *, resolved: bool) -> tuple[Shown, ...]: ...
    def sandbox(self, session: Session) -> Sandbox: ...
    def size(self, session: Session, functions: tuple[str, ...] = ()) -> tuple[Sized, ...]: ...
    def plan(self, session: Session, *, offline: bool = False, out: Path | None = None) -> Plan: ...
    def deploy(
        self, session: Session, *, saved: Path | None = None, show: Callable[[Plan], None], allow_data_loss: frozenset[str] = frozenset()
    ) -> Result: ...
    def destroy(self, session: Session, *, show: Callable[[Plan], None]) -> Result: ...
    def rollback(
        self, session: Session, *, to: int | None = None, show: Callable[[Plan], None], allow_data_loss: frozenset[str] = frozenset()
    ) -> Result: ...
    def status(self, session: Session) -> StatusReport: ...
    def outputs(self, session: Session) -> Mapping[str, Mapping[str, Json]]: ...
    def history(self, session: Session) -> Iterable[Mapping[str, Json]]: ...
    def provenance(self, session: Session, number: int) -> Mapping[str, Json]: ...
    def invoke(self, session: Session, call: Call) -> Reply: ...
    def logs(self, session: Session, functions: tuple[str, ...], query: LogQuery) -> Iterable[LogLine]: ...
    def secrets(self, session: Session) -> Mapping[str, str | None]: ...
    def secret_set(self, session: Session, name: str, value: str) -> str: ...
    def secret_remove(self, session: Session, name: str) -> None: ...
    def unlock(self, session: Session) -> Mapping[str, Json] | None: ...


def here() -> Path:
    """Return the current folder; where somebody has removed it, its name, below which nothing is found."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path(os.environ.get("PWD") or os.sep)


@dataclass
class World:
    """The streams, environment and folder of one process, the engine behind it, and whether answers are kept. Tests put their own in."""

    stdin: TextIO = field(default_factory=lambda: sys.stdin)
    stdout: TextIO = field(default_factory=lambda: sys.stdout)
    stderr: TextIO = field(default_factory=lambda: sys.stderr)
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    cwd: Path = field(default_factory=here)
    given: Engine | None = None
    hidden: list[str] = field(default_factory=list)
    remembers: bool = False

    @cached_property
    def engine(self) -> Engine:
        """The given engine, or the real one, imported when a verb first asks for it."""
        return self.given or cast("Engine", import_module("fnctl.pipeline"))

    @property
    def checker(self) -> Checker:
        """What `validate` needs of the engine, without the rest of it: the given engine, or the module that the pipeline takes it from."""
        return self.given or cast("Checker", import_module("fnctl.checking"))

    @property
    def maker(self) -> Maker:
        """What `build` needs of it, likewise."""
        return self.given or cast("Maker", import_module("fnctl.building"))

    def guard(self) -> None:
        """Put the redactor between this process and its streams. A character that a stream cannot write is replaced, not a crash."""
        for stream in (self.stdout, self.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")
        self.stdout = cast("TextIO", Guarded(self.stdout, self.redact))
        self.stderr = cast("TextIO", Guarded(self.stderr, self.redact))

    def redact(self, text: str) -> str:
        """Mask every secret that is known here."""
        return self._redactor(text)

    def hide(self, value: str) -> None:
        """Learn a secret: from here on it is masked, too."""
        self.hidden.append(value)
        self.__dict__.pop("_redactor", None)

    @cached_property
    def _redactor(self) -> Callable[[str], str]:
        return redactor(self.environ, self.hidden)

    def raw(self, body: bytes) -> None:
        """Write bytes that are no text as they are."""
        self.stdout.flush()
        inner = getattr(self.stdout, "inner", self.stdout)
        buffer = getattr(inner, "buffer", None)
        if buffer is None:
            inner.write(body.decode("utf-8", "backslashreplace"))
        else:
            buffer.write(body)
            buffer.flush()

    def read(self) -> bytes:
        """Read all of standard input."""
        buffer = getattr(self.stdin, "buffer", None)
        return buffer.read() if buffer is not None else self.stdin.read().encode()

    @property
    def asks(self) -> bool:
        """Whether there is a person to ask."""
        return self.stdin.isatty() and self.stderr.isatty()


def columns() -> int:
    """Return the terminal's width."""
    import shutil  # it brings every way to compress a file

    return shutil.get_terminal_size().columns
