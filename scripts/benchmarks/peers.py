"""Other people's tools, installed on request into a folder of the cache and nowhere else; found there, or not at all."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

PYTHON = ("aws-sam-cli==1.170.0", "cfn-lint==1.58.0")
NODE = ("osls@4.3.1", "serverless-esbuild@1.57.2", "serverless-python-requirements@6.1.2", "esbuild@0.28.2")
HOME = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "peers"


def install() -> None:
    """Install all of them; what is there already stays."""
    if not (HOME / "python" / "bin" / "sam").exists():
        HOME.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", HOME / "python"], check=True)
        pip = [HOME / "python" / "bin" / "python", "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, *PYTHON], check=True)
        subprocess.run([HOME / "python" / "bin" / "python", "-m", "compileall", "-q", HOME / "python" / "lib"], check=False)
    if not (HOME / "node" / "node_modules" / "osls").exists():
        (HOME / "node").mkdir(parents=True, exist_ok=True)
        (HOME / "node" / "package.json").write_text('{"private": true}\n')
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent", *NODE], cwd=HOME / "node", check=True)


def find(name: str) -> str | None:
    """Return the command of one that is installed: `sam`, `cfn-lint`, `osls`."""
    places = (HOME / "python" / "bin" / name, HOME / "node" / "node_modules" / ".bin" / name)
    return next((str(place) for place in places if place.exists()), None)


def environ(home: Path) -> Mapping[str, str]:
    """Give them what they need and keep them at home: invented credentials, no telemetry, no look for updates, a HOME of their own."""
    node = HOME / "node" / "node_modules" / ".bin"
    return {
        **os.environ,
        "PATH": os.pathsep.join((str(HOME / "python" / "bin"), str(node), str(Path(sys.executable).parent), os.environ["PATH"])),
        "HOME": str(home),
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "SAM_CLI_TELEMETRY": "0",
        "SLS_TELEMETRY_DISABLED": "1",
        "SLS_NOTIFICATIONS_MODE": "off",
        "NO_COLOR": "1",
        "CI": "true",
    }


def link(project: Path) -> None:
    """Let a project see osls's plugins, as `npm install` in it would."""
    if (HOME / "node" / "node_modules").exists() and not (project / "node_modules").exists():
        (project / "node_modules").symlink_to(HOME / "node" / "node_modules")


def remove(*paths: Path) -> None:
    """Remove folders and files that may be there."""
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
