"""Node projects as npm, pnpm and yarn leave them: workspaces, packages that travel unbundled, native addons, types."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import zlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from build.test_node import run
from fakes import parts
from fnctl.build import node, packages, tools
from fnctl.build.cache import Cache
from fnctl.build.model import BuildTarget, Bundle
from fnctl.diagnostics import Diagnostic
from fnctl.errors import FnctlError

pytestmark = pytest.mark.usefixtures("installed")

ARM = replace(parts.NODE, architecture="arm64")
NPM = ("install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error")


def npm(folder: Path, *words: str) -> Path:
    program = tools.npm(os.environ)
    assert program, "scripts/setup asks for npm"
    subprocess.run([program, *NPM, *words], cwd=folder, check=True, capture_output=True, text=True)
    return folder


@pytest.fixture(scope="module")
def crc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package whose native part is another package for each machine, installed for Linux on x86-64, and one that is arm64's."""
    folder = tmp_path_factory.mktemp("crc")
    for name, cpu in (("x64", "x64"), ("arm64", "arm64")):
        parts.write(folder / name, {"package.json": '{"dependencies": {"@node-rs/crc32": "1.10.6"}}'})
        npm(folder / name, "--os=linux", f"--cpu={cpu}", "--libc=glibc")
    return folder


def bundles(folder: Path, tmp_path: Path, targets: Mapping[str, BuildTarget], said: list[str] | None = None, **words: Any) -> Mapping[str, Bundle]:
    functions = [replace(parts.function(name, f"src/{name}.ts", target.runtime), **words) for name, target in targets.items()]
    cache = parts.cache(tmp_path, folder)
    cache = Cache(cache.root, folder, cache.environ, (said if said is not None else []).append)
    return node.bundles(parts.service(folder, *functions), targets, cache)


def bundled(folder: Path, tmp_path: Path, target: BuildTarget = parts.NODE, **words: Any) -> Bundle:
    return bundles(folder, tmp_path, {"api": target}, **words)["api"]


def refused(folder: Path, tmp_path: Path, target: BuildTarget = parts.NODE, **words: Any) -> Diagnostic:
    with pytest.raises(FnctlError) as caught:
        bundled(folder, tmp_path, target, **words)
    return parts.only(caught.value)


def paths(bundle: Bundle) -> list[str]:
    return [file.path for file in bundle.files if not file.path.startswith("handler.mjs")]


def text(bundle: Bundle) -> str:
    return Path(str(bundle.files[0].source)).read_text()


def package(folder: Path, name: str, version: str = "1.0.0", **said: Any) -> Path:
    files = {
        "package.json": json.dumps({"name": name, "version": version, "main": "index.js", **said}),
        "index.js": f"exports.is = '{name}@{version}';",
    }
    needed = said.get("dependencies", {})
    if needed:
        files["index.js"] = f"exports.is = ['{name}@{version}', {', '.join(f'require({other!r}).is' for other in needed)}];"
    return parts.write(folder, files)


def test_many_handlers_come_out_as_each_would_alone(tmp_path: Path) -> None:
    names = [f"f{number}" for number in range(30)]
    shared = {"src/shared.ts": "export const used = 1; export const unused = 'shaken off';", "src/old.cjs": "module.exports = { here: __filename };"}
    code = 'import { used } from "./shared";\nimport { here } from "./old.cjs";\nexport const handler = () => [NUMBER, used, here.length > 0];\n'
    folder = parts.write(tmp_path / "shop", {f"src/{name}.ts": code.replace("NUMBER", name[1:]) for name in names} | shared)
    said: list[str] = []
    together = bundles(folder, tmp_path / "a", dict.fromkeys(names, parts.NODE), said)
    assert [line.count(",") + 1 for line in said] == [12, 12, 6]
    alone = [bundles(folder, tmp_path / "b", {name: parts.NODE}) for name in names]
    assert [together[name].digest for name in names] == [one[name].digest for name, one in zip(names, alone, strict=True)]
    assert run(together["f7"], tmp_path / "run", "m.handler()") == [7, 1, True]
    assert "shaken off" not in text(together["f7"])


