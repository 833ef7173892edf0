"""Archives that somebody else has made, and that go up as they are: looked into, copied whole or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from fnctl.build import cache as memory
from fnctl.build import inside
from fnctl.build.files import replacing
from fnctl.build.model import BuildTarget, Bundle
from fnctl.errors import FnctlError
from fnctl.graph import Artifact

if TYPE_CHECKING:
    from fnctl.build.cache import Cache
    from fnctl.manifest.model import Function, Service


def bundle(service: Service, function: Function, target: BuildTarget, cache: Cache) -> Bundle:
    """Take a function's `artifact` as its bundle.

    Args:
        service: the manifest.
        function: one that has an artifact.
        target: the machine that will run it.
        cache: knows the digests of files.

    Raises:
        FnctlError: FN411, it is not there or outside the manifest's folder; FN407, it is damaged; FN402, a member's path leads out of it;
            FN448, the handler's file is not in it.
    """
    path = (service.folder / str(function.artifact)).resolve()
    if not path.is_file() or not path.is_relative_to(service.folder.resolve()):
        message = f"the artifact of `{function.name}` is not there, or outside the manifest's folder: {function.artifact}"
        raise FnctlError(message, code="FN411", notes=(str(path),), help="make it before fnctl runs, or correct `artifact`")
    names = inside.members(path)
    if function.handler_file not in names:
        message = f"`{function.artifact}` holds no {function.handler_file}, which `handler` names"
        near = sorted(name for name in names if name.rpartition("/")[2] == function.handler_file.rpartition("/")[2])
        help = f"it holds {near[0]}: correct `handler`" if near else "`handler` is FILE:NAME inside the archive"
        raise FnctlError(message, code="FN448", help=help)
    digest = memory.key("artifact", cache.digest(path), function.handler_file, function.handler_name, target.runtime, target.architecture)
    return Bundle(function.name, target, (), (), (function.handler_file, function.handler_name), "", digest, prebuilt=path)


def copy(source: Path, to: Path) -> Artifact:
    """Put an archive where artifacts are, whole or not at all. Raises FnctlError FN404."""
    with source.open("rb") as stream, replacing(to) as copied:
        shutil.copyfileobj(stream, copied, 1 << 20)
    return Artifact(memory.file_digest(to), to.stat().st_size, sum(inside.members(to).values()), to)
