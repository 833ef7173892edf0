"""AWS on this machine: starts, finds, resets and ends the stand-in, and says what functions are built for there.

No account, no Docker: the emulator and AWS's own runtime clients run in environments of their own (docs/sandbox.md).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from fnctl.adapter import Sandbox
from fnctl.build.interpreters import Interpreter
from fnctl.build.model import BuildTarget
from fnctl.standins import runtimes
from fnctl.standins.local import LocalSandbox, silent
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


class AwsSandbox(LocalSandbox):
    """The emulator of AWS's API, and its functions in processes of AWS's own runtime clients."""

    platform = "aws"
    differences = DIFFERENCES
    emptied_at = "/_ministack/reset"

    def program(self, log: Callable[[str], None]) -> Program:
        """The emulator, in an environment of its own."""
        python = runtimes.own_python(self.environ)
        program = parts.server(python, self.environ, log)
        # For functions that somebody else deploys here, in a runtime that was never asked for.
        self.runs("python", [str(parts.functions(python, self.environ, log)), "-m", "awslambdaric"])
        return Program(program, "fnctl_aws.standin.launcher", {"account": ACCOUNT, "region": REGION})

    def reached(self, server: Server) -> Mapping[str, str]:
        """The endpoint, credentials of the sandbox, and no file or metadata service of this machine."""
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

    def python(self, runtime: str) -> tuple[Interpreter, BuildTarget]:
        """In an environment that holds AWS's runtime client, and boto3 as on Lambda."""
        found = runtimes.python(runtime.removeprefix("python"), self.environ)
        program = parts.functions(found, self.environ, silent)
        self.runs(runtime, [str(program), "-m", "awslambdaric"])
        short = ".".join(found.version.split(".")[:2])
        return found, BuildTarget(runtime, found.machine, platform_tags=found.tags, python=short, interpreter=program)

    def node(self, runtime: str) -> tuple[Interpreter, BuildTarget]:
        """Under AWS's runtime client."""
        major = runtime.removeprefix("nodejs").removesuffix(".x")
        found = runtimes.node(major, self.environ)
        self.runs(f"nodejs{major}", [str(found.path), str(parts.node_client(self.environ, silent))])
        return found, BuildTarget(runtime, found.machine, interpreter=found.path)


def sandbox(folder: Path) -> Sandbox:
    """The sandbox of the manifest in `folder`."""
    return AwsSandbox(folder)