def test_one_that_fails_leaves_the_others_bundled_and_is_named(tmp_path: Path) -> None:
    folder = parts.write(tmp_path / "shop", {f"src/{name}.ts": "export const handler = 1;\n" for name in "ab"} | {"src/c.ts": "export const = 1;\n"})
    with pytest.raises(FnctlError) as caught:
        bundles(folder, tmp_path, dict.fromkeys("abc", parts.NODE))
    found = parts.only(caught.value)
    assert (found.code, str(found.span), found.notes) == ("FN432", "src/c.ts:1:14", ("while building `c`",))
    said: list[str] = []
    parts.write(folder, {"src/c.ts": "export const handler = 1;\n"})
    bundles(folder, tmp_path, dict.fromkeys("abc", parts.NODE), said)
    assert said == ["bundling c"]


def test_minified_code_is_shorter_and_keeps_its_names(tmp_path: Path) -> None:
    source = "function readTheOrder(longParameter: number) { return longParameter + 1; }\nexport const handler = () => readTheOrder.name;\n"
    folder = parts.write(tmp_path / "shop", {"src/api.ts": source})
    plain, short = bundled(folder, tmp_path), bundled(folder, tmp_path, bundle={"minify": True})
    assert "longParameter" in text(plain)
    assert "longParameter" not in text(short)
    assert run(short, tmp_path / "run", "m.handler()") == "readTheOrder"


def test_texts_json_and_the_paths_of_a_tsconfig(tmp_path: Path) -> None:
    source = 'import query from "@/query.sql"; import prices from "./prices.json";\nexport const handler = () => [query.trim(), prices.tea];\n'
    settings = '{"compilerOptions": {"paths": {"@/*": ["./lib/*"]}}}'
    files = {"src/api.ts": source, "src/prices.json": '{"tea": 3}', "lib/query.sql": "select 1\n", "tsconfig.json": settings}
    assert run(bundled(parts.write(tmp_path / "shop", files), tmp_path), tmp_path / "run", "m.handler()") == ["select 1", 3]


def test_include_brings_files_along(tmp_path: Path) -> None:
    folder = parts.write(tmp_path / "shop", {"src/api.ts": "export const handler = 1;", "data/a.bin": "a", "data/b.txt": "b"})
    assert paths(bundled(folder, tmp_path, include=("data/**",), exclude=("*.txt",))) == ["data/a.bin"]


SOURCE = 'import { crc32 } from "@node-rs/crc32";\nexport const handler = () => crc32("fnctl");\n'


def test_a_native_addon_lies_beside_the_bundle_and_runs(tmp_path: Path, crc: Path) -> None:
    folder = shutil.copytree(crc / "x64", tmp_path / "shop", symlinks=True)
    parts.write(folder, {"src/api.ts": SOURCE})
    bundle = bundled(folder, tmp_path)
    (addon,) = paths(bundle)
    assert addon.endswith(".node")
    if packages.machine(Path("/proc/self/exe")) == "x86_64":
        assert run(bundle, tmp_path / "run", "m.handler()") == zlib.crc32(b"fnctl")
    found = refused(folder, tmp_path, ARM)
    assert (found.code, found.message.endswith("is made for x86_64, and the function runs on arm64")) == ("FN436", True)
    assert "npm install --os=linux --cpu=arm64" in str(found.help)


def test_a_package_travels_unbundled_with_the_parts_of_the_targets_machine(tmp_path: Path, crc: Path) -> None:
    folder = shutil.copytree(crc / "arm64", tmp_path / "shop", symlinks=True)
    parts.write(folder, {"src/api.ts": SOURCE})
    words: dict[str, Any] = {"bundle": {"external": ["@node-rs/crc32"]}}
    bundle = bundled(folder, tmp_path, ARM, **words)
    assert 'from "@node-rs/crc32"' in text(bundle)
    homes = {"/".join(path.split("/")[:3]) for path in paths(bundle)}
    assert homes == {"node_modules/@node-rs/crc32", "node_modules/@node-rs/crc32-linux-arm64-gnu"}
    natives = [file for file in bundle.files if file.path.endswith(".node")]
    assert [packages.machine(Path(str(file.source))) for file in natives] == ["arm64"]
    assert not [path for path in paths(bundle) if path.endswith(".d.ts")]
    found = refused(folder, tmp_path, parts.NODE, **words)
    assert (found.code, found.message) == ("FN436", "`@node-rs/crc32` is not installed for x86_64, on which the function runs")


