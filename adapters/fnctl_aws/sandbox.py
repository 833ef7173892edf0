"""AWS on this machine: starts, finds, resets and ends the stand-in, and says what functions are built for there.

No account, no Docker: the emulator and AWS's own runtime clients run in environments of their own (docs/sandbox.md).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fnctl.adapter import Sandbox
from fnctl.build.model import BuildTarget
from fnctl.graph import Json
from fnctl.standins import runtimes
from fnctl.standins.life import Life
from fnctl.standins.serving import write_json
from fnctl.standins.supervision import Program, Server
from fnctl_aws.standin import parts

ACCOUNT = "123456789012"
REGION = "eu-west-1"

DIFFERENCES = (
    "IAM decides nothing: roles and policies are kept and read back, no right is refused.",
    "Functions run as processes of this machine: memory and ephemeral storage are not limited, /tmp is this machine's, and the network is open.",
    "Layers lie in a folder of their own, not in /opt.",
    "Container images are deployed and never run: they need Docker. A call of such a function fails and says so.",
    "At most 10 environments of a function run at once; further calls wait for one. Provisioned concurrency is kept, and changes nothing.",
    "Weighted aliases send everything to the main version: a canary gets no traffic.",
    "An HTTP API answers OPTIONS itself, with 403 where the manifest sets no cors: on AWS the function would be asked.",
    "Responses are sent when they are whole: streaming arrives at the end.",
    "Async calls are retried after 1 and 2 seconds, not after minutes; destinations for success get nothing.",
    "The tagging API finds some kinds of objects only; fnctl finds its own by name.",
    "The AWS SDK for JavaScript is not there by itself: bundle it. boto3 is.",
    "Nothing survives the sandbox's process: it keeps its data in memory.",
)


@dataclass(frozen=True)
class AwsSandbox:
    """The sandbox of one manifest's folder. `environ` is this machine's: where the cache is and which interpreters there are."""

    folder: Path
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    @property
    def state(self) -> Path:
        """All that it keeps; anyone may delete it while nothing runs."""
        return self._life.state

    @property
    def _life(self) -> Life:
        return Life.of(self.folder, "aws")

    def start(self, log: Callable[[str], None]) -> Mapping[str, str]:
        """Start it unless it runs; raises FnctlError with the log's end when it cannot."""
        return _environ(self._life.start(lambda: self._program(log), log))

    def _program(self, log: Callable[[str], None]) -> Program:
        python = runtimes.own_python(self.environ)
        program = parts.server(python, self.environ, log)
        # For functions that somebody else deploys here, in a runtime that was never asked for.
        self._command("python", [str(parts.functions(python, self.environ, log)), "-m", "awslambdaric"])
        return Program(program, "fnctl_aws.standin.launcher", {"account": ACCOUNT, "region": REGION})

    def stop(self) -> bool:
        """End its processes, by the recorded id and start time; its data goes with it."""
        return self._life.stop()

    def status(self) -> Mapping[str, Json] | None:
        """None when it does not run, or does not answer."""
        return self._life.status(DIFFERENCES)

    def reset(self) -> None:
        """Forget all data, keep it running."""
        self._life.reset("/_ministack/reset")

    def build_target(self, runtime: str, architecture: str) -> tuple[BuildTarget, str | None]:
        """The interpreter that functions of `runtime` run on here; makes its environment on first use."""
        self._life.prepare()
        if runtime.startswith("python"):
            return self._python(runtime, architecture)
        if runtime.startswith("nodejs"):
            return self._node(runtime, architecture)
        raise runtimes.refused(runtime)

    def _python(self, runtime: str, architecture: str) -> tuple[BuildTarget, str | None]:
        found = runtimes.python(runtime.removeprefix("python"), self.environ)
        program = parts.functions(found, self.environ, _silent)
        self._command(runtime, [str(program), "-m", "awslambdaric"])
        short = ".".join(found.version.split(".")[:2])
        target = BuildTarget(runtime, found.machine, platform_tags=found.tags, python=short, interpreter=program)
        return target, runtimes.differs(runtime, architecture, found)

    def _node(self, runtime: str, architecture: str) -> tuple[BuildTarget, str | None]:
        major = runtime.removeprefix("nodejs").removesuffix(".x")
        found = runtimes.node(major, self.environ)
        self._command(f"nodejs{major}", [str(found.path), str(parts.node_client(self.environ, _silent))])
        return BuildTarget(runtime, found.machine, interpreter=found.path), runtimes.differs(runtime, architecture, found)

    def _command(self, runtime: str, command: list[str]) -> None:
        write_json(self.state / "runtimes" / f"{runtime}.json", command)


def sandbox(folder: Path) -> Sandbox:
    """The sandbox of the manifest in `folder`."""
    return AwsSandbox(folder)


def _environ(server: Server) -> Mapping[str, str]:
    """What an SDK, and fnctl's own client, need to reach it and nothing else."""
    return {
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_SESSION_TOKEN": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "FNCTL_SANDBOX_FRONT": f"http://127.0.0.1:{server.control}",
    }


def _silent(_sentence: str) -> None:
    """Building shows its own progress."""
