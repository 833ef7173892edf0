"""Azure on this machine: starts, finds, resets and ends the stand-in, and says what functions are built for there.

No account, no Docker, no .NET: what it is made of, and in what it differs from Azure, is told in docs/sandbox.md.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fnctl.adapter import Sandbox
from fnctl.build.model import BuildTarget
from fnctl.graph import Json
from fnctl.standins import runtimes
from fnctl.standins.environments import Environments
from fnctl.standins.life import Life
from fnctl.standins.serving import write_json
from fnctl.standins.supervision import Program, Server
from fnctl_azure.artifact.library import EXTERNALS, brings
from fnctl_azure.standin import entra, world
from fnctl_azure.standin.azurite import parts as azurite
from fnctl_azure.standin.hosts import parts

NODE = "20"
"""What Azurite runs on: this or newer."""

DIFFERENCES = (
    "Operations that take minutes on Azure are done in a moment; roles act, and new identities are known, after a moment too.",
    "Who deploys is an owner with all data roles; roles are asked for only when an app's identity reads its package or a secret.",
    "Service Bus, Event Hubs, Event Grid topics and Cosmos DB are checked and kept as configuration: they carry no message, hold no item.",
    "Blobs, queues and tables are Azurite's: it knows no roles, and takes the sandbox's own key for every account.",
    "Packages are never built there: `remote_build` is refused, and installing packages is left to fnctl.",
    "Functions run as processes of this machine: memory is not limited, and there is one instance of an app.",
    "Output bindings are told in the log and not written; Event Grid tries again after seconds, not minutes, and keeps no dead letters.",
    "Logs are there at once, and only the words of Kusto's language are known that it takes to read them.",
    "What it holds goes with the sandbox's process.",
)


@dataclass(frozen=True)
class AzureSandbox:
    """The sandbox of one manifest's folder. `environ` is this machine's: where the cache is and which interpreters there are."""

    folder: Path
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    @property
    def state(self) -> Path:
        """All that it keeps; anyone may delete it while nothing runs."""
        return self._life.state

    @property
    def _life(self) -> Life:
        return Life.of(self.folder, "azure")

    def start(self, log: Callable[[str], None]) -> Mapping[str, str]:
        """Start it unless it runs; raises FnctlError with the log's end when it cannot."""
        return environment(self._life.start(lambda: self._program(log), log))

    def _program(self, log: Callable[[str], None]) -> Program:
        python, node = runtimes.own_python(self.environ), runtimes.node(NODE, self.environ)
        environments = Environments("azure", self.environ, log)
        settings = {"azurite": json.dumps(azurite.azurite(node, environments))}
        # For functions that somebody else deploys here, in a runtime that was never asked for.
        self._command(f"python{'.'.join(python.version.split('.')[:2])}", parts.python(python, environments))
        return Program(python.path, "fnctl_azure.standin.launcher", settings)

    def _command(self, runtime: str, command: list[str]) -> None:
        write_json(self.state / "runtimes" / f"{runtime}.json", command)

    def stop(self) -> bool:
        """End its processes, by the recorded id and start time; its data goes with it."""
        return self._life.stop()

    def status(self) -> Mapping[str, Json] | None:
        """None when it does not run, or does not answer."""
        return self._life.status(DIFFERENCES)

    def reset(self) -> None:
        """Forget all data, keep it running."""
        self._life.reset("/_fnctl/reset")

    def build_target(self, runtime: str, architecture: str) -> tuple[BuildTarget, str | None]:
        """The interpreter that functions of `runtime` run on here; makes its environment on first use."""
        self._life.prepare()
        environments = Environments("azure", self.environ, _silent)
        if runtime.startswith("python"):
            found = runtimes.python(runtime.removeprefix("python"), self.environ)
            self._command(runtime, parts.python(found, environments))
            short = ".".join(found.version.split(".")[:2])
            target = BuildTarget(runtime, found.machine, platform_tags=found.tags, python=short, brings=brings(short), interpreter=found.path)
            return target, runtimes.differs(runtime, architecture, found)
        if runtime.startswith("nodejs"):
            found = runtimes.node(runtime.removeprefix("nodejs").removesuffix(".x"), self.environ)
            self._command(runtime.removesuffix(".x"), parts.node(found))
            return BuildTarget(runtime, found.machine, externals=EXTERNALS, interpreter=found.path), runtimes.differs(runtime, architecture, found)
        raise runtimes.refused(runtime)


def sandbox(folder: Path) -> Sandbox:
    """The sandbox of the manifest in `folder`."""
    return AzureSandbox(folder)


def environment(server: Server) -> Mapping[str, str]:
    """What fnctl's own client, and an SDK, need to reach it and nothing else."""
    return {
        "FNCTL_AZURE_ENDPOINT": server.url,
        "FNCTL_AZURE_STORAGE_CONNECTION": str(server.facts["storage"]),
        "AZURE_AUTHORITY_HOST": server.url,
        "AZURE_SUBSCRIPTION_ID": world.SUBSCRIPTION,
        "AZURE_TENANT_ID": world.TENANT,
        "AZURE_CLIENT_ID": entra.CLIENT,
        "AZURE_CLIENT_SECRET": entra.SECRET,
    }


def _silent(_sentence: str) -> None:
    """Building shows its own progress."""