def test_a_package_that_is_not_installed_is_a_layers_or_an_error(tmp_path: Path) -> None:
    folder = parts.write(tmp_path / "shop", {"src/api.ts": 'import x from "far";\nexport const handler = () => x;\n'})
    words: dict[str, Any] = {"bundle": {"external": ["far"]}}
    found = refused(folder, tmp_path, **words)
    assert (found.code, found.message, str(found.span)) == ("FN435", "the package `far` is not installed", "fnctl.yaml:10:5")
    assert paths(bundled(folder, tmp_path, layers=("arn:aws:lambda:eu-west-1:123456789012:layer:far:1",), **words)) == []


def test_two_versions_of_a_package_do_not_meet(tmp_path: Path) -> None:
    shop = parts.write(
        tmp_path / "shop", {"src/api.ts": 'import top from "top"; import two from "two";\nexport const handler = () => [top.is, two.is];\n'}
    )
    package(shop / "node_modules/two", "two", "2.0.0")
    package(shop / "node_modules/top", "top", dependencies={"two": "1", "deep": "1"})
    package(shop / "node_modules/top/node_modules/two", "two", "1.0.0")
    package(shop / "node_modules/top/node_modules/deep", "deep", dependencies={"two": "1"})
    bundle = bundled(shop, tmp_path, bundle={"external": ["two", "top"]})
    expected = [["top@1.0.0", "two@1.0.0", ["deep@1.0.0", "two@1.0.0"]], "two@2.0.0"]
    assert run(bundle, tmp_path / "run", "m.handler()") == expected


def pnpm(shop: Path) -> None:
    """Lay packages out as pnpm does: real files in `.pnpm`, everything else links."""
    store = shop / "node_modules/.pnpm"
    package(store / "two@2.0.0/node_modules/two", "two", "2.0.0")
    package(store / "two@1.0.0/node_modules/two", "two", "1.0.0")
    package(store / "top@1.0.0/node_modules/top", "top", dependencies={"two": "1"})
    (store / "top@1.0.0/node_modules/two").symlink_to("../../two@1.0.0/node_modules/two")
    (shop / "node_modules/top").symlink_to(".pnpm/top@1.0.0/node_modules/top")
    (shop / "node_modules/two").symlink_to(".pnpm/two@2.0.0/node_modules/two")


@pytest.mark.parametrize("external", [[], ["top", "two"]], ids=["bundled", "travelling"])
def test_a_tree_of_links_as_pnpm_makes_it(tmp_path: Path, external: list[str]) -> None:
    source = 'import top from "top"; import two from "two";\nexport const handler = () => [top.is, two.is];\n'
    shop = parts.write(tmp_path / "shop", {"src/api.ts": source})
    pnpm(shop)
    bundle = bundled(shop, tmp_path, bundle={"external": external})
    assert run(bundle, tmp_path / "run", "m.handler()") == [["top@1.0.0", "two@1.0.0"], "two@2.0.0"]
    assert all(".pnpm" not in file.path for file in bundle.files)


