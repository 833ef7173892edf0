"""What one run owns: its options, its surroundings, its voice and its way to stop."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from fnctl.dataclass import dataclass, field
from fnctl.events import Cancel, Event


@dataclass(frozen=True)
class Options:
    """The global options of the command line, as given. `parallel` bounds the threads that talk to a platform.

    `built`: check what the last build left, too. `imports`: import handlers before anything is uploaded. `select` and `ignore`: codes of rules, or
    their beginnings.
    """

    manifest: Path | None = None
    target: str | None = None
    stage: str | None = None
    sandbox: bool = False
    lock_timeout: float = 0.0
    parallel: int = 24
    built: bool = False
    imports: bool = True
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()


@dataclass
class Session:
    """One run. Everything that tests want to hold comes in through here; nothing else reads the environment or the clock.

    Attributes:
        emit: where events go: a live view, plain lines, or NDJSON; and, once plugins are loaded, their observers.
        observe: the observers alone, for the result that a view makes itself.
        confirm: asks a yes/no question with a text to be typed (`confirm(question, expect)`); False without a terminal. `--yes` answers True,
            except where `expect` must be typed out.
        cancel: set by Ctrl-C.
        unsaved: files of the project as an editor has them, read from here instead of the disk.
    """

    options: Options = field(default_factory=Options)
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    cwd: Path = field(default_factory=Path.cwd)
    argv: tuple[str, ...] = field(default_factory=lambda: tuple(sys.argv))
    emit: Callable[[Event], None] = lambda _event: None
    confirm: Callable[[str, str | None], bool] = lambda _question, _expect: False
    cancel: Cancel = Cancel.NO
    now: Callable[[], float] = time.time
    unsaved: Mapping[Path, bytes] = field(default_factory=dict)
    monotonic: Callable[[], float] = time.monotonic
    observe: Callable[[Event], None] = lambda _event: None
