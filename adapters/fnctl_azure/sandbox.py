"""Azure on this machine: starts, finds, resets and ends the stand-in, and says what functions are built for there.

No account, no Docker, no .NET: what it is made of, and in what it differs from Azure, is told in docs/sandbox.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from fnctl.adapter import Sandbox
from fnctl.build.interpreters import Interpreter
from fnctl.build.model import BuildTarget
from fnctl.standins import runtimes
from fnctl.standins.environments import Environments
from fnctl.standins.local import LocalSandbox, silent
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
    "`remote_build` runs this machine's pip, with its indexes, for the interpreter at hand; what has to be compiled takes its tools.",
    "Functions run as processes of this machine: memory is not limited, and there is one instance of an app.",
    "Output bindings are told in the log and not written; Event Grid tries again after seconds, not minutes, and keeps no dead letters.",
    "Logs are there at once, and only the words of Kusto's language are known that it takes to read them.",
    "What it holds goes with the sandbox's process.",
)


class AzureSandbox(LocalSandbox):
    """Resource Manager, Entra, SCM and the apps' hosts on one port, and Azurite behind them."""

    platform = "azure"
    differences = DIFFERENCES
    emptied_at = "/_fnctl/reset"

    def program(self, log: Callable[[str], None]) -> Program:
        """The stand-in, which starts Azurite itself."""
        python, node = runtimes.own_python(self.environ), runtimes.node(NODE, self.environ)
        environments = Environments("azure", self.environ, log)
        settings = {"azurite": json.dumps(azurite.azurite(node, environments))}
        # For functions that somebody else deploys here, in a runtime that was never asked for.
        self.runs(f"python{_short(python)}", parts.python(python, environments))
        return Program(python.path, "fnctl_azure.standin.launcher", settings)

    def reached(self, server: Server) -> Mapping[str, str]:
        """The endpoint, and an identity of the sandbox."""
        return {
            "FNCTL_AZURE_ENDPOINT": server.url,
            "FNCTL_AZURE_STORAGE_CONNECTION": str(server.facts["storage"]),
            "AZURE_AUTHORITY_HOST": server.url,
            "AZURE_SUBSCRIPTION_ID": world.SUBSCRIPTION,
            "AZURE_TENANT_ID": world.TENANT,
            "AZURE_CLIENT_ID": entra.CLIENT,
            "AZURE_CLIENT_SECRET": entra.SECRET,
        }

    def python(self, runtime: str) -> tuple[Interpreter, BuildTarget]:
        """In an environment that holds Azure's libraries for Python functions."""
        found = runtimes.python(runtime.removeprefix("python"), self.environ)
        environments = Environments("azure", self.environ, silent)
        self.runs(runtime, parts.python(found, environments))
        # How indexes are reached may hold a password: the file is its owner's alone, as all that `write_json` makes.
        write_json(self.state / "runtimes" / f"{runtime}.pip.json", environments.installer(found.path))
        short = _short(found)
        return found, BuildTarget(runtime, found.machine, platform_tags=found.tags, python=short, brings=brings(short), interpreter=found.path)

    def node(self, runtime: str) -> tuple[Interpreter, BuildTarget]:
        """Under the host that takes the place of Azure's Node worker."""
        found = runtimes.node(runtime.removeprefix("nodejs").removesuffix(".x"), self.environ)
        self.runs(runtime.removesuffix(".x"), parts.node(found))
        return found, BuildTarget(runtime, found.machine, externals=EXTERNALS, interpreter=found.path)


def sandbox(folder: Path) -> Sandbox:
    """The sandbox of the manifest in `folder`."""
    return AzureSandbox(folder)


def _short(python: Interpreter) -> str:
    return ".".join(python.version.split(".")[:2])
