"""Node bundles: made by the real esbuild, run by the real node."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fakes import parts
from fnctl.build import esbuild, node
from fnctl.build.cache import Cache
from fnctl.build.model import BuildTarget, Bundle
from fnctl.errors import FnctlError

COMMON = 'const path = require("path");\nmodule.exports = { here: [path.basename(__filename), __dirname.length > 1] };\n'
HANDLER = """import helper from "./common.cjs";
import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
const __dirname = "our own";
export const unused: string = "left out";
export function handler(name: string): unknown { return [name, ...helper.here, typeof require("node:os").cpus, __dirname]; }
export default { fetch: (): string => "fetched" };
"""


@pytest.fixture
def shop(tmp_path: Path, installed: None) -> Path:
    return project(tmp_path / "shop")


def project(folder: Path) -> Path:
    return parts.write(folder, {"src/thumbs.ts": HANDLER, "src/common.cjs": COMMON, "package.json": '{"dependencies": {"listed": "1"}}'})


def bundled(
    folder: Path,
    tmp_path: Path,
    handler: str = "src/thumbs.ts:handler",
    target: BuildTarget = parts.NODE,
    said: list[str] | None = None,
    **words: Any,
) -> Bundle:
    thumbs = replace(parts.function("thumbs", handler, "nodejs20"), **words)
    cache = parts.cache(tmp_path, folder)
    if said is not None:
        cache = Cache(cache.root, folder, cache.environ, said.append)
    return node.bundles(parts.service(folder, thumbs), {"thumbs": target}, cache)["thumbs"]


def refused(folder: Path, tmp_path: Path, handler: str = "src/thumbs.ts:handler", **words: Any) -> FnctlError:
    with pytest.raises(FnctlError) as caught:
        bundled(folder, tmp_path, handler, **words)
    return caught.value


def run(bundle: Bundle, folder: Path, expression: str) -> object:
    for file in bundle.files:
        (folder / file.path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(str(file.source), folder / file.path)
    code = f'import * as m from "./handler.mjs"; console.log(JSON.stringify({expression}))'
    command = ["node", "--enable-source-maps", "--input-type=module", "-e", code]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_bundle_runs_under_node(shop: Path, tmp_path: Path) -> None:
    bundle = bundled(shop, tmp_path)
    assert (bundle.entry, bundle.wheels, bundle.dependencies) == (("handler.mjs", "handler"), (), "")
    assert [file.path for file in bundle.files] == ["handler.mjs", "handler.mjs.map"]
    assert run(bundle, tmp_path / "run", '[Object.keys(m), m.handler("x")]') == [["handler"], ["x", "handler.mjs", True, "function", "our own"]]
    assert b"left out" not in Path(str(bundle.files[0].source)).read_bytes()


def test_other_exports_and_commonjs_handlers(shop: Path, tmp_path: Path) -> None:
    parts.write(shop, {"src/old.js": 'exports.handler = () => require("./common.cjs").here[0];\n'})
    assert run(bundled(shop, tmp_path, "src/thumbs.ts:default"), tmp_path / "a", "m.default.fetch()") == "fetched"
    assert run(bundled(shop, tmp_path, "src/old.js:handler"), tmp_path / "b", "m.handler()") == "handler.mjs"


def test_the_source_map_speaks_of_the_project(shop: Path, tmp_path: Path) -> None:
    parts.write(shop, {"src/thumbs.ts": "interface A {}\n\nexport function handler(): void { throw new Error('here'); }\n"})
    bundle = bundled(shop, tmp_path)
    document = json.loads(Path(str(bundle.files[1].source)).read_bytes())
    assert (document["sources"], "sourcesContent" in document) == (["src/thumbs.ts"], False)
    stack = run(bundle, tmp_path / "run", "(() => { try { m.handler() } catch (e) { return e.stack } })()")
    assert "src/thumbs.ts:3:" in str(stack)


def test_it_says_what_went_in_and_whose_it_is(shop: Path, tmp_path: Path) -> None:
    package = {"package.json": '{"name": "@a/b", "version": "1.2.3"}', "index.js": "export const answer = 42;\n"}
    parts.write(shop, {f"node_modules/@a/b/{path}": text for path, text in package.items()})
    parts.write(shop, {"src/thumbs.ts": 'import { answer } from "@a/b";\nexport const handler = () => answer + 1;\n'})
    first, again = bundled(shop, tmp_path), bundled(shop, tmp_path)
    own, theirs = sorted(first.inlined, key=lambda one: one.package)
    assert (own.path, own.package, own.size > 0) == ("src/thumbs.ts", "", True)
    assert (theirs.path, theirs.package, theirs.version, theirs.size > 0) == ("node_modules/@a/b/index.js", "@a/b", "1.2.3", True)
    assert first.inlined == again.inlined


def test_two_clones_give_the_same_bundle(tmp_path: Path, installed: None) -> None:
    one, two = (bundled(project(tmp_path / name), tmp_path / Path(name).parts[0]) for name in ("a/shop", "further/down a #1%20ü's shop"))
    assert one.digest == two.digest
    assert [Path(str(file.source)).read_bytes() for file in one.files] == [Path(str(file.source)).read_bytes() for file in two.files]


def test_what_the_platform_brings_stays_outside(shop: Path, tmp_path: Path) -> None:
    parts.write(shop, {"src/thumbs.ts": 'import { S3 } from "@aws-sdk/client-s3";\nexport const handler = () => new S3();\n'})
    bundle = bundled(shop, tmp_path, target=replace(parts.NODE, externals=("@aws-sdk/*",)))
    assert b'from "@aws-sdk/client-s3"' in Path(str(bundle.files[0].source)).read_bytes()
    assert parts.only(refused(shop, tmp_path)).code == "FN433"


def test_it_is_bundled_again_when_anything_that_counts_has_changed(shop: Path, tmp_path: Path) -> None:
    said: list[str] = []
    first = bundled(shop, tmp_path, said=said)
    assert bundled(shop, tmp_path, said=said) == first
    assert said == ["bundling thumbs"]
    parts.write(shop, {"src/common.cjs": COMMON + "// more\n"})
    bundled(shop, tmp_path, said=said)
    parts.write(shop, {"tsconfig.json": '{"compilerOptions": {"target": "es2020"}}'})
    bundled(shop, tmp_path, said=said)
    parts.write(shop, {"tsconfig.json": '{"compilerOptions": {"target": "es2021"}}'})
    bundled(shop, tmp_path, said=said)
    parts.write(shop, {"src/common.cjs.ts": "a new neighbour could be what an import means"})
    last = bundled(shop, tmp_path, said=said)
    assert said == ["bundling thumbs"] * 5
    Path(str(last.files[0].source)).unlink()
    assert bundled(shop, tmp_path, said=said) == last
    assert len(said) == 6


def test_findings_have_a_place_in_code_points(shop: Path, tmp_path: Path) -> None:
    lines = [
        'import a from "listed";',
        'const q = "é"; import b from "@scope/new/sub";',
        'import c from "./nope";',
        "export const handler = [a, b, c, q];",
    ]
    parts.write(shop, {"src/thumbs.ts": "\n".join(lines)})
    found = refused(shop, tmp_path).diagnostics
    assert [(d.code, str(d.span), d.span and d.span.end_column, d.message) for d in found] == [
        ("FN433", "src/thumbs.ts:1:15", 23, "`listed` is imported, but it is not there"),
        ("FN433", "src/thumbs.ts:2:30", 46, "`@scope/new/sub` is imported, but it is not there"),
        ("FN433", "src/thumbs.ts:3:15", 23, "`./nope` is imported, but it is not there"),
    ]
    assert [d.help for d in found] == [
        "install what package.json lists:\n  npm install",
        "install the package:\n  npm install @scope/new",
        "correct the path, or write that file",
    ]


def test_a_syntax_error_and_a_missing_export(shop: Path, tmp_path: Path) -> None:
    missing = parts.only(refused(shop, tmp_path, "src/thumbs.ts:nothing"))
    assert (missing.code, missing.message, str(missing.span)) == ("FN434", "`src/thumbs.ts` exports no `nothing`", "fnctl.yaml:10:5")
    parts.write(shop, {"src/thumbs.ts": "export const handler = 1 + ;\n"})
    syntax = parts.only(refused(shop, tmp_path))
    assert (syntax.code, syntax.message, str(syntax.span)) == ("FN432", 'Unexpected ";"', "src/thumbs.ts:1:28")
    assert parts.only(refused(shop, tmp_path, "src/gone.ts:handler")).code == "FN411"


def test_without_esbuild_and_npm_it_says_what_to_install(tmp_path: Path) -> None:
    folder = parts.write(tmp_path / "shop", {"src/thumbs.ts": HANDLER})
    with pytest.raises(FnctlError) as caught:
        esbuild.binary(folder, "src/thumbs.ts", parts.cache(tmp_path, folder, PATH=str(tmp_path)))
    assert (parts.only(caught.value).code, "npm install --save-dev esbuild" in str(parts.only(caught.value).help)) == ("FN431", True)


def test_an_unreachable_registry_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    environ = {"npm_config_registry": "http://127.0.0.1:9/", "npm_config_fetch_retries": "0", "npm_config_cache": str(tmp_path / "npm")}
    folder = parts.write(tmp_path / "shop", {"src/thumbs.ts": HANDLER})
    with pytest.raises(FnctlError, match="cannot be fetched") as caught:
        esbuild.binary(folder, "src/thumbs.ts", parts.cache(tmp_path, folder, **environ))
    assert parts.only(caught.value).code == "FN431"
    assert list((tmp_path / "xdg/fnctl/tools").iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="npm is a shell script here")
def test_a_full_disk_leaves_no_half_of_a_program(tmp_path: Path) -> None:
    """What npm 10 does where a file system of 300 KB is full: half a program, two lines, and success."""
    npm = """#!/bin/sh
for word; do [ "$before" = --prefix ] && folder="$word"; before="$word"; done
mkdir -p "$folder/node_modules/%(name)s/bin"
printf half > "$folder/node_modules/%(name)s/bin/esbuild"
echo "npm warn tar TAR_ENTRY_ERROR ENOSPC: no space left on device, write" >&2
""" % {"name": esbuild.package()}  # noqa: UP031  # braces are the shell's
    parts.write(tmp_path / "bin", {"npm": npm})
    (tmp_path / "bin/npm").chmod(0o755)
    folder = parts.write(tmp_path / "shop", {"src/thumbs.ts": HANDLER})
    with pytest.raises(FnctlError, match="there is no room for what `npm` fetches") as caught:
        esbuild.binary(folder, "src/thumbs.ts", parts.cache(tmp_path, folder, PATH=f"{tmp_path}/bin:{os.defpath}"))
    assert parts.only(caught.value).code == "FN404"
    assert list((tmp_path / "xdg/fnctl/tools").iterdir()) == []
