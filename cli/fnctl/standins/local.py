"""The sandbox of one manifest's folder: what `fnctl.adapter.Sandbox` asks, of which a platform says only what is its own."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from fnctl.build.interpreters import Interpreter
from fnctl.build.model import BuildTarget
from fnctl.graph import Json
from fnctl.standins import runtimes
from fnctl.standins.life import Life
from fnctl.standins.serving import write_json
from fnctl.standins.supervision import Program, Server


@dataclass(frozen=True)
class LocalSandbox(ABC):
    """A platform on this machine. `environ` is this machine's: where the cache is and which interpreters there are."""

    platform: ClassVar[str]
    """The word after `--target`."""
    differences: ClassVar[Sequence[str]]
    """In what it is not the platform, in sentences."""
    emptied_at: ClassVar[str]
    """The path of its server that makes it forget its data, by a POST."""

    folder: Path
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    @abstractmethod
    def program(self, log: Callable[[str], None]) -> Program:
        """The server to start; fetches what it is made of, and tells `log`."""

    @abstractmethod
    def reached(self, server: Server) -> Mapping[str, str]:
        """What fnctl's own client, and an SDK, need to reach it and nothing else."""

    @abstractmethod
    def python(self, runtime: str) -> tuple[Interpreter, BuildTarget]:
        """The Python that runs functions of `runtime` here, and what to build for it. Raises FnctlError FN954."""

    @abstractmethod
    def node(self, runtime: str) -> tuple[Interpreter, BuildTarget]:
        """The Node that runs functions of `runtime` here, and what to build for it. Raises FnctlError FN954."""

    @property
    def state(self) -> Path:
        """All that it keeps; anyone may delete it while nothing runs."""
        return self._life.state

    @property
    def _life(self) -> Life:
        return Life.of(self.folder, self.platform)

    def start(self, log: Callable[[str], None]) -> Mapping[str, str]:
        """Start it unless it runs; raises FnctlError with the log's end when it cannot."""
        return self.reached(self._life.start(lambda: self.program(log), log))

    def stop(self) -> bool:
        """End its processes, by the recorded id and start time; its data goes with it."""
        return self._life.stop()

    def status(self) -> Mapping[str, Json] | None:
        """None when it does not run, or does not answer."""
        return self._life.status(self.differences)

    def reset(self) -> None:
        """Forget all data, keep it running."""
        self._life.reset(self.emptied_at)

    def build_target(self, runtime: str, architecture: str) -> tuple[BuildTarget, str | None]:
        """The interpreter that functions of `runtime` run on here; makes its environment on first use."""
        self._life.prepare()
        if runtime.startswith("python"):
            found, target = self.python(runtime)
        elif runtime.startswith("nodejs"):
            found, target = self.node(runtime)
        else:
            raise runtimes.refused(runtime)
        return target, runtimes.differs(runtime, architecture, found)

    def runs(self, runtime: str, command: list[str]) -> None:
        """Note the command that the server runs functions of `runtime` with."""
        write_json(self.state / "runtimes" / f"{runtime}.json", command)


def silent(_sentence: str) -> None:
    """A log for building, which shows its own progress."""
