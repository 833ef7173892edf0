"""The Node shim's modules are what their comments say, by TypeScript's word, with the types of @azure/functions."""

from __future__ import annotations

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
    shim = {file.path: file.source for file in recipe.files if file.path.startswith("_fnctl/") and isinstance(file.source, bytes)}
    parts.write(tmp_path, {**shim, "_fnctl/fnctl-runtime.d.ts": (ROOT / "cli/fnctl_runtime/node/fnctl-runtime.d.ts").read_bytes()})
    (laid,) = (file.source for file in npm.placed(recipe, parts.cache(tmp_path, tmp_path)).files if file.path == "node_modules/cookie/package.json")
    assert isinstance(laid, Path)
    (tmp_path / "node_modules").symlink_to(laid.parents[1])
    modules = sorted(Path(path).name for path in shim)
    assert {"entry.mjs", "events.mjs", "http.mjs", "native.mjs", "shapes.mjs", "tasks.mjs"} <= set(modules)
    assert complaints(tsc, tmp_path / "_fnctl", "--allowJs", "--checkJs", *modules) == ""
