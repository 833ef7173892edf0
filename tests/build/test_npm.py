"""Packages that a shim brings: fetched once by the real npm, from a lock, and only what runs goes in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakes import parts
from fnctl.build import npm
from fnctl.build.cache import Cache
from fnctl.build.model import Recipe
from fnctl.errors import FnctlError


def pins(folder: Path) -> Path:
    """A lock of one package, that of a folder beside it: nobody is asked for anything."""
    parts.write(folder / "own", {"package.json": '{"name": "own", "version": "1.0.0", "main": "own.js"}', "own.js": "module.exports = 1;\n"})
    parts.write(folder / "own", {"own.d.ts": "export default 1;\n", "own.js.map": "{}", "README.md": "words"})
    wanted = {"name": "shim", "dependencies": {"own": "file:own"}}
    lock = {
        "name": "shim",
        "lockfileVersion": 3,
        "packages": {"": {"name": "shim", "dependencies": wanted["dependencies"]}, "node_modules/own": {"resolved": "own", "link": True}, "own": {}},
    }
    return parts.write(folder, {"package.json": json.dumps(wanted), "package-lock.json": json.dumps(lock)})


def recipe(packages: Path | None) -> Recipe:
    return Recipe("app", (), {}, ("api",), packages=packages)


def test_without_packages_nothing_is_asked_of_npm(tmp_path: Path) -> None:
    assert npm.placed(recipe(None), parts.cache(tmp_path, tmp_path, PATH="")) == recipe(None)


def test_they_lie_in_node_modules_and_are_fetched_once(tmp_path: Path) -> None:
    home = Path(__file__).parents[2] / "adapters/fnctl_azure/artifact/pins"
    cache = parts.cache(tmp_path, tmp_path)
    made = npm.placed(recipe(home), cache)
    paths = {file.path for file in made.files}
    assert {"node_modules/@azure/functions/package.json", "node_modules/@azure/functions/LICENSE", "node_modules/cookie/index.js"} <= paths
    assert not any(path.endswith((".ts", ".map", ".md", ".package-lock.json")) for path in paths)
    owners = {npm.owner(recipe(home), path) for path in paths}
    assert owners == {("@azure/functions", "4.16.5"), ("@azure/functions-extensions-base", "0.3.0"), ("cookie", "0.7.2")}
    assert npm.owner(recipe(home), "src/api.py") is None
    again = Cache(cache.root, tmp_path, {"PATH": ""})
    assert npm.placed(recipe(home), again) == made  # no npm in sight


def test_without_npm_it_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(FnctlError) as caught:
        npm.placed(recipe(pins(tmp_path / "pins")), parts.cache(tmp_path, tmp_path, PATH=""))
    found = parts.only(caught.value)
    assert (found.code, found.message) == ("FN449", "npm is not there to fetch own file:own")


def test_a_lock_that_npm_refuses_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = pins(tmp_path / "pins")
    (folder / "package.json").write_text('{"name": "shim", "dependencies": {"own": "2.0.0"}}')
    cache = parts.cache(tmp_path, tmp_path)
    with pytest.raises(FnctlError) as caught:
        npm.placed(recipe(folder), cache)
    assert parts.only(caught.value).message == "own 2.0.0 cannot be fetched"
    assert list((cache.root / "tools").iterdir()) == []
