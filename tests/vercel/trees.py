"""Output trees of manifests whose functions' files are given by path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from fakes import parts
from fnctl.build import archive, python
from fnctl.build.model import Bundle, File
from fnctl.build.unpacking import lay_out
from fnctl.manifest.load import load
from fnctl.manifest.model import Function
from fnctl.manifest.resolve import resolve
from fnctl_vercel.output.recipe import recipe
from fnctl_vercel.plugin import Vercel


def bootstrap(folder: Path) -> tuple[Path, ...]:
    """Fetch the wheel of vercel-runtime that goes into every Python function."""
    parts.write(folder, {"api.py": ""})
    made = parts.service(folder, parts.function("api", "api.py"))
    target = Vercel().build_target(made, "api")
    return python.bundle(made, made.functions["api"], target, parts.cache(folder, folder)).wheels


def lay(folder: Path, manifest: str, files: Mapping[str, str], wheels: tuple[Path, ...]) -> Path:
    """Lay out the tree in `folder`/tree; `wheels` go into Python functions."""
    text = f"fnctl: 1\nservice: shop\ntargets: {{ vercel: {{ plan: pro }} }}\ndefaults: {{ runtime: python3.13 }}\n{manifest}"
    parts.write(folder / "shop", {"fnctl.yaml": text})
    document, findings = load(folder / "shop" / "fnctl.yaml")
    assert document is not None, findings
    found = resolve(document, target="vercel", stage="prod", environ={})
    service = found.service
    assert service is not None, found.diagnostics
    bundles = {}
    for name, function in service.functions.items():
        node = function.runtime.startswith("nodejs")
        entry = ("handler.mjs" if node else function.handler_file, function.handler_name)
        own = tuple(_own(function, entry[0], files, node=node))
        bundles[name] = Bundle(name, Vercel().build_target(service, name), own, () if node else wheels, entry, "", "")
    whole = archive.write(replace(recipe(service, bundles), name="output"), folder)
    assert whole.path is not None
    lay_out(whole.path, whole.sha256, folder / "tree")
    return folder / "tree"


def _own(function: Function, file: str, files: Mapping[str, str], *, node: bool) -> list[File]:
    own = [File(file, files[function.handler_file].encode())]
    more = [File(path, text.encode()) for path, text in files.items() if path != function.handler_file and path.endswith(".py")]
    return own if node else own + more
