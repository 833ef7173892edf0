"""What happens when fnctl itself is wrong: one paragraph, and a report that can be pasted into an issue."""

from __future__ import annotations

import os
import tempfile
import time
import traceback
from collections.abc import Mapping
from pathlib import Path

from fnctl.commands.version import line
from fnctl.commands.world import World
from fnctl.errors import Exit


def report(error: Exception, words: list[str], world: World) -> int:
    """Say that this is a bug and where the report is. FNCTL_TRACEBACK=1 shows the traceback at once."""
    trace = "".join(traceback.format_exception(error))
    if world.environ.get("FNCTL_TRACEBACK") == "1":
        world.stderr.write(trace)
        return Exit.FINDINGS
    name = type(error).__name__
    path = _write(world.redact(_page(name, trace, words)), world.environ)
    where = f"A report for it, without secrets, is in\n{path}\n" if path else "FNCTL_TRACEBACK=1 shows where.\n"
    world.stderr.write(f"This is a bug in fnctl ({name}), not a mistake of yours.\n{where}Run `fnctl status` to see how things stand.\n")
    return Exit.FINDINGS


def _page(name: str, trace: str, words: list[str]) -> str:
    return f"# {name} in fnctl\n\n- {line()}\n- command: `fnctl {' '.join(words)}`\n\n```\n{trace}```\n"


def _write(page: str, environ: Mapping[str, str]) -> Path | None:
    home = environ.get("XDG_STATE_HOME") or (f"{environ['HOME']}/.local/state" if environ.get("HOME") else tempfile.gettempdir())
    name = time.strftime(f"bug-%Y%m%d-%H%M%S-{os.getpid()}.md")
    for folder in (Path(home) / "fnctl", Path(tempfile.gettempdir())):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(page, "utf-8")
        except OSError:
            continue
        return folder / name
    return None
