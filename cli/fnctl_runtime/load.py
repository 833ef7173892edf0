"""Finding what the artifact holds: the author's handler by its file and name, and what opens spans."""

from __future__ import annotations

import logging
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType
    from typing import Any


class LoadError(Exception):
    """The handler's file or name cannot be used; the message names the file."""


def load(root: str, file: str, name: str) -> Any:
    """Import `file` (relative to `root`, with `/`) and return what is called `name` in it.

    The file's folder comes first on sys.path and the root second, so that both `import neighbour` and `from src import neighbour` work.
    """
    path = os.path.join(root, *file.split("/"))  # noqa: PTH118  # pathlib costs 3 ms at each cold start
    for folder in (root, os.path.dirname(path)):  # noqa: PTH120
        if folder in sys.path:
            sys.path.remove(folder)
        sys.path.insert(0, folder)
    target: Any = _module(path, file)
    for part in name.split("."):
        if not hasattr(target, part):
            message = f"{file} has no {name!r}: the manifest's `handler` is {file}:{name}"
            raise LoadError(message)
        target = getattr(target, part)
    return target


def spans(config: Mapping[str, Any]) -> ModuleType | None:
    """Return what opens spans; None where the manifest asks for none, or the artifact lacks OpenTelemetry's API, which is said in the log."""
    if config["tracing"] != "otel":
        return None
    try:
        from fnctl_runtime import otel
    except ImportError as error:
        logging.getLogger("fnctl").error("no spans: `tracing: otel` needs opentelemetry-api: %s", error)  # noqa: TRY400  # its stack tells nothing
        return None
    return otel


def _module(path: str, file: str) -> ModuleType:
    if not os.path.isfile(path):  # noqa: PTH113
        message = f"{file} is not in the artifact"
        raise LoadError(message)
    try:
        return _execute(path, file)
    except Exception as error:
        logging.getLogger("fnctl").exception("cannot import %s", file)
        message = f"cannot import {file}: {type(error).__name__}: {error}{_place(error, file)}"
        raise LoadError(message) from error


def _execute(path: str, file: str) -> ModuleType:
    from importlib.util import module_from_spec, spec_from_file_location

    dotted = file.removesuffix(".py").replace("/", ".")
    known = sys.modules.get(dotted)
    if known is not None and getattr(known, "__file__", None) == path:
        return known  # another function of this process has its handler in the same file
    spec = spec_from_file_location(dotted, path)
    assert spec is not None and spec.loader is not None  # noqa: S101, PT018  # the suffix is .py
    module = module_from_spec(spec)
    sys.modules[dotted] = module
    stem = dotted.rpartition(".")[2]
    if stem not in sys.stdlib_module_names:
        sys.modules.setdefault(stem, module)  # a neighbour that says `import api` must not run the handler's file a second time
    try:
        spec.loader.exec_module(module)
    except BaseException:
        for key in (dotted, stem):
            if sys.modules.get(key) is module:
                del sys.modules[key]
        raise
    return module


def _place(error: BaseException, file: str) -> str:
    """Say on which line of the handler's file it happened; a SyntaxError says that itself."""
    if isinstance(error, SyntaxError):
        return ""
    trace, line = error.__traceback__, None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.replace(os.sep, "/").endswith("/" + file):
            line = trace.tb_lineno
        trace = trace.tb_next
    return f" ({file}, line {line})" if line else ""
