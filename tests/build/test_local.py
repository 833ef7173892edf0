"""Folders, workspaces, extras, groups and digests: what a service's own list may ask for."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from fakes import parts
from fnctl.build import local, poetry, python, tools
from fnctl.build.model import Bundle
from fnctl.errors import FnctlError

# A build backend that is as careless as one may be: today's time, a random order, and a file beside the sources.
BACKEND = """
import pathlib, random, time, tomllib, zipfile
def build_wheel(folder, config_settings=None, metadata_directory=None):
    project = tomllib.loads(pathlib.Path("pyproject.toml").read_text())["project"]
    name, info = project["name"], f"{project['name']}-{project['version']}.dist-info"
    needs = "".join(f"Requires-Dist: {need}\\n" for need in project.get("dependencies", ()))
    extra = "".join(f"Provides-Extra: {e}\\n" + "".join(f"Requires-Dist: {n} ; extra == '{e}'\\n" for n in ns)
        for e, ns in project.get("optional-dependencies", {}).items())
    members = {f"{info}/METADATA": f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {project['version']}\\n{needs}{extra}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: %s\\n", f"{info}/RECORD": str(time.time())}
    members |= {str(path): path.read_text() for path in pathlib.Path(name).rglob("*.py")}
    pathlib.Path("litter").write_text("x")
    tag = "cp311-cp311-linux_x86_64" if pathlib.Path("native.c").exists() else "py3-none-any"
    made = f"{name}-{project['version']}-{tag}.whl"
    with zipfile.ZipFile(pathlib.Path(folder, made), "w") as archive:
        for member in random.sample(sorted(members), len(members)):
            archive.writestr(zipfile.ZipInfo(member, time.localtime()[:6]), members[member])
    return made
"""
BUILD = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


def package(folder: Path, name: str, *needs: str, more: str = "", files: Mapping[str, str] | None = None) -> Path:
    project = f'[project]\nname = "{name}"\nversion = "0.1"\nrequires-python = ">=3.11"\ndependencies = {list(needs)!r}\n{more}'
    sources = {"backend.py": BACKEND, f"{name}/__init__.py": f"name = {name!r}\n", "pyproject.toml": project + BUILD}
    return parts.write(folder, {**sources, **(files or {})})


def bundled(folder: Path, tmp_path: Path, environ: Mapping[str, str]) -> Bundle:
    parts.write(folder, {"src/api.py": ""})
    api = parts.function("api", "src/api.py")
    return python.bundle(parts.service(folder, api), api, parts.ARM, parts.cache(tmp_path, folder, **environ))


def names(bundle: Bundle) -> list[str]:
    return sorted(wheel.name.partition("-")[0] for wheel in bundle.wheels)


def refused(folder: Path, tmp_path: Path, environ: Mapping[str, str]) -> FnctlError:
    with pytest.raises(FnctlError) as caught:
        bundled(folder, tmp_path, environ)
    return caught.value


@pytest.fixture
def links(tmp_path: Path) -> Path:
    folder = tmp_path / "links"
    for name in ("six", "idna", "certifi", "tomli"):
        parts.wheel(folder, name)
    parts.wheel(folder, "top", needs=("six", 'tomli; sys_platform == "win32"'))
    return folder


@pytest.mark.parametrize("line", ["-e ../libs/common", "../libs/common", "common @ file:../libs/common", "--editable=../libs/common"])
def test_a_folder_is_built_with_what_it_needs_and_lies_as_an_installer_would_lay_it(tmp_path: Path, links: Path, line: str) -> None:
    package(tmp_path / "libs/common", "common", "six", "deep", more='[tool.uv.sources]\ndeep = {path = "../deep"}\n')
    package(tmp_path / "libs/deep", "deep", "idna")
    folder = parts.write(tmp_path / "shop", {"requirements.txt": f"{line}\n"})
    bundle = bundled(folder, tmp_path, parts.offline(links))
    assert names(bundle) == ["common", "deep", "idna", "six"]
    with zipfile.ZipFile(next(wheel for wheel in bundle.wheels if wheel.name.startswith("common"))) as made:
        assert made.read("common/__init__.py") == b"name = 'common'\n"
        assert "common-0.1.dist-info/METADATA" in made.namelist()
    assert not (tmp_path / "libs/common/litter").exists()


def test_extras_and_markers_of_a_folder_count(tmp_path: Path, links: Path) -> None:
    package(tmp_path / "lib", "lib", more='[project.optional-dependencies]\nfast = ["idna"]\n')
    package(tmp_path / "other", "other")
    folder = parts.write(tmp_path / "shop", {"requirements.txt": '../lib[fast]\n../other ; sys_platform == "win32"\n'})
    assert names(bundled(folder, tmp_path, parts.offline(links))) == ["idna", "lib"]


def test_pip_alone_takes_folders_too(tmp_path: Path, links: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "uv", lambda _environ: None)
    package(tmp_path / "lib", "lib", "six")
    folder = parts.write(tmp_path / "shop", {"requirements.txt": "../lib\n"})
    assert names(bundled(folder, tmp_path, parts.offline(links))) == ["lib", "six"]


def test_two_clones_come_to_the_same_wheel_and_an_edit_to_another(tmp_path: Path, links: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundles: list[Bundle] = []
    for clone in ("one", "two/deep"):
        package(tmp_path / clone / "lib", "lib", "six", files={"lib/more.py": "", "lib/run.py": ""})
        folder = parts.write(tmp_path / clone / "shop", {"requirements.txt": "../lib\n"})
        bundles.append(bundled(folder, tmp_path / clone, parts.offline(links)))
    assert bundles[0].digest == bundles[1].digest

    with monkeypatch.context() as still:
        still.setattr(subprocess, "run", lambda *_args, **_options: pytest.fail("a process was started"))
        assert bundled(tmp_path / "one/shop", tmp_path / "one", parts.offline(links)) == bundles[0]
    parts.write(tmp_path / "one/lib", {"lib/more.py": "x = 1\n"})
    assert bundled(tmp_path / "one/shop", tmp_path / "one", parts.offline(links)).digest != bundles[0].digest


def test_a_folder_that_cannot_be_built_is_said_in_its_builders_words(tmp_path: Path, links: Path) -> None:
    package(tmp_path / "lib", "lib", files={"backend.py": "def build_wheel(*_):\n    raise SystemExit('no compiler today')\n"})
    folder = parts.write(tmp_path / "shop", {"requirements.txt": "../lib\n"})
    found = parts.only(refused(folder, tmp_path, parts.offline(links)))
    assert (found.code, found.message) == ("FN425", "the package `lib` cannot be built")
    assert any("no compiler today" in note for note in found.notes)


def test_a_folder_with_compiled_parts_is_for_one_machine_only(tmp_path: Path, links: Path) -> None:
    package(tmp_path / "lib", "lib", files={"native.c": ""})
    folder = parts.write(tmp_path / "shop", {"requirements.txt": "../lib\n"})
    found = parts.only(refused(folder, tmp_path, parts.offline(links)))
    assert found.code == "FN420"
    assert "has compiled parts" in found.message


CHOICE = """
[project.optional-dependencies]
fast = ["idna"]
all = ["shop[fast]"]
[dependency-groups]
base = ["certifi"]
aws = [{include-group = "base"}]
[tool.fnctl]
extras = ["all"]
groups = ["aws"]
"""


def shop(folder: Path, *needs: str, more: str = "") -> Path:
    project = f'[project]\nname = "shop"\nversion = "0"\nrequires-python = ">=3.11"\ndependencies = {list(needs)!r}\n{more}'
    return parts.write(folder, {"pyproject.toml": project})


def lock(folder: Path, environ: Mapping[str, str]) -> None:
    uv = tools.uv(parts.environ(folder))
    assert uv is not None
    subprocess.run([uv, "lock", "--quiet", "--no-index", "--python", sys.executable], cwd=folder, env=parts.environ(folder, **environ), check=True)


@pytest.mark.parametrize("locked", [False, True], ids=["open", "uv.lock"])
def test_extras_and_groups_are_chosen_in_the_pyproject(tmp_path: Path, links: Path, locked: bool) -> None:
    folder = shop(tmp_path / "shop", "six", more=CHOICE)
    if locked:
        lock(folder, parts.offline(links))
    assert names(bundled(folder, tmp_path, parts.offline(links))) == ["certifi", "idna", "six"]


def test_an_extra_that_is_not_there_is_said(tmp_path: Path, links: Path) -> None:
    folder = shop(tmp_path / "shop", "six", more='[tool.fnctl]\nextras = ["slow"]\n[project.optional-dependencies]\nfast = ["idna"]\n')
    found = parts.only(refused(folder, tmp_path, parts.offline(links)))
    assert (found.code, found.help) == ("FN424", "there are: fast")


@pytest.mark.parametrize("locked", [False, True], ids=["open", "uv.lock"])
def test_members_of_a_workspace_are_built_and_its_lock_is_above(tmp_path: Path, links: Path, locked: bool) -> None:
    root = parts.write(tmp_path / "mono", {"pyproject.toml": '[tool.uv.workspace]\nmembers = ["services/*", "libs/*"]\n'})
    package(root / "libs/common", "common", "deep", "six", more="[tool.uv.sources]\ndeep = {workspace = true}\n")
    package(root / "libs/deep", "deep", "idna")
    package(root / "libs/unused", "unused")
    folder = shop(root / "services/shop", "common", more="[tool.uv.sources]\ncommon = {workspace = true}\n")
    if locked:
        lock(root, parts.offline(links))
    assert names(bundled(folder, tmp_path, parts.offline(links))) == ["common", "deep", "idna", "six"]


def digest(links: Path, name: str) -> str:
    return "sha256:" + hashlib.sha256((links / f"{name}-1.0-py3-none-any.whl").read_bytes()).hexdigest()


def entry(links: Path, name: str, more: str = "", hashed: bool = True) -> str:
    files = f'{{file = "{name}-1.0-py3-none-any.whl", hash = "{digest(links, name)}"}}' if hashed else ""
    return f'[[package]]\nname = "{name}"\nversion = "1.0"\npython-versions = ">=3.8"\nfiles = [{files}]\n{more}\n'


POETRY = """
[tool.poetry]
name = "shop"
version = "0"
[tool.poetry.dependencies]
python = "^3.11"
top = "^1.0"
idna = {version = "^1.0", optional = true}
certifi = {version = "*", markers = "sys_platform == 'win32'"}
lib = {path = "../lib", develop = true}
[tool.poetry.extras]
fast = ["idna"]
[tool.fnctl]
extras = ["fast"]
"""


def poetic(folder: Path, links: Path, *without: str) -> Path:
    held = "".join(entry(links, name, hashed=name not in without) for name in ("top", "six", "idna", "tomli", "certifi") if f"-{name}" not in without)
    held += '[[package]]\nname = "lib"\nversion = "0.1"\npython-versions = "*"\nfiles = []\n[package.source]\ntype = "directory"\nurl = "../lib"\n'
    package(folder.parent / "lib", "lib", "six")
    parts.wheel(links, "six", "2.0")  # newer, but the lock says otherwise
    return parts.write(folder, {"pyproject.toml": POETRY, "poetry.lock": held})


def test_a_poetry_lock_decides_versions_and_digests(tmp_path: Path, links: Path) -> None:
    bundle = bundled(poetic(tmp_path / "shop", links), tmp_path, parts.offline(links))
    assert names(bundle) == ["idna", "lib", "six", "top"]
    assert {wheel.name.split("-")[1] for wheel in bundle.wheels} == {"0.1", "1.0"}


def test_a_poetry_lock_that_is_too_old_is_said(tmp_path: Path, links: Path) -> None:
    found = parts.only(refused(poetic(tmp_path / "shop", links, "-six"), tmp_path, parts.offline(links)))
    assert (found.code, found.message) == ("FN429", "`poetry.lock` does not hold what `pyproject.toml` needs: six==2.0")


def test_poetrys_words_without_a_lock(tmp_path: Path, links: Path) -> None:
    folder = parts.write(tmp_path / "shop", {"pyproject.toml": POETRY})
    assert "no poetry.lock" in parts.only(refused(folder, tmp_path, parts.offline(links))).message


def test_poetrys_words_about_python() -> None:
    assert poetry.pythons("*") == ""
    assert poetry.pythons("^3.10") == 'python_version >= "3.10" and python_version < "4"'
    assert poetry.pythons("~3.11 || >=3.12.1,<4") == (
        '(python_version >= "3.11" and python_version < "3.12") or (python_full_version >= "3.12.1" and python_version < "4")'
    )
    pins = [{"name": "a", "version": version, "markers": f"python_version == '{version}'"} for version in ("1", "2")]
    assert poetry.pins(pins) == ["a==1 ; python_version == '1'", "a==2 ; python_version == '2'"]


@pytest.mark.parametrize("kind", ["requirements", "poetry", "pip"])
def test_a_missing_digest_where_others_have_one(tmp_path: Path, links: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    if kind == "poetry":
        folder = poetic(tmp_path / "shop", links, "six")
    else:
        folder = parts.write(tmp_path / "shop", {"requirements.txt": f"top==1.0 \\\n    --hash={digest(links, 'top')}\n"})
    if kind == "pip":
        monkeypatch.setattr(tools, "uv", lambda _environ: None)
    found = parts.only(refused(folder, tmp_path, parts.offline(links)))
    source = "poetry.lock" if kind == "poetry" else "requirements.txt"
    assert (found.code, found.message) == ("FN426", f"`{source}` has digests for some packages, but none for `six`")


def test_a_file_that_is_not_the_one_that_the_list_names(tmp_path: Path, links: Path) -> None:
    folder = parts.write(tmp_path / "shop", {"requirements.txt": f"six==1.0 --hash={digest(links, 'idna')}\n"})
    found = parts.only(refused(folder, tmp_path, parts.offline(links)))
    assert (found.code, found.message) == ("FN427", "the file of `six` is not the one that `requirements.txt` names")


def test_a_list_with_all_its_digests_is_fine(tmp_path: Path, links: Path) -> None:
    lines = [f"{name}==1.0 --hash={digest(links, name)}\n" for name in ("top", "six")]
    folder = parts.write(tmp_path / "shop", {"requirements.txt": "".join(lines)})
    assert names(bundled(folder, tmp_path, parts.offline(links))) == ["six", "top"]


def test_what_a_build_leaves_behind_is_no_source(tmp_path: Path) -> None:
    folder = package(tmp_path / "lib", "lib", files={"build/x": "", "dist/y": "", ".venv/z": "", "lib/build/kept.py": "", "lib.egg-info/PKG": ""})
    before = local.digest(folder, parts.cache(tmp_path, folder))
    parts.write(folder, {"build/x": "1", "lib/__pycache__/a.pyc": ""})
    assert local.digest(folder, parts.cache(tmp_path, folder)) == before
    parts.write(folder, {"lib/build/kept.py": "1"})
    assert local.digest(folder, parts.cache(tmp_path, folder)) != before
