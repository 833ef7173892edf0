"""AWS on this machine: starts, finds, resets and ends the stand-in, and says what functions are built for there.

No account, no Docker: the emulator and AWS's own runtime clients run in environments of their own (docs/sandbox.md).
"""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fnctl.adapter import Sandbox
from fnctl.build import interpreters
from fnctl.build.interpreters import Interpreter
from fnctl.build.model import BuildTarget
from fnctl.errors import FnctlError
from fnctl.graph import Json
from fnctl_aws.standin import parts, supervision
from fnctl_aws.standin.supervision import Server

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
        return self.folder.absolute() / ".fnctl" / "sandbox" / "aws"

    def start(self, log: Callable[[str], None]) -> Mapping[str, str]:
        """Start it unless it runs; raises FnctlError with the log's end when it cannot."""
        _prepare(self.state)
        with supervision.lock(self.state / "lock"):
            known = supervision.recall(self.state)
            if known is not None and supervision.alive(known):
                return _environ(known)
            if known is not None:
                log("The sandbox had died, and its data with it: starting an empty one")
                supervision.end(known)
                _forget(self.state)
            return _environ(self._spawn(known, log))

    def _spawn(self, known: Server | None, log: Callable[[str], None]) -> Server:
        python = _own_python(self.environ)
        program = parts.server(python, self.environ, log)
        # For functions that somebody else deploys here, in a runtime that was never asked for.
        self._command("python", [str(parts.functions(python, self.environ, log)), "-m", "awslambdaric"])
        log("Starting the sandbox")
        settings: dict[str, str | int] = {"account": ACCOUNT, "region": REGION, "port": known.port if known else 0}
        server = supervision.spawn(program, self.state, settings)
        supervision.remember(self.state, server)
        return server

    def stop(self) -> bool:
        """End its processes, by the recorded id and start time; its data goes with it."""
        if not self.state.exists():
            return False
        with supervision.lock(self.state / "lock"):
            known = supervision.recall(self.state)
            ran = known is not None and supervision.end(known)
            _forget(self.state)
        return ran

    def status(self) -> Mapping[str, Json] | None:
        """None when it does not run, or does not answer."""
        known = supervision.recall(self.state)
        if known is None or not supervision.alive(known):
            return None
        return {
            "pid": known.pid,
            "endpoint": _url(known.port),
            "started": known.started,
            "log": str(self.state / "server.log"),
            "differences": list(DIFFERENCES),
        }

    def reset(self) -> None:
        """Forget all data, keep it running."""
        known = supervision.recall(self.state)
        if known is None or not supervision.alive(known):
            message = "the sandbox is not running"
            raise FnctlError(message, code="FN952", help="Start it: fnctl sandbox start")
        problem = supervision.reset(known)
        if problem is not None:
            message = "the sandbox could not be reset"
            raise FnctlError(message, code="FN953", notes=(problem,), help="Stop it: fnctl sandbox stop")

    def build_target(self, runtime: str, architecture: str) -> tuple[BuildTarget, str | None]:
        """The interpreter that functions of `runtime` run on here; makes its environment on first use."""
        _prepare(self.state)
        fetch = self.environ.get("FNCTL_FETCH_INTERPRETERS") == "1"
        if runtime.startswith("python"):
            return self._python(runtime, architecture, fetch)
        if runtime.startswith("nodejs"):
            return self._node(runtime, architecture, fetch)
        message = f"the sandbox cannot run {runtime}"
        raise FnctlError(message, code="FN954", help="Use a python or nodejs runtime, or deploy to an account.")

    def _python(self, runtime: str, architecture: str, fetch: bool) -> tuple[BuildTarget, str | None]:
        version = runtime.removeprefix("python")
        found = interpreters.find(version, self.environ, fetch=fetch) or _missing("Python", version)
        program = parts.functions(found, self.environ, _silent)
        self._command(runtime, [str(program), "-m", "awslambdaric"])
        short = ".".join(found.version.split(".")[:2])
        target = BuildTarget(runtime, found.machine, platform_tags=found.tags, python=short, interpreter=program)
        hint = f"FNCTL_PYTHON_{version.replace('.', '_')}"
        return target, _differs(runtime, architecture, found, f"Python {found.version}", hint)

    def _node(self, runtime: str, architecture: str, fetch: bool) -> tuple[BuildTarget, str | None]:
        major = runtime.removeprefix("nodejs").removesuffix(".x")
        found = interpreters.find_node(major, self.environ, fetch=fetch) or _missing("Node", major)
        self._command(f"nodejs{major}", [str(found.path), str(parts.node_client(self.environ, _silent))])
        target = BuildTarget(runtime, found.machine, interpreter=found.path)
        return target, _differs(runtime, architecture, found, f"Node {found.version}", f"FNCTL_NODE_{major}")

    def _command(self, runtime: str, command: list[str]) -> None:
        parts.write_json(self.state / "runtimes" / f"{runtime}.json", command)


def sandbox(folder: Path) -> Sandbox:
    """The sandbox of the manifest in `folder`."""
    return AwsSandbox(folder)


def _environ(server: Server) -> Mapping[str, str]:
    """What an SDK, and fnctl's own client, need to reach it and nothing else."""
    return {
        "AWS_ENDPOINT_URL": _url(server.port),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_SESSION_TOKEN": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "FNCTL_SANDBOX_FRONT": _url(server.control),
    }


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def _prepare(state: Path) -> None:
    try:
        state.mkdir(parents=True, exist_ok=True)
        ignore = state.parent.parent / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")
    except OSError as error:
        message = f"cannot write the sandbox's state to {state}"
        raise FnctlError(message, code="FN404", notes=(str(error),), help="Make the manifest's folder writable.") from error


def _forget(state: Path) -> None:
    """Its data. Which interpreters run what, and the ports of its fronts, are worth keeping."""
    shutil.rmtree(state / "data", ignore_errors=True)
    for name in ("state.json", "ready.json", "server.log"):
        (state / name).unlink(missing_ok=True)


def _own_python(environ: Mapping[str, str]) -> Interpreter:
    version = ".".join(platform.python_version_tuple()[:2])
    return interpreters.find(version, environ) or _missing("Python", version)


def _missing(language: str, version: str) -> Interpreter:
    message = f"the sandbox found no {language} to run functions on"
    name = f"FNCTL_{language.upper()}_{version.replace('.', '_')}"
    raise FnctlError(message, code="FN954", help=f"Install {language} {version}, or set {name} to its path.")


def _differs(runtime: str, architecture: str, found: Interpreter, here: str, hint: str) -> str | None:
    said: list[str] = []
    if not found.exact:
        said.append(f"Functions for {runtime} run on {here} here: no other is at hand (set {hint} to its path, or FNCTL_FETCH_INTERPRETERS=1)")
    if architecture != found.machine:
        said.append(f"This machine is {found.machine}, not {architecture}")
    return "; ".join(said) or None


def _silent(_sentence: str) -> None:
    """Building shows its own progress."""
