"""Installs strangers' packages for real, as pip would; nothing is fetched."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = Path(__file__).with_name("third_party")


def installed(target: Path, *names: str) -> Path:
    """Install packages of `third_party` into a folder for PYTHONPATH, and return it."""
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert uv, "scripts/setup brings uv"
    options = ["--quiet", "--offline", "--no-deps", "--no-build-isolation", "--python", sys.executable, "--target", str(target)]
    subprocess.run([uv, "pip", "install", *options, *(str(PACKAGES / name) for name in names)], check=True)
    return target
