"""What the platform's builder does to a package that asks for it: a Python app's packages are installed into it by its requirements.txt."""

from __future__ import annotations

import io
import json
import re
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fnctl_azure.standin.package import Bad

LIST, PACKAGES = "requirements.txt", ".python_packages/lib/site-packages"
WORDS = ("--prefer-binary", "--upgrade", "--progress-bar", "off", "--no-color")
SECONDS = 900
STEP = "[Kudu-OryxBuildStep]"


def build(folder: Path, installer: Path, say: Callable[[str], None]) -> None:
    """Install what an unpacked app asks for into it.

    Args:
        folder: the app.
        installer: a file with the command of a pip for the app's own interpreter, and the environment in which it finds its indexes.
        say: is given what pip says, without the passwords of addresses.

    Raises:
        Bad: pip could not, or nothing was prepared for it here.
    """
    say(f"{STEP} starting.")
    if not (folder / LIST).is_file():
        raise Bad(f"{STEP} Could not detect any supported platform in the source directory: there is no {LIST} at the package's root.")
    try:
        told: dict[str, Any] = json.loads(installer.read_text("utf-8"))
    except (OSError, ValueError) as error:
        message = f"{STEP} Nothing on this machine was prepared to install packages with: `fnctl build --sandbox` does that."
        raise Bad(message) from error
    command = [*told["command"], "install", *WORDS, "--target", PACKAGES, "-r", LIST]
    say(f"Running pip install -r {LIST} --target {PACKAGES} ...")
    try:
        done = subprocess.run(
            command, cwd=folder, env=told["environ"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        message = f"{STEP} pip did not run to its end: {type(error).__name__}"
        raise Bad(message) from error
    for line in re.sub(r"(?<=://)[^/\s@]+@", "", done.stdout + done.stderr).splitlines():
        say(line)
    if done.returncode:
        raise Bad(f"{STEP} Failed to build the app: pip install ended with exit code {done.returncode}.")
    say(f"{STEP} completed.")


def packed(folder: Path) -> bytes:
    """Return a folder as an archive: what was built is what the platform keeps."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))
    return made.getvalue()
