"""Import handlers as their platform will, and write down what happened. Runs alone, under the target's Python; fnctl never imports it.

Each line of standard input is one handler's question. Each is tried in a fork: it begins as a fresh interpreter would, without the price of one.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SPEC: dict[str, Any] = {}
"""The question of this very process."""


class Provided:
    """Finds what the platform brings along, in fnctl's own environment: only that, and what that itself imports."""

    @staticmethod
    def find_spec(name: str, path: Any = None, _target: Any = None) -> Any:
        """Answer as any finder does."""
        if path is None and (name.partition(".")[0] in SPEC["provided"] or _asked_from_there()):
            return importlib.machinery.PathFinder.find_spec(name, SPEC["elsewhere"])
        return None


def _asked_from_there() -> bool:
    frame: Any = sys._getframe(2)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # inspect would cost as much as all else here
    while frame is not None and "importlib" in frame.f_code.co_filename:
        frame = frame.f_back
    return frame is not None and frame.f_code.co_filename.startswith(tuple(SPEC["elsewhere"]))


def _load() -> None:
    file = SPEC["file"]
    dotted = file.removesuffix(".py").replace("/", ".")
    spec = importlib.util.spec_from_file_location(dotted, os.path.join(SPEC["root"], *file.split("/")))  # noqa: PTH118  # as the platform's runtime joins
    assert spec is not None and spec.loader is not None  # noqa: S101, PT018  # the suffix is .py
    module = importlib.util.module_from_spec(spec)
    sys.modules[dotted] = module
    stem = dotted.rpartition(".")[2]
    if stem not in sys.stdlib_module_names:
        sys.modules.setdefault(stem, module)
    spec.loader.exec_module(module)
    found: Any = module
    for part in SPEC["name"].split("."):
        found = getattr(found, part)


def _chain(error: BaseException) -> list[BaseException]:
    found = [error]
    while (below := found[-1].__cause__ or found[-1].__context__) is not None and below not in found:
        found.append(below)
    return found


def _told(error: BaseException) -> dict[str, Any]:
    import traceback

    frames = [[f.filename, f.lineno, f.name] for f in traceback.extract_tb(error.__traceback__) if "importlib" not in f.filename]
    if isinstance(error, SyntaxError) and error.filename:
        frames.append([error.filename, error.lineno, "<module>"])
    variable = isinstance(error, KeyError) and frames and str(frames[-1][0]).endswith(("/os.py", "<frozen os>"))
    socket = sys.modules.get("socket")  # without it there was no connection
    network = (ConnectionError, TimeoutError, *([socket.gaierror] if socket else []))
    return {
        "type": type(error).__name__,
        "text": str(error)[:1000],
        "frames": frames[1:],
        "module": getattr(error, "name", None) if isinstance(error, ModuleNotFoundError) else None,
        "variable": error.args[0] if variable else None,
        "network": any(isinstance(each, network) for each in _chain(error)),
    }


def _try(spec: dict[str, Any]) -> None:
    """Answer one question, and end the process: threads that a handler has started shall not keep anyone waiting."""
    SPEC.update(spec)
    os.environ.clear()
    os.environ.update(spec["environ"])
    os.chdir(spec["root"])
    sys.path[:0] = spec["paths"]
    if spec["elsewhere"]:
        sys.meta_path.append(Provided)
    told: dict[str, Any] = {}
    try:
        _load()
    except BaseException as error:  # noqa: BLE001  # a stranger's module, which may raise anything, SystemExit too
        told = _told(error)
    _write(spec, told)
    os._exit(0)


def _write(spec: dict[str, Any], told: dict[str, Any]) -> None:
    with open(spec["answer"], "w", encoding="utf-8") as answer:  # noqa: PTH123  # pathlib may be what the handler has shadowed
        json.dump(told, answer)


def _forked(spec: dict[str, Any]) -> None:
    child = os.fork()
    if child == 0:
        import signal

        said = os.open(spec["said"], os.O_WRONLY | os.O_CREAT)
        os.dup2(said, 1)
        os.dup2(said, 2)
        signal.alarm(spec["seconds"])
        _try(spec)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == -14:  # SIGALRM, ours
        _write(spec, {"type": "timeout"})
    elif code or not os.path.exists(spec["answer"]):  # noqa: PTH110  # as above
        _write(spec, {"type": "ended", "code": code})


def main() -> None:
    """Answer all questions, each by `{}` or what went wrong in the file that it names."""
    for line in sys.stdin:
        (_forked if hasattr(os, "fork") else _try)(json.loads(line))


main()
