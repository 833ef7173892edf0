"""What the sandbox is made of: the emulator's Python, Lambda's Python and Lambda's Node client. This side runs in fnctl itself."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from fnctl.build.interpreters import Interpreter
from fnctl.errors import FnctlError
from fnctl.standins.environments import Environments, Log

HERE = Path(__file__).parent
PINS = HERE / "pins"

# Where the runtime client loads its native addon, and the JavaScript that takes its place.
_ADDON = '__require("./rapid-client.node")'
_REPLACED = '__require("./rapid-client.cjs")'


def server(python: Interpreter, environ: Mapping[str, str], log: Log) -> Path:
    """The Python that runs the emulator."""
    return Environments("aws", environ, log).venv("server", PINS / "server.txt", python)


def functions(python: Interpreter, environ: Mapping[str, str], log: Log) -> Path:
    """The Python that runs functions: AWS's runtime client and boto3, as Lambda's has."""
    return Environments("aws", environ, log).venv("functions", PINS / "functions.txt", python)


def node_client(environ: Mapping[str, str], log: Log) -> Path:
    """The script that starts AWS's runtime client for Node."""
    sources = [PINS / "package.json", PINS / "package-lock.json", HERE / "node/rapid-client.cjs", HERE / "node/start.mjs"]
    return Environments("aws", environ, log).npm("node", sources, "start.mjs", _replace_addon) / "start.mjs"


def _replace_addon(made: Path) -> None:
    client = made / "node_modules/aws-lambda-ric/dist"
    code = (client / "index.mjs").read_text()
    if _ADDON not in code:
        message = "the Node runtime client is not the one that the sandbox knows"
        raise FnctlError(message, code="FN955", help="Report this: the pin and the code disagree.")
    (client / "index.mjs").write_text(code.replace(_ADDON, _REPLACED))
    shutil.copy(made / "rapid-client.cjs", client)
