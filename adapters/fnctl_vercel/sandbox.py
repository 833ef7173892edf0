"""Vercel on this machine: starts, finds, resets and ends the stand-in, and says what functions are built for there.

No account, no Docker, nothing to install: the stand-in needs Python alone, and Vercel's Python runtime travels in every function (docs/sandbox.md).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fnctl.adapter import Sandbox
from fnctl.build.model import BuildTarget
from fnctl.errors import FnctlError
from fnctl.graph import Json
from fnctl.standins import runtimes
from fnctl.standins.life import Life
from fnctl.standins.serving import write_json
from fnctl.standins.supervision import Program, Server
from fnctl_vercel.output.recipe import BOOTSTRAP
from fnctl_vercel.standin.account import TOKEN

TEAM = "team_sandbox"

DIFFERENCES = (
    "Functions run as processes of this machine: memory is not limited, the whole file system can be written, and the network is open.",
    "One process serves all calls of a function; there is no second one beside it, and no region.",
    "Nothing is built here: a deployment has to bring its build output.",
    "Host names under vercel.app do not resolve: each one that is asked for has a loopback port of its own.",
    "Every domain counts as verified; there are no certificates, and http is all there is.",
    "Middleware, edge functions, images, caches and ISR are not there; static files are.",
    "Failed messages come again after the topic's delay as on Vercel, and without its growing pause after 32 tries.",
    "Rolling releases split by chance for every request, and not by visitor.",
    "Numbers of calls are limited per minute and day as Vercel documents for uploads and deployments; its other limits are not public.",
    "Data and messages are in memory and go with the sandbox's process.",
)


@dataclass(frozen=True)
class VercelSandbox:
    """The sandbox of one manifest's folder. `environ` is this machine's: where the cache is and which interpreters there are."""

    folder: Path
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    @property
    def state(self) -> Path:
        """All that it keeps; anyone may delete it while nothing runs."""
        return self._life.state

    @property
    def _life(self) -> Life:
        return Life.of(self.folder, "vercel")

    def start(self, log: Callable[[str], None]) -> Mapping[str, str]:
        """Start it unless it runs; raises FnctlError with the log's end when it cannot."""
        return _environ(self._life.start(self._program, log))

    def _program(self) -> Program:
        return Program(runtimes.own_python(self.environ).path, "fnctl_vercel.standin.launcher")

    def stop(self) -> bool:
        """End its processes, by the recorded id and start time; its data goes with it."""
        return self._life.stop()

    def status(self) -> Mapping[str, Json] | None:
        """None when it does not run, or does not answer."""
        return self._life.status(DIFFERENCES)

    def reset(self) -> None:
        """Forget all data, keep it running."""
        self._life.reset("/_sandbox/reset")

    def build_target(self, runtime: str, architecture: str) -> tuple[BuildTarget, str | None]:
        """The interpreter that functions of `runtime` run on here."""
        self._life.prepare()
        if runtime.startswith("python"):
            return self._python(runtime, architecture)
        if runtime.startswith("nodejs"):
            return self._node(runtime, architecture)
        raise runtimes.refused(runtime)

    def _python(self, runtime: str, architecture: str) -> tuple[BuildTarget, str | None]:
        version = runtime.removeprefix("python")
        found = runtimes.python(version, self.environ)
        if not found.exact:
            hint = f"Install Python {version}, set FNCTL_PYTHON_{version.replace('.', '_')} to its path, or set {runtimes.FETCH}=1."
            message = f"the sandbox needs Python {version} to run functions for it: Vercel's runtime takes no older one"
            raise FnctlError(message, code="FN954", help=hint)
        self._command(runtime, [str(found.path)])
        target = BuildTarget(runtime, found.machine, platform_tags=found.tags, python=version, interpreter=found.path, brings=(BOOTSTRAP,))
        return target, runtimes.differs(runtime, architecture, found)

    def _node(self, runtime: str, architecture: str) -> tuple[BuildTarget, str | None]:
        major = runtime.removeprefix("nodejs").removesuffix(".x")
        found = runtimes.node(major, self.environ)
        self._command(f"nodejs{major}", [str(found.path)])
        return BuildTarget(runtime, found.machine, interpreter=found.path), runtimes.differs(runtime, architecture, found)

    def _command(self, runtime: str, command: list[str]) -> None:
        write_json(self.state / "runtimes" / f"{runtime}.json", command)


def sandbox(folder: Path) -> Sandbox:
    """The sandbox of the manifest in `folder`."""
    return VercelSandbox(folder)


def _environ(server: Server) -> Mapping[str, str]:
    """What fnctl's own client needs to reach it and nothing else."""
    return {
        "FNCTL_VERCEL_ENDPOINT": server.url,
        "VERCEL_TOKEN": TOKEN,
        "VERCEL_ORG_ID": TEAM,
        "FNCTL_SANDBOX_FRONT": f"{server.url}/_sandbox",
    }
