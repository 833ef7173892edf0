"""Vercel on this machine: starts, finds, resets and ends the stand-in, and says what functions are built for there.

No account, no Docker, nothing to install: the stand-in needs Python alone, and Vercel's Python runtime travels in every function (docs/sandbox.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from fnctl.adapter import Sandbox
from fnctl.build.interpreters import Interpreter
from fnctl.build.model import BuildTarget
from fnctl.errors import FnctlError
from fnctl.standins import runtimes
from fnctl.standins.local import LocalSandbox
from fnctl.standins.supervision import Program, Server
from fnctl_vercel.output.recipe import BOOTSTRAP
from fnctl_vercel.standin.account import TOKEN

TEAM = "team_sandbox"

DIFFERENCES = (
    "Functions run as processes of this machine: memory is not limited, the whole file system can be written, and the network is open.",
    "One process serves all calls of a function; there is no second one beside it, and no region.",
    "Nothing is built here: a deployment has to bring its build output.",
    "Large functions, a beta, are refused: 250 MB for Node and 500 MB for Python is the most.",
    "Host names under vercel.app do not resolve: each one that is asked for has a loopback port of its own.",
    "Every domain counts as verified; there are no certificates, and http is all there is.",
    "Middleware, edge functions, images, caches and ISR are not there; static files are.",
    "Failed messages come again after the topic's delay as on Vercel, and without its growing pause after 32 tries.",
    "Rolling releases split by chance for every request, and not by visitor.",
    "Numbers of calls are limited per minute and day as Vercel documents for uploads and deployments; its other limits are not public.",
    "Data and messages are in memory and go with the sandbox's process.",
)


class VercelSandbox(LocalSandbox):
    """Vercel's API, and the deployments' functions behind ports of their own."""

    platform = "vercel"
    differences = DIFFERENCES
    emptied_at = "/_sandbox/reset"

    def program(self, log: Callable[[str], None]) -> Program:
        """The stand-in, which needs Python alone."""
        return Program(runtimes.own_python(self.environ).path, "fnctl_vercel.standin.launcher")

    def reached(self, server: Server) -> Mapping[str, str]:
        """The endpoint, and the token of an owner of the sandbox's team."""
        return {
            "FNCTL_VERCEL_ENDPOINT": server.url,
            "VERCEL_TOKEN": TOKEN,
            "VERCEL_ORG_ID": TEAM,
            "FNCTL_SANDBOX_FRONT": f"{server.url}/_sandbox",
        }

    def python(self, runtime: str) -> tuple[Interpreter, BuildTarget]:
        """The very version: Vercel's runtime, which travels in the function, is made for it."""
        version = runtime.removeprefix("python")
        found = runtimes.python(version, self.environ)
        if not found.exact:
            hint = f"Install Python {version}, set FNCTL_PYTHON_{version.replace('.', '_')} to its path, or set {runtimes.FETCH}=1."
            message = f"the sandbox needs Python {version} to run functions for it: Vercel's runtime takes no older one"
            raise FnctlError(message, code="FN954", help=hint)
        self.runs(runtime, [str(found.path)])
        return found, BuildTarget(runtime, found.machine, platform_tags=found.tags, python=version, interpreter=found.path, brings=(BOOTSTRAP,))

    def node(self, runtime: str) -> tuple[Interpreter, BuildTarget]:
        """Under the stand-in's launcher."""
        major = runtime.removeprefix("nodejs").removesuffix(".x")
        found = runtimes.node(major, self.environ)
        self.runs(f"nodejs{major}", [str(found.path)])
        return found, BuildTarget(runtime, found.machine, interpreter=found.path)


def sandbox(folder: Path) -> Sandbox:
    """The sandbox of the manifest in `folder`."""
    return VercelSandbox(folder)
