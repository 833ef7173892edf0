"""One esbuild for all tests of this room: fetched once a process, as a project without its own would."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fakes import parts
from fnctl.build import esbuild


@pytest.fixture(scope="session")
def tool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pinned esbuild."""
    folder = tmp_path_factory.mktemp("esbuild")
    return esbuild.binary(folder, "handler.ts", parts.cache(folder, folder))


def install(tool: Path, folder: Path) -> None:
    """Put esbuild where npm would."""
    place = folder / "node_modules" / esbuild.package() / tool.relative_to(tool.parents[1] if tool.parent.name == "bin" else tool.parent)
    place.parent.mkdir(parents=True)
    os.link(tool, place)


@pytest.fixture
def installed(tool: Path, tmp_path: Path) -> None:
    """Esbuild installed above every project of a test."""
    install(tool, tmp_path)
