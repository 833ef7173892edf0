"""The sandbox's own environments under the cache: made once from hash-pinned files, never in the user's. This side runs in fnctl itself."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from fnctl.build import interpreters
from fnctl.build.interpreters import Interpreter
from fnctl.errors import FnctlError

HERE = Path(__file__).parent
PINS = HERE / "pins"
INSTALL_SECONDS = 900.0

Log = Callable[[str], None]

# Where the runtime client loads its native addon, and the JavaScript that takes its place.
_ADDON = '__require("./rapid-client.node")'
_REPLACED = '__require("./rapid-client.cjs")'


def server(python: Interpreter, environ: Mapping[str, str], log: Log) -> Path:
    """The Python that runs the emulator."""
    return _venv("server", python, environ, log)


def functions(python: Interpreter, environ: Mapping[str, str], log: Log) -> Path:
    """The Python that runs functions: AWS's runtime client and boto3, as Lambda's has."""
    return _venv("functions", python, environ, log)


def node_client(environ: Mapping[str, str], log: Log) -> Path:
    """The script that starts AWS's runtime client for Node."""
    sources = [PINS / "package.json", PINS / "package-lock.json", HERE / "node/rapid-client.cjs", HERE / "node/start.mjs"]
    folder = _folder("node", sources, "", environ)

    def make(made: Path) -> None:
        log("Making the sandbox's Node client, once")
        for source in sources:
            shutil.copy(source, made)
        _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(made)], environ, "npm, which comes with Node.js")
        _replace_addon(made)

    return once(folder, folder / "start.mjs", make) / "start.mjs"


def _venv(kind: str, python: Interpreter, environ: Mapping[str, str], log: Log) -> Path:
    pins = PINS / f"{kind}.txt"
    folder = _folder(kind, [pins], f"{python.path}|{python.version}", environ)

    def make(made: Path) -> None:
        log(f"Making the sandbox's {kind} environment for Python {python.version}, once")
        uv = interpreters.find_uv(environ)
        target = str(made / "bin/python")
        if uv is None:
            _run([str(python.path), "-m", "venv", "--copies" if os.name == "nt" else "--symlinks", str(made)], environ, "the venv module")
            _run([target, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(pins)], environ, "pip")
            return
        _run([str(uv), "venv", "--quiet", "--allow-existing", "--no-project", "--python", str(python.path), str(made)], environ, "uv")
        install = ["pip", "install", "--quiet", "--require-hashes", "--compile-bytecode", "--python", target, "-r", str(pins)]
        _run([str(uv), *install], environ, "uv")

    return once(folder, folder / "bin/python", make) / "bin/python"


def _folder(kind: str, sources: Sequence[Path], extra: str, environ: Mapping[str, str]) -> Path:
    digest = hashlib.sha256(extra.encode())
    for source in sources:
        digest.update(source.read_bytes())
    return interpreters.cache(environ) / "sandbox" / "aws" / digest.hexdigest()[:16] / kind


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


def _replace_addon(made: Path) -> None:
    client = made / "node_modules/aws-lambda-ric/dist"
    code = (client / "index.mjs").read_text()
    if _ADDON not in code:
        message = "the Node runtime client is not the one that the sandbox knows"
        raise FnctlError(message, code="FN955", help="Report this: the pin and the code disagree.")
    (client / "index.mjs").write_text(code.replace(_ADDON, _REPLACED))
    shutil.copy(made / "rapid-client.cjs", client)


def _run(command: Sequence[str], environ: Mapping[str, str], needed: str) -> None:
    # Not VIRTUAL_ENV or PYTHONPATH: whose environment fnctl itself runs in is no concern of this one.
    env = {k: v for k, v in environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "__PYVENV_LAUNCHER__")}
    try:
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False, stdin=subprocess.DEVNULL)
    except FileNotFoundError as error:
        message = f"the sandbox needs {needed}"
        raise FnctlError(message, code="FN955", help="Install it, and start the sandbox again.") from error
    except subprocess.TimeoutExpired as error:
        message = f"making the sandbox's environment took more than {INSTALL_SECONDS:.0f} s"
        raise FnctlError(message, code="FN955", help="Check the connection to the package index, and start the sandbox again.") from error
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()[-6:]
        message = "the sandbox's environment could not be made"
        raise FnctlError(
            message,
            code="FN955",
            notes=(" ".join(command[:3]), *words),
            help="Check the connection to the package index, and start the sandbox again.",
        )


def write_json(file: Path, value: object) -> None:
    """Whole or not at all, whoever else writes."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=file.parent, prefix=".", delete=False) as made:
        json.dump(value, made, indent=1)
    Path(made.name).replace(file)
