"""The process boundary: run a command line, and turn whatever escapes it into words, a document and an exit code."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

TYPE_CHECKING = False  # type checkers know the name; importing it from typing would cost `--version` a third of its time
if TYPE_CHECKING:
    from typing import NoReturn

    from fnctl import kept
    from fnctl.commands.world import World
    from fnctl.errors import FnctlError


def program() -> NoReturn:
    """Be the process. `validate` ends at once, all being written: taking apart what was read, object by object, would be a twentieth of its time."""
    if None in (sys.stdin, sys.stdout, sys.stderr):
        _reopen()
    code = main()
    if sys.argv[1:2] != ["validate"]:
        sys.exit(code)
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):  # nobody reads any more
        pass
    os._exit(code)


def _reopen() -> None:
    """Put nothing where the caller has closed a stream (`>&-`): Python leaves None there."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8"))


def main(argv: Sequence[str] | None = None, world: World | None = None) -> int:
    """Run one command line and return the process's exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words == ["--version"] and world is None:
        from fnctl.commands.version import line

        try:
            sys.stdout.write(line() + "\n")
            sys.stdout.flush()
        except OSError:  # the full words for it are not worth a second of `--version`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        return 0
    found = None
    if words[:1] == ["validate"] and "--no-cache" not in words and (world is None or world.remembers):
        from fnctl import kept

        environ, cwd, stderr = (os.environ, None, sys.stderr) if world is None else (world.environ, str(world.cwd), world.stderr)
        found = kept.find(words[1:], environ, cwd)
        if found is not None and not found[1] and kept.say(words, found[0], environ, stderr):
            return 0
    if world is None and words[:1] == ["validate"]:
        gc.disable()  # the process ends before there is anything worth collecting
        from fnctl import lean

        lean.prepare()
    from fnctl.commands.world import World

    return _guarded(words, world or World(remembers=True), found)


def _guarded(words: list[str], world: World, found: kept.Answer | None) -> int:
    from fnctl.errors import Exit

    world.guard()
    try:
        return _answered(words, world, found)
    except KeyboardInterrupt:
        world.stderr.write("Interrupted: nothing was changed by this run.\n")
        return Exit.INTERRUPTED
    except BrokenPipeError:
        _let_go(world)
        return Exit.OK
    except OSError as error:
        return _unwritten(error, words, world)
    except Exception as error:  # noqa: BLE001  # the process boundary: a bug becomes a report, never a traceback on the screen
        from fnctl.commands.bug import report

        return report(error, words, world)


def _answered(words: list[str], world: World, found: kept.Answer | None) -> int:
    from fnctl.errors import FnctlError

    try:
        code = _dispatch(words, world, found)
        world.stdout.flush()
    except FnctlError as error:
        return _refused(error, words, world)
    return code


def _dispatch(words: list[str], world: World, found: kept.Answer | None) -> int:
    from fnctl.commands.run import Run
    from fnctl.commands.table import BUILD, GLOBALS, REPORTS, VALIDATE, Settings, read

    argv = ("fnctl", *words)
    # The same option table as typer's, so that the verbs that run most often do not wait for typer.
    if words[:1] == ["validate"] and (given := read(words[1:], GLOBALS + VALIDATE, REPORTS)) is not None:
        return _validate(words, world, given, found)
    if words[:1] == ["build"] and (given := read(words[1:], GLOBALS + BUILD)) is not None:
        return _build(words, world, given)
    from fnctl.app import run

    return run(words, Run(world, Settings(), argv))


def _validate(words: list[str], world: World, given: dict[str, str | bool], found: kept.Answer | None) -> int:
    from fnctl.commands import check
    from fnctl.commands.run import Run
    from fnctl.commands.table import Settings

    anew, strict, files = bool(given.pop("no_cache", False)), bool(given.pop("strict", False)), not given.pop("no_files", False)
    select, ignore = str(given.pop("select", "")), str(given.pop("ignore", ""))
    run = Run(world, Settings(**given), ("fnctl", *words))  # type: ignore[arg-type]  # by the table
    if found is not None:
        return check.answer(run, found, strict=strict)
    if anew or not world.remembers:
        return check.check(run, strict=strict, files=files, select=select, ignore=ignore)
    return check.check_and_keep(run, words[1:], strict=strict, files=files, select=select, ignore=ignore)


def _build(words: list[str], world: World, given: dict[str, str | bool]) -> int:
    from fnctl.commands.make import make
    from fnctl.commands.run import Run
    from fnctl.commands.table import Settings

    verify, imports = bool(given.pop("verify", False)), not given.pop("no_import_check", False)
    return make(Run(world, Settings(**given), ("fnctl", *words)), verify=verify, imports=imports)  # type: ignore[arg-type]  # by the table


def _refused(error: FnctlError, words: list[str], world: World) -> int:
    from fnctl.commands.findings import draw

    draw(error.diagnostics, words, world)
    return int(error.exit)


def _unwritten(error: OSError, words: list[str], world: World) -> int:
    """Say that there is no room for what was to be printed, or kept; what the system refuses otherwise is for its caller to know, and so a bug."""
    from fnctl.build.files import FULL

    if error.errno not in FULL:
        from fnctl.commands.bug import report

        return report(error, words, world)
    from fnctl.errors import Exit, FnctlError

    _let_go(world)
    message = f"there is no room for what was to be written: {(error.strerror or str(error)).lower()}"
    told = FnctlError(message, code="FN404", help="free some space, then see how things stand:\nfnctl status")
    try:
        return _refused(told, ["--output", "text"], world)
    except OSError:  # nor for saying so
        return Exit.FINDINGS


def _let_go(world: World) -> None:
    # The reader is gone; what is left in the buffer must not fail again when Python closes the stream.
    if world.stdout.closed or not hasattr(world.stdout, "fileno"):
        return
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    program()
