"""What a function finds around it: its code and layers on disk, and the environment that Lambda would give it, and nothing of this machine."""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
import tempfile
import uuid
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fnctl_aws.standin.environment import Setup


@dataclass(frozen=True)
class Machine:
    """What the sandbox knows about where it runs: its data folder, its endpoint, and the folder of commands for each runtime."""

    data: Path
    endpoint: str
    runtimes: Path


@dataclass(frozen=True)
class Function:
    """One published version, or $LATEST, as an invocation needs it."""

    config: Mapping[str, Any]
    account: str
    region: str
    code: bytes
    layers: tuple[bytes, ...]

    @property
    def name(self) -> str:
        """The bare name."""
        return str(self.config["FunctionName"])

    @property
    def version(self) -> str:
        """A number or $LATEST."""
        return str(self.config.get("Version", "$LATEST"))

    @property
    def runtime(self) -> str:
        """As the manifest spells it: `nodejs22`, not `nodejs22.x`."""
        return str(self.config.get("Runtime", "")).removesuffix(".x")

    @property
    def timeout(self) -> float:
        """Seconds."""
        return float(self.config.get("Timeout") or 3)

    @property
    def log_group(self) -> str:
        """Its own, or the one that its logging configuration names."""
        return str(self._logging.get("LogGroup") or f"/aws/lambda/{self.name}")

    @property
    def json_logs(self) -> bool:
        """Whether platform lines are JSON."""
        return self._logging.get("LogFormat") == "JSON"

    @property
    def _logging(self) -> Mapping[str, Any]:
        return self.config.get("LoggingConfig") or {}

    @property
    def key(self) -> str:
        """Changes whenever Lambda would start a fresh environment: new code, configuration or version."""
        changing = {k: v for k, v in self.config.items() if k not in _PASSING}
        return f"{self.account}:{self.region}:{self.name}:{self.version}:{digest(json.dumps(changing, sort_keys=True, default=str).encode())}"


_PASSING = frozenset({"FunctionArn", "Description"} | {f"{p}{s}" for p in ("State", "LastUpdateStatus") for s in ("", "Reason", "ReasonCode")})


class Unsupported(Exception):  # becomes the function's own error
    """Nothing here that runs the function: no interpreter of its runtime, or it is an image."""


def digest(data: bytes) -> str:
    """Enough of a SHA-256 for a folder's name."""
    return hashlib.sha256(data).hexdigest()[:24]


def setup(function: Function, machine: Machine) -> tuple[Setup, str]:
    """Unpack what is needed; return how to start it, and the name of its log stream."""
    if function.config.get("PackageType") == "Image":
        words = "the sandbox runs no container images: they need Docker; deploy to AWS to call this function"
        raise Unsupported(words)
    root = unpack([function.code], machine.data / "code")
    layers = unpack(function.layers, machine.data / "layers") if function.layers else None
    stream = f"{datetime.now(UTC):%Y/%m/%d}/[{function.version}]{uuid.uuid4().hex}"
    interpreter = _interpreter(function, root, machine.runtimes)
    environ = _environ(function, machine, root, layers, stream)
    # Like the real one: a search path of the system, the interpreter's own folder, then layers.
    environ["PATH"] = os.pathsep.join(
        [str(Path(interpreter[0]).parent), "/usr/local/bin", "/usr/bin", "/bin", *([f"{layers}/bin"] if layers else [])]
    )
    return Setup([*interpreter, str(function.config.get("Handler", ""))], environ, root, function.timeout), stream


def _interpreter(function: Function, root: Path, runtimes: Path) -> list[str]:
    if function.runtime.startswith("provided"):
        return [str(root / "bootstrap")]
    family = "python" if function.runtime.startswith("python") else "nodejs" if function.runtime.startswith("nodejs") else function.runtime
    command = _known(runtimes / f"{function.runtime}.json") or _known(runtimes / f"{family}.json")
    if command is None:
        words = f"the sandbox has no interpreter for {function.runtime or 'this runtime'}"
        raise Unsupported(words)
    return command


