"""The Node shim's modules are what their comments say, by TypeScript's word, with the types of @azure/functions."""

from __future__ import annotations

import shutil
from pathlib import Path

from azure_build.conftest import SAMPLE
from azure_build.made import recipes_of, service_of
from fakes import parts
from fnctl.build import npm
from runtime.test_types import complaints
from runtime.test_types import tsc as tsc

ROOT = Path(__file__).parents[2]


def test_the_shims_modules_are_what_their_comments_say(tsc: Path, tmp_path: Path) -> None:
    recipe = next(one for one in recipes_of(service_of(SAMPLE)) if one.name == "node")
    for source in ("cli/fnctl_runtime/node", "adapters/fnctl_azure/runtime/node"):
        shutil.copytree(ROOT / source, tmp_path, dirs_exist_ok=True)
    (laid,) = (file.source for file in npm.placed(recipe, parts.cache(tmp_path, tmp_path)).files if file.path == "node_modules/cookie/package.json")
    assert isinstance(laid, Path)
    (tmp_path / "node_modules").symlink_to(laid.parents[1])
    modules = sorted(path.name for path in tmp_path.glob("*.mjs"))
    assert {"entry.mjs", "events.mjs", "http.mjs", "native.mjs", "shapes.mjs", "tasks.mjs"} <= set(modules)
    assert complaints(tsc, tmp_path, "--allowJs", "--checkJs", *modules) == ""
