"""The life of one folder's stand-in: started once, found again, found dead, emptied, ended without a trace."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fnctl.errors import FnctlError
from fnctl.graph import Json
from fnctl.standins import supervision
from fnctl.standins.lock import lock
from fnctl.standins.supervision import Program, Server

RESET_SECONDS = 30.0


@dataclass(frozen=True)
class Life:
    """The stand-in of one manifest's folder and platform.

    Below `state`: `data/` and `server.log` go with the process that made them; whatever else a platform keeps there outlives it.
    """

    state: Path

    @classmethod
    def of(cls, folder: Path, platform: str) -> Life:
        """The one of the manifest in `folder`."""
        return cls(folder.absolute() / ".fnctl" / "sandbox" / platform)

    def prepare(self) -> None:
        """Make its folder, outside the user's version control. Raises FnctlError FN404."""
        try:
            self.state.mkdir(parents=True, exist_ok=True)
            ignore = self.state.parent.parent / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n")
        except OSError as error:
            message = f"cannot write the sandbox's state to {self.state}"
            raise FnctlError(message, code="FN404", notes=(str(error),), help="Make the manifest's folder writable.") from error

    def start(self, program: Callable[[], Program], log: Callable[[str], None]) -> Server:
        """Start it unless it runs; `program` is asked only then. Raises FnctlError with the log's end when it cannot."""
        self.prepare()
        with lock(self.state / "lock"):
            known = supervision.recall(self.state)
            if known is not None and supervision.alive(known):
                return known
            if known is not None:
                log("The sandbox had died, and its data with it: starting an empty one")
                supervision.end(known)
                self._forget()
            wanted = program()
            log("Starting the sandbox")
            server = supervision.spawn(wanted, self.state, known.port if known else 0)
            supervision.remember(self.state, server)
            return server

    def stop(self) -> bool:
        """End its processes, by the recorded id and start time; its data goes with it. False when nothing ran."""
        if not self.state.exists():
            return False
        with lock(self.state / "lock"):
            known = supervision.recall(self.state)
            ran = known is not None and supervision.end(known)
            self._forget()
        return ran

    def running(self) -> Server | None:
        """None when it does not run, or does not answer."""
        known = supervision.recall(self.state)
        return known if known is not None and supervision.alive(known) else None

    def status(self, differences: Sequence[str]) -> Mapping[str, Json] | None:
        """What `fnctl sandbox status` prints; None when it does not run."""
        server = self.running()
        if server is None:
            return None
        return {
            "pid": server.pid,
            "endpoint": server.url,
            "started": server.started,
            "log": str(self.state / "server.log"),
            "differences": list(differences),
        }

    def reset(self, path: str) -> None:
        """Have it forget all data, by a POST to `path` at its endpoint, and keep it running. Raises FnctlError FN952, FN953."""
        server = self.running()
        if server is None:
            message = "the sandbox is not running"
            raise FnctlError(message, code="FN952", help="Start it: fnctl sandbox start")
        status, words = supervision.ask(server.port, "POST", path, RESET_SECONDS)
        if status not in (200, 204):
            message = "the sandbox could not be reset"
            raise FnctlError(message, code="FN953", notes=(words,), help="Stop it: fnctl sandbox stop")

    def _forget(self) -> None:
        """Its data. Which interpreters run what, and the ports of its fronts, are worth keeping."""
        shutil.rmtree(self.state / "data", ignore_errors=True)
        for name in ("state.json", "ready.json", "server.log"):
            (self.state / name).unlink(missing_ok=True)
