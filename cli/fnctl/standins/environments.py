"""A stand-in's own environments under the cache: made once from hash-pinned files, never in the user's."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fnctl.build import interpreters, tools
from fnctl.build.interpreters import Interpreter
from fnctl.errors import FnctlError
from fnctl.graph import Json

RETRY = (
    "Check the connection to the package index, and start the sandbox again. Behind a proxy that signs for others,\n"
    "NODE_EXTRA_CA_CERTS (npm) and PIP_CERT (pip) name its certificate."
)

INSTALL_SECONDS = 900.0

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
REACHING = frozenset(
    {"PATH", "HOME", "TMPDIR", "LANG", "NETRC", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"}
    | {*PROXIES, *(name.lower() for name in PROXIES)}
)
"""What pip reads to reach an index, beside its own variables."""

Log = Callable[[str], None]


@dataclass(frozen=True)
class Environments:
    """Where one platform's are. `environ` is this machine's: it says where the cache is, and how uv, pip and npm reach their registries."""

    platform: str
    environ: Mapping[str, str]
    log: Log

    def venv(self, kind: str, pins: Path, python: Interpreter) -> Path:
        """The Python of an environment with what `pins` names, every line with its hashes. Raises FnctlError."""
        folder = self._folder(kind, [pins], f"{python.path}|{python.version}")

        def make(made: Path) -> None:
            self.log(f"Making the sandbox's {kind} environment for Python {python.version}, once")
            self._install(made, pins, python)

        return once(folder, folder / "bin/python", make) / "bin/python"

    def _install(self, made: Path, pins: Path, python: Interpreter) -> None:
        uv = interpreters.find_uv(self.environ)
        target = str(made / "bin/python")
        if uv is None:
            self._run([str(python.path), "-m", "venv", "--copies" if os.name == "nt" else "--symlinks", str(made)], "the venv module")
            self._run([target, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(pins)], "pip")
            return
        self._run([str(uv), "venv", "--quiet", "--allow-existing", "--no-project", "--python", str(python.path), str(made)], "uv")
        self._run([str(uv), "pip", "install", "--quiet", "--require-hashes", "--compile-bytecode", "--python", target, "-r", str(pins)], "uv")

    def installer(self, python: Path) -> dict[str, Json]:
        """The command of a pip for a Python, and all that it may see of this machine: how it reaches its indexes. Raises FnctlError FN423."""
        seen = {name: value for name, value in tools.indexed(self.environ).items() if name in REACHING or name.startswith(("PIP_", "UV_"))}
        return {"command": [*map(str, tools.pip(self.environ)), "--python", str(python)], "environ": dict[str, Json](seen)}

    def npm(self, kind: str, sources: Sequence[Path], proof: str, finish: Callable[[Path], None] | None = None) -> Path:
        """A folder with copies of `sources` and the packages that the package-lock.json among them names. Raises FnctlError.

        Args:
            kind: the folder's name.
            sources: package.json, package-lock.json (without hosts) and whatever else shall lie beside node_modules.
            proof: a path in the folder that is there once all is; one of `sources` will do.
            finish: what is still to be done to the folder before anybody sees it.
        """
        folder = self._folder(kind, sources, "")

        def make(made: Path) -> None:
            self.log(f"Making the sandbox's {kind} packages, once")
            for source in sources:
                shutil.copy(source, made)
            self._run(
                ["npm", "ci", "--ignore-scripts", "--loglevel=warn", "--no-audit", "--no-fund", "--prefix", str(made)],
                "npm, which comes with Node.js",
            )
            if finish is not None:
                finish(made)

        return once(folder, folder / proof, make)

    def _folder(self, kind: str, sources: Sequence[Path], extra: str) -> Path:
        digest = hashlib.sha256(extra.encode())
        for source in sources:
            digest.update(source.read_bytes())
        return interpreters.cache(self.environ) / "sandbox" / self.platform / digest.hexdigest()[:16] / kind

    def _run(self, command: Sequence[str], needed: str) -> None:
        # Not VIRTUAL_ENV or PYTHONPATH: whose environment fnctl itself runs in is no concern of this one.
        env = {k: v for k, v in self.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "__PYVENV_LAUNCHER__")}
        try:
            done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False, stdin=subprocess.DEVNULL)
        except FileNotFoundError as error:
            message = f"the sandbox needs {needed}"
            raise FnctlError(message, code="FN955", help="Install it, and start the sandbox again.") from error
        except subprocess.TimeoutExpired as error:
            message = f"making the sandbox's environment took more than {INSTALL_SECONDS:.0f} s"
            raise FnctlError(message, code="FN955", help=RETRY) from error
        tools.room(Path(command[0]).name, done.stderr, interpreters.cache(self.environ))
        if done.returncode:
            words = (done.stderr or done.stdout).strip().splitlines()[-6:]
            message = "the sandbox's environment could not be made"
            raise FnctlError(
                message,
                code="FN955",
                notes=(" ".join(command[:3]), *words),
                help=RETRY,
            )


def once(folder: Path, proof: Path, make: Callable[[Path], None]) -> Path:
    """Make a folder beside its place and move it there whole; two processes may, the second one throws its work away."""
    if proof.exists():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        message = f"cannot write the sandbox's environment under {folder.parent}"
        raise FnctlError(message, code="FN404", notes=(str(error),), help="Set XDG_CACHE_HOME to a folder that can be written.") from error
    try:
        make(made)
        _move(made, folder, proof)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return folder


def _move(made: Path, folder: Path, proof: Path) -> None:
    made.chmod(0o755)
    if folder.exists() and not proof.exists():
        shutil.rmtree(folder, ignore_errors=True)  # its interpreter is gone
    try:
        made.rename(folder)
    except OSError:
        if not proof.exists():
            raise
