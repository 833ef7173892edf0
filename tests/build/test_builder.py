"""Whole builds: all functions, all errors, nothing twice."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from fakes import parts
from fnctl import plugins
from fnctl.build import archive, builder
from fnctl.build.builder import Built
from fnctl.build.model import BuildTarget, Bundle, File, Recipe
from fnctl.errors import FnctlError
from fnctl.manifest.model import Service

pytestmark = pytest.mark.usefixtures("installed")

FILES = {"src/api.py": "import shared\n", "src/jobs.py": "import shared\n", "src/shared.py": "", "src/thumbs.ts": "export const handler = () => 1;\n"}
TARGETS = {"api": parts.ARM, "jobs": parts.ARM, "thumbs": parts.NODE}


def shop(folder: Path, **files: str) -> Service:
    parts.wheel(folder / "wheels", "dep")
    parts.write(folder, {**FILES, "requirements.txt": "--no-index\n--find-links wheels\ndep\n", **files})
    functions = [("api", "src/api.py"), ("jobs", "src/jobs.py"), ("thumbs", "src/thumbs.ts")]
    return parts.service(folder, *(parts.function(name, handler, TARGETS[name].runtime) for name, handler in functions))


def built(service: Service, environ: Mapping[str, str], said: list[str] | None = None) -> Mapping[str, Built]:
    report = said.append if said is not None else builder.silent
    bundles = builder.bundles(service, TARGETS, plugins.builder, environ=environ, report=report)
    recipes = [Recipe(name, bundle.files, {"": bundle.wheels}, (name,)) for name, bundle in bundles.items()]
    return builder.artifacts(recipes, service.folder, target="aws", environ=environ, report=report)


def test_two_folders_and_two_caches_give_the_same_bytes(tmp_path: Path) -> None:
    one = built(shop(tmp_path / "one"), parts.environ(tmp_path / "a"))
    two = built(shop(tmp_path / "two/deep"), parts.environ(tmp_path / "b"))
    assert {name: each.artifact for name, each in one.items()} == {name: each.artifact for name, each in two.items()}
    path = one["api"].path
    assert (path, (tmp_path / "one/.fnctl/.gitignore").read_text()) == (tmp_path / "one/.fnctl/build/aws/api.zip", "*\n")
    assert one["api"].artifact.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    with zipfile.ZipFile(path) as packed:
        assert packed.namelist() == ["dep-1.0.dist-info/METADATA", "dep/__init__.py", "src/api.py", "src/shared.py"]


def test_what_has_not_changed_is_not_built_again_and_starts_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service, environ, said = shop(tmp_path / "shop"), parts.environ(tmp_path), list[str]()
    first = built(service, environ)
    dead = {**environ, "PATH": str(tmp_path), "UV_DEFAULT_INDEX": parts.DEAD, "PIP_INDEX_URL": parts.DEAD, "npm_config_registry": parts.DEAD}
    monkeypatch.setattr(subprocess, "run", lambda *_args, **_options: pytest.fail("a process was started"))
    again = built(service, dead, said)
    assert said == []
    assert {name: (each.artifact, each.cached) for name, each in again.items()} == {name: (each.artifact, True) for name, each in first.items()}
    assert not any(each.cached for each in first.values())


def test_one_edit_changes_one_artifact(tmp_path: Path) -> None:
    service, environ, said = shop(tmp_path / "shop"), parts.environ(tmp_path), list[str]()
    first = built(service, environ)
    parts.write(service.folder, {"src/jobs.py": "import shared  # edited\n"})
    second = built(service, environ, said)
    assert [name for name in first if first[name].artifact != second[name].artifact] == ["jobs"]
    assert said == ["packing jobs"]
    parts.write(service.folder, {"src/shared.py": "x = 1\n"})
    third = built(service, environ)
    assert [name for name in first if second[name].artifact != third[name].artifact] == ["api", "jobs"]


def test_an_archive_that_someone_touched_is_made_again(tmp_path: Path) -> None:
    service, environ = shop(tmp_path / "shop"), parts.environ(tmp_path)
    first = built(service, environ)["api"]
    first.path.write_bytes(first.path.read_bytes()[:-1] + b"!")
    second = built(service, environ)["api"]
    assert (second.cached, second.artifact) == (False, first.artifact)
    assert hashlib.sha256(second.path.read_bytes()).hexdigest() == first.artifact.sha256


def test_the_errors_of_all_functions_come_at_once_with_their_lines(tmp_path: Path) -> None:
    service = shop(
        tmp_path / "shop", **{"src/thumbs.ts": "export const handler = ;\n", "requirements.txt": "--no-index\n--find-links wheels\nnosuch\n"}
    )
    (service.folder / "src/jobs.py").unlink()
    with pytest.raises(FnctlError, match="the functions cannot be built") as caught:
        builder.bundles(service, TARGETS, plugins.builder, environ=parts.environ(tmp_path))
    assert [(d.code, str(d.span), d.label) for d in caught.value.diagnostics] == [
        ("FN422", "fnctl.yaml:10:5", "needed by `api`"),
        ("FN411", "fnctl.yaml:11:5", "needed by `jobs`"),
        ("FN432", "src/thumbs.ts:1:24", None),
    ]
    *_, last = caught.value.diagnostics
    assert last.notes == ("while building `thumbs`",)


def test_a_runtime_that_nobody_builds(tmp_path: Path) -> None:
    service = parts.service(tmp_path, parts.function("api", "api.rb", "ruby3"))
    with pytest.raises(FnctlError) as caught:
        builder.bundles(service, {"api": BuildTarget("ruby3", "x86_64")}, plugins.builder, environ=parts.environ(tmp_path))
    assert parts.only(caught.value).code == "FN442"


def test_all_clashes_of_all_recipes_come_at_once(tmp_path: Path) -> None:
    recipes = [Recipe(name, (File("a", b"1"), File("a", b"2")), {}, (name,)) for name in ("one", "two")]
    with pytest.raises(FnctlError) as caught:
        builder.artifacts([*recipes, Recipe("good", (), {}, ())], tmp_path, target="aws", environ=parts.environ(tmp_path))
    assert [d.code for d in caught.value.diagnostics] == ["FN401", "FN401"]
    assert [path.name for path in (tmp_path / ".fnctl/build/aws").iterdir()] == ["good.zip"]


def test_a_file_that_changes_while_it_is_packed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = parts.write(tmp_path, {"a.py": "old"}) / "a.py"
    write = archive.write

    def meanwhile(recipe: Recipe, folder: Path, *, epoch: int | None) -> object:
        path.write_text("newer")
        return write(recipe, folder, epoch=epoch)

    monkeypatch.setattr(archive, "write", meanwhile)
    recipe = Recipe("api", (File("a.py", path),), {}, ("api",))
    with pytest.raises(FnctlError) as caught:
        builder.artifacts([recipe], tmp_path, target="aws", environ=parts.environ(tmp_path))
    assert parts.only(caught.value).code == "FN443"
    monkeypatch.undo()
    assert not builder.artifacts([recipe], tmp_path, target="aws", environ=parts.environ(tmp_path))["api"].cached


def test_source_date_epoch_counts_and_has_to_be_a_number(tmp_path: Path) -> None:
    recipe = Recipe("api", (File("a.py", b""),), {}, ("api",))
    plain, dated = (
        builder.artifacts([recipe], tmp_path, target="aws", environ=parts.environ(tmp_path, **more))["api"]
        for more in ({}, {"SOURCE_DATE_EPOCH": "1700000000"})
    )
    assert (plain.artifact == dated.artifact, dated.cached) == (False, False)
    with pytest.raises(FnctlError) as caught:
        builder.artifacts([recipe], tmp_path, target="aws", environ=parts.environ(tmp_path, SOURCE_DATE_EPOCH="yesterday"))
    assert parts.only(caught.value).code == "FN406"


def test_a_lost_cache_costs_time_and_changes_nothing(tmp_path: Path) -> None:
    service = shop(tmp_path / "shop")
    first, second = (built(service, parts.environ(tmp_path / cache)) for cache in ("a", "b"))
    assert {name: each.artifact for name, each in first.items()} == {name: each.artifact for name, each in second.items()}
    assert not any(each.cached for each in second.values())


RACE = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from build.test_builder import built, shop
from fakes import parts
done = built(shop(Path(sys.argv[3])), parts.environ(Path(sys.argv[2])))
print(sorted(each.artifact.sha256 for each in done.values()))
"""


def test_two_runs_at_once_do_not_harm_each_other(tmp_path: Path) -> None:
    tests = str(Path(__file__).parents[1])
    command = [sys.executable, "-c", RACE, tests, str(tmp_path)]
    runs = [
        subprocess.Popen([*command, str(tmp_path / name)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for name in ("one", "two", "three")
    ]
    said = [run.communicate(timeout=120) for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0], said
    assert len({out for out, _ in said}) == 1


def test_many_functions_share_one_look_at_the_tree(tmp_path: Path) -> None:
    names = [f"f{number}" for number in range(40)]
    parts.write(tmp_path / "shop", {f"src/{name}.py": "import shared\n" for name in names} | {"src/shared.py": ""})
    service = parts.service(tmp_path / "shop", *(parts.function(name, f"src/{name}.py") for name in names))
    bundles: Mapping[str, Bundle] = builder.bundles(service, dict.fromkeys(names, parts.ARM), plugins.builder, environ=parts.environ(tmp_path))
    assert list(bundles) == names
    assert all([file.path for file in bundle.files] == [f"src/{name}.py", "src/shared.py"] for name, bundle in bundles.items())
    assert len({bundle.digest for bundle in bundles.values()}) == 40