def test_workspaces_as_npm_installs_them(tmp_path: Path) -> None:
    root = parts.write(
        tmp_path / "mono",
        {
            "package.json": '{"private": true, "workspaces": ["services/*", "libs/*"]}',
            "libs/words/package.json": '{"name": "@mono/words", "version": "1.0.0", "main": "src/index.ts"}',
            "libs/words/src/index.ts": "export const greet = (name: string): string => `hello ${name}`;\n",
            "services/shop/package.json": '{"name": "shop", "version": "1.0.0", "dependencies": {"@mono/words": "*"}}',
            "services/shop/src/api.ts": 'import { greet } from "@mono/words";\nexport const handler = () => greet("npm");\n',
        },
    )
    npm(root)
    assert (root / "node_modules/@mono/words").is_symlink()
    shop, said = root / "services/shop", list[str]()
    bundle = bundles(shop, tmp_path, {"api": parts.NODE}, said)["api"]
    assert run(bundle, tmp_path / "run", "m.handler()") == "hello npm"
    parts.write(root, {"libs/words/src/index.ts": "export const greet = (name: string): string => `bye ${name}`;\n"})
    assert bundles(shop, tmp_path, {"api": parts.NODE}, said)["api"].digest != bundle.digest
    assert said == ["bundling api"] * 2


def test_workspaces_as_yarn_hoists_them(tmp_path: Path) -> None:
    root = parts.write(tmp_path / "mono", {"services/shop/src/api.ts": 'import two from "two";\nexport const handler = () => two.is;\n'})
    package(root / "node_modules/two", "two", "2.0.0")
    for external in ([], ["two"]):
        bundle = bundled(root / "services/shop", tmp_path, bundle={"external": external})
        assert run(bundle, tmp_path / f"run{len(external)}", "m.handler()") == "two@2.0.0"


@pytest.fixture(scope="module")
def typed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return npm(parts.write(tmp_path_factory.mktemp("typed"), {"package.json": '{"devDependencies": {"typescript": "5.9.3"}}'}))


TYPES = {
    "tsconfig.json": '{"compilerOptions": {"strict": true, "skipLibCheck": true, "types": []}, "include": ["src"]}',
    "src/order.ts": "export interface Order { id: string }\n",
    "src/api.ts": 'import type { Order } from "./order";\nexport const handler = (order: Order): number => order.id;\n',
}


def test_type_errors_are_findings_when_they_are_asked_for(tmp_path: Path, typed: Path) -> None:
    folder = parts.write(shutil.copytree(typed, tmp_path / "shop", symlinks=True), TYPES)
    bundled(folder, tmp_path)
    found = refused(folder, tmp_path, bundle={"check": True})
    assert (found.code, str(found.span), found.message) == ("FN437", "src/api.ts:2:50", "Type 'string' is not assignable to type 'number'. (TS2322)")


def test_types_are_checked_again_when_a_file_of_theirs_changed_and_only_then(tmp_path: Path, typed: Path) -> None:
    folder = parts.write(
        shutil.copytree(typed, tmp_path / "shop", symlinks=True), TYPES | {"src/order.ts": "export interface Order { id: number }\n"}
    )
    said: list[str] = []
    for _ in range(2):
        bundles(folder, tmp_path, {"api": parts.NODE}, said, bundle={"check": True})
    assert said == ["bundling api", "checking types of tsconfig.json"]
    parts.write(folder, {"src/order.ts": TYPES["src/order.ts"]})  # nothing of it is in the bundle: types vanish
    assert refused(folder, tmp_path, bundle={"check": True}).code == "FN437"


def test_a_check_that_would_check_nothing_is_said(tmp_path: Path, typed: Path) -> None:
    bare = parts.write(tmp_path / "bare", {"src/api.ts": "export const handler = 1;\n", "tsconfig.json": "{}"})
    assert "needs TypeScript" in refused(bare, tmp_path, bundle={"check": True}).message
    folder = parts.write(shutil.copytree(typed, tmp_path / "shop", symlinks=True), {"src/api.ts": "export const handler = 1;\n", "lib/a.ts": ""})
    assert "needs tsconfig.json" in refused(folder, tmp_path, bundle={"check": True}).message
    parts.write(folder, {"tsconfig.json": '{"include": ["lib"], "compilerOptions": {"types": []}}'})
    found = refused(folder, tmp_path, bundle={"check": True})
    assert (found.code, found.message) == ("FN438", "`tsconfig.json` does not cover src/api.ts, so its types were not checked")