def _known(file: Path) -> list[str] | None:
    try:
        command: list[str] = json.loads(file.read_text())
    except (OSError, ValueError):
        return None
    return command


def _environ(function: Function, machine: Machine, root: Path, layers: Path | None, stream: str) -> dict[str, str]:
    own = (function.config.get("Environment") or {}).get("Variables") or {}
    return {
        **_lambda(function, root, stream),
        **_search(function.runtime, root, layers),
        **{str(k): str(v) for k, v in own.items() if k not in _RESERVED},
        # Last, so that nothing can point a function at a real account.
        **_safe(function, machine),
    }


_RESERVED = frozenset({"_HANDLER", "_X_AMZN_TRACE_ID", "AWS_EXECUTION_ENV", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"})


def _lambda(function: Function, root: Path, stream: str) -> dict[str, str]:
    logging = function.config.get("LoggingConfig") or {}
    levels = {"AWS_LAMBDA_LOG_LEVEL": logging.get("ApplicationLogLevel") or "INFO"} if function.json_logs else {}
    return {
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.config.get("MemorySize") or 128),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        "AWS_LAMBDA_LOG_FORMAT": "JSON" if function.json_logs else "Text",
        **levels,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.config.get('Runtime', '')}",
        "LAMBDA_TASK_ROOT": str(root),
        "_HANDLER": str(function.config.get("Handler", "")),
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
    }


def _search(runtime: str, root: Path, layers: Path | None) -> dict[str, str]:
    """Where imports and libraries are looked for. Layers lie in one folder, later ones over earlier ones, as in /opt."""
    opt = [layers] if layers else []
    libraries = {"LD_LIBRARY_PATH": os.pathsep.join([*(f"{o}/lib" for o in opt), str(root), f"{root}/lib"])}
    if runtime.startswith("python"):
        version = runtime.removeprefix("python")
        packages = [f for o in opt for f in (f"{o}/python/lib/python{version}/site-packages", f"{o}/python")]
        return {**libraries, "PYTHONPATH": os.pathsep.join(packages)}
    if runtime.startswith("nodejs"):
        major = runtime.removeprefix("nodejs")
        modules = [f for o in opt for f in (f"{o}/nodejs/node{major}/node_modules", f"{o}/nodejs/node_modules")]
        return {**libraries, "NODE_PATH": os.pathsep.join([*modules, str(root)])}
    return libraries


def _safe(function: Function, machine: Machine) -> dict[str, str]:
    home = machine.data / "homes" / digest(function.key.encode())
    home.mkdir(parents=True, exist_ok=True)
    return {
        "HOME": str(home),
        "AWS_REGION": function.region,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_SESSION_TOKEN": "test",
        "AWS_ENDPOINT_URL": machine.endpoint,
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def unpack(archives: Sequence[bytes], base: Path) -> Path:
    """One folder for these archives, later ones over earlier ones; made once and shared, as /var/task is for reading only."""
    folder = base / digest(b"".join(hashlib.sha256(a).digest() for a in archives))
    if folder.exists():
        return folder
    base.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=base))
    made.chmod(0o755)
    for archive in archives:
        with zipfile.ZipFile(io.BytesIO(archive)) as members:
            _extract(members, members.infolist(), made)
    try:
        made.rename(folder)
    except OSError:
        if not folder.exists():  # another thread was faster otherwise, with the same content
            raise
    return folder


def _extract(archive: zipfile.ZipFile, members: Iterable[zipfile.ZipInfo], folder: Path) -> None:
    for member in members:
        mode = member.external_attr >> 16
        target = folder / member.filename
        if stat.S_ISLNK(mode) and target.resolve().is_relative_to(folder.resolve()):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            target.symlink_to(archive.read(member).decode())
            continue
        written = Path(archive.extract(member, folder))
        if mode & 0o777 and written.is_file():
            written.chmod(mode & 0o777 | stat.S_IRUSR | stat.S_IWUSR)
