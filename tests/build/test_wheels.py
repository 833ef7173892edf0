"""Dependencies: wheels for the machine that will run the code, and plain words when there are none."""

from __future__ import annotations

import os
import struct
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from fakes import parts
from fnctl.build import cache as memory
from fnctl.build import python, refusals, requirements, tags, tools
from fnctl.build.lists import Requirements
from fnctl.build.model import BuildTarget, Bundle
from fnctl.build.tags import Machine
from fnctl.errors import FnctlError

HERE = BuildTarget(f"python3.{sys.version_info.minor}", "x86_64", interpreter=Path(sys.executable))
NOTHING: Mapping[str, str] = {}
AARCH64 = 183
"""EM_AARCH64 in an ELF header."""


def bundled(folder: Path, tmp_path: Path, environ: Mapping[str, str] = NOTHING, target: BuildTarget = parts.ARM) -> Bundle:
    parts.write(folder, {"src/api.py": ""})
    api = parts.function("api", "src/api.py")
    return python.bundle(parts.service(folder, api), api, target, parts.cache(tmp_path, folder, **environ))


def names(bundle: Bundle) -> list[str]:
    return sorted(wheel.name.partition("-")[0] for wheel in bundle.wheels)


def refused(folder: Path, tmp_path: Path, environ: Mapping[str, str] = NOTHING, target: BuildTarget = parts.ARM) -> FnctlError:
    with pytest.raises(FnctlError) as caught:
        bundled(folder, tmp_path, environ, target)
    return caught.value


def without_uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A machine on which pip is all there is."""
    monkeypatch.setattr(tools, "uv", lambda _environ: None)
    return {"PATH": str(tmp_path / "nothing")}


def test_a_native_wheel_from_the_registry_is_for_the_target_not_for_this_machine(tmp_path: Path) -> None:
    folder = parts.write(tmp_path / "shop", {"requirements.txt": "markupsafe==3.0.2\n"})
    first = bundled(folder, tmp_path)
    (wheel,) = first.wheels
    with zipfile.ZipFile(wheel) as archive:
        (native,) = [name for name in archive.namelist() if name.endswith(".so")]
        header = archive.read(native)[:20]
    assert "cpython-313-aarch64" in native
    assert header[:5] == b"\x7fELF\x02"
    assert struct.unpack("<H", header[18:20]) == (AARCH64,)

    nowhere = {"UV_DEFAULT_INDEX": parts.DEAD, "PIP_INDEX_URL": parts.DEAD, "UV_CACHE_DIR": str(tmp_path / "uv"), "PIP_NO_CACHE_DIR": "1"}
    again = bundled(folder, tmp_path, {**nowhere, "PATH": str(tmp_path)})
    assert again == first
    # The proof can fail: another list has to ask the index, and nobody is there.
    parts.write(folder, {"requirements.txt": "markupsafe==3.0.1\n"})
    error = refused(folder, tmp_path, {**nowhere, "UV_HTTP_RETRIES": "0", "PIP_RETRIES": "0"})
    assert parts.only(error).code == "FN422"


@pytest.fixture
def links(tmp_path: Path) -> Path:
    folder = tmp_path / "links"
    parts.sdist(folder, "onlysrc", "1.0")
    parts.wheel(folder, "mid", needs=("onlysrc>=0.5",))
    parts.wheel(folder, "top", needs=("mid",))
    parts.wheel(folder, "boto3", needs=("botocore",))
    parts.wheel(folder, "botocore")
    parts.wheel(folder, "uses_boto", needs=("boto3",))
    parts.wheel(folder, "native", tag="cp313-cp313-manylinux_2_28_aarch64", members={"native.so": b"arm"})
    parts.wheel(folder, "native", tag="cp313-cp313-manylinux_2_17_x86_64", members={"native.so": b"intel"})
    parts.wheel(folder, "toonew", tag="cp313-cp313-manylinux_2_38_aarch64")
    parts.wheel(folder, "marked", needs=('mid; sys_platform == "win32"', 'botocore; platform_machine == "aarch64" and python_version >= "3.13"'))
    return folder


@pytest.mark.parametrize("alone", [False, True], ids=["uv", "pip"])
def test_a_package_without_a_wheel_is_named_with_who_asked_and_three_ways_out(
    tmp_path: Path, links: Path, monkeypatch: pytest.MonkeyPatch, alone: bool
) -> None:
    environ = parts.offline(links) | (without_uv(tmp_path, monkeypatch) if alone else {})
    folder = parts.write(tmp_path / "shop", {"requirements.txt": "boto3\ntop\n"})
    found = parts.only(refused(folder, tmp_path, environ))
    assert (found.code, found.message) == ("FN421", "`onlysrc` has no wheel for Python 3.13 on manylinux_2_34_aarch64, only sources")
    assert found.notes[0] == "asked for by: requirements.txt -> top -> mid -> onlysrc"
    assert found.help
    assert [line[:2] for line in found.help.splitlines() if line[0].isdigit()] == ["1.", "2.", "3."]


def test_a_wheel_for_a_newer_system_is_none(tmp_path: Path, links: Path) -> None:
    folder = parts.write(tmp_path / "shop", {"requirements.txt": "toonew"})
    assert parts.only(refused(folder, tmp_path, parts.offline(links))).notes[0] == "asked for by: requirements.txt -> toonew"


def test_a_name_that_nobody_knows_is_said_in_the_resolvers_words(tmp_path: Path, links: Path) -> None:
    folder = parts.write(tmp_path / "shop", {"requirements.txt": "nosuch"})
    found = parts.only(refused(folder, tmp_path, parts.offline(links)))
    assert found.code == "FN422"
    assert any("nosuch was not found" in note for note in found.notes)


@pytest.mark.parametrize("alone", [False, True], ids=["uv", "pip"])
def test_the_targets_architecture_decides(tmp_path: Path, links: Path, monkeypatch: pytest.MonkeyPatch, alone: bool) -> None:
    environ = parts.offline(links) | (without_uv(tmp_path, monkeypatch) if alone else {})
    folder = parts.write(tmp_path / "shop", {"requirements.txt": "native"})
    intel = replace(parts.ARM, architecture="x86_64", platform_tags=("manylinux2014_x86_64",))
    found = [bundled(folder, tmp_path, environ, target).wheels[0].name for target in (parts.ARM, intel)]
    assert found == ["native-1.0-cp313-cp313-manylinux_2_28_aarch64.whl", "native-1.0-cp313-cp313-manylinux_2_17_x86_64.whl"]


def test_markers_are_those_of_the_target(tmp_path: Path, links: Path) -> None:
    folder = parts.write(tmp_path / "shop", {"requirements.txt": "marked"})
    assert names(bundled(folder, tmp_path, parts.offline(links))) == ["botocore", "marked"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [("uses_boto", ["uses_boto"]), ("uses_boto\nBoto3==1.0", ["boto3", "botocore", "uses_boto"]), ("boto3", ["boto3", "botocore"]), ("# none", [])],
)
@pytest.mark.parametrize("alone", [False, True], ids=["uv", "pip"])
def test_what_the_platform_brings_stays_out_unless_it_is_named(
    tmp_path: Path, links: Path, monkeypatch: pytest.MonkeyPatch, wanted: str, expected: list[str], alone: bool
) -> None:
    environ = parts.offline(links) | (without_uv(tmp_path, monkeypatch) if alone else {})
    folder = parts.write(tmp_path / "shop", {"requirements.txt": wanted})
    assert names(bundled(folder, tmp_path, environ, replace(parts.ARM, provided=("boto3", "botocore")))) == expected


def test_a_sandbox_gets_wheels_for_its_own_interpreter(tmp_path: Path) -> None:
    links = tmp_path / "links"
    (best, *_) = tags.machine(HERE, parts.cache(tmp_path, tmp_path)).platforms
    version = f"cp3{sys.version_info.minor}"
    parts.wheel(links, "native", tag=f"{version}-{version}-{best}")
    parts.wheel(links, "native", tag="cp313-cp313-manylinux_2_28_aarch64")
    folder = parts.write(tmp_path / "shop", {"requirements.txt": "native"})
    assert [wheel.name for wheel in bundled(folder, tmp_path, parts.offline(links), HERE).wheels] == [f"native-1.0-{version}-{version}-{best}.whl"]


def test_an_interpreter_that_is_none_is_said(tmp_path: Path) -> None:
    folder = parts.write(tmp_path / "shop", {"requirements.txt": "x", "fake": "#!/bin/sh\necho broken >&2; exit 127\n"})
    (folder / "fake").chmod(0o755)
    found = parts.only(refused(folder, tmp_path, target=replace(HERE, interpreter=folder / "fake")))
    assert (found.code, found.notes) == ("FN423", ("broken",))


def test_a_lost_wheel_is_fetched_anew(tmp_path: Path, links: Path) -> None:
    folder = parts.write(tmp_path / "shop", {"requirements.txt": "boto3"})
    first = bundled(folder, tmp_path, parts.offline(links))
    first.wheels[0].unlink()
    assert bundled(folder, tmp_path, parts.offline(links)) == first
    assert first.wheels[0].is_file()


LOCK = """
version = 1
requires-python = ">=3.13"
[[package]]
name = "botocore"
version = "1.0"
source = {{ registry = "{links}" }}
wheels = [{{ path = "botocore-1.0-py3-none-any.whl" }}]
[[package]]
name = "shop"
version = "0"
source = {{ virtual = "." }}
dependencies = [{{ name = "botocore" }}]
[package.metadata]
requires-dist = [{{ name = "botocore" }}]
"""


def test_each_kind_of_list_is_read_and_the_nearest_wins(tmp_path: Path, links: Path) -> None:
    project = '[project]\nname = "shop"\nversion = "0"\nrequires-python = ">=3.13"\ndependencies = ["botocore"]\n'
    folder = parts.write(tmp_path / "shop", {"pyproject.toml": project, "src/pyproject.toml": "[tool.black]\n"})
    environ = parts.offline(links)
    assert names(bundled(folder, tmp_path, environ)) == ["botocore"]
    parts.write(folder, {"uv.lock": LOCK.format(links=links)})
    assert names(bundled(folder, tmp_path, environ)) == ["botocore"]
    parts.write(folder, {"requirements.txt": "native"})
    assert names(bundled(folder, tmp_path, environ)) == ["native"]
    parts.write(folder, {"src/requirements.txt": "-r more/base.txt\n", "src/more/base.txt": "boto3==1.0  # pinned\n"})
    assert names(bundled(folder, tmp_path, environ)) == ["boto3", "botocore"]
    parts.write(folder, {"src/more/base.txt": "native\n"})
    assert names(bundled(folder, tmp_path, environ)) == ["native"]


def test_a_lock_is_not_guessed_at_without_uv(tmp_path: Path, links: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = parts.write(tmp_path / "shop", {"pyproject.toml": '[project]\nname = "x"\ndependencies = ["botocore"]\n', "uv.lock": ""})
    found = parts.only(refused(folder, tmp_path, parts.offline(links) | without_uv(tmp_path, monkeypatch)))
    assert (found.code, found.message) == ("FN423", "uv is not there to read `uv.lock`")


def test_find_links_in_the_list_are_relative_to_it(tmp_path: Path) -> None:
    parts.wheel(tmp_path / "shop/src/wheels", "mine")
    folder = parts.write(tmp_path / "shop", {"src/requirements.txt": "--no-index\n--find-links wheels\nmine\n"})
    assert names(bundled(folder, tmp_path)) == ["mine"]


@pytest.mark.parametrize(
    ("files", "code", "said"),
    [
        ({"requirements.txt": "-e ./lib\n"}, "FN424", "a package that is not there: -e ./lib"),
        ({"requirements.txt": "./lib.tar.gz\n", "lib.tar.gz": b""}, "FN428", "built from source: ./lib.tar.gz"),
        ({"requirements.txt": "x @ git+https://me:secret@host/x\n"}, "FN428", "built from source: x @ git+https://***@host/x"),
        ({"requirements.txt": "-r gone.txt\n"}, "FN424", "`gone.txt` cannot be read"),
        ({"requirements.txt": b"\xff\xfe"}, "FN424", "`requirements.txt` cannot be read"),
        ({"pyproject.toml": "[project\n"}, "FN424", "`pyproject.toml` is not TOML"),
        ({"pyproject.toml": '[project]\nname = "x"\ndynamic = ["dependencies"]\n'}, "FN424", "only known once the project is built"),
    ],
)
def test_a_list_that_cannot_be_used_is_said(tmp_path: Path, files: Mapping[str, str | bytes], code: str, said: str) -> None:
    found = parts.only(refused(parts.write(tmp_path / "shop", files), tmp_path))
    assert found.code == code
    assert said in found.message


def test_names_and_options_of_a_list(tmp_path: Path) -> None:
    wanted = ["Flask[async]>=2 ; python_version > '3'", "zope.interface==5", "x @ https://host/x-1-py3-none-any.whl"]
    options = ["-i https://index/", "-f wheels", "-c limits.txt", "--hash=x"]
    folder = parts.write(tmp_path, {"requirements.txt": "\n".join([*wanted, *options]), "limits.txt": "boto3<2\n", "wheels/x": ""})
    found = requirements.nearest(folder, "src/api.py")
    assert found is not None
    assert found.names == {"flask", "zope-interface", "x"}
    assert found.options == ("--index-url", "https://index/", "--find-links", str(folder / "wheels"))
    assert found.files == (folder / "requirements.txt", folder / "limits.txt")


def test_a_password_in_an_index_is_never_shown(tmp_path: Path) -> None:
    folder = parts.write(tmp_path / "shop", {"requirements.txt": "nosuch\n"})
    index = "http://user:hunter2@127.0.0.1:9/simple"
    error = refused(
        folder, tmp_path, {"UV_DEFAULT_INDEX": index, "PIP_INDEX_URL": index, "UV_HTTP_RETRIES": "0", "UV_CACHE_DIR": str(tmp_path / "uv")}
    )
    assert "hunter2" not in repr(error.diagnostics)


def test_platform_tags_bring_the_older_ones() -> None:
    assert list(tags.implied("manylinux2014_aarch64")) == ["manylinux_2_17_aarch64", "manylinux2014_aarch64"]
    intel = list(tags.implied("manylinux_2_18_x86_64"))
    assert intel[:3] == ["manylinux_2_18_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"]
    assert intel[-1] == "manylinux1_x86_64"
    assert list(tags.implied("macosx_14_0_arm64")) == ["macosx_14_0_arm64"]
    assert Machine("3.12", ("manylinux_2_26_x86_64",)).uv == ["--python-version", "3.12", "--python-platform", "x86_64-manylinux_2_17"]


def test_one_tools_index_is_the_others() -> None:
    assert tools.indexed({"UV_INDEX": "corp=https://a b=https://b"})["PIP_EXTRA_INDEX_URL"] == "https://a https://b"
    assert tools.indexed({"PIP_INDEX_URL": "https://a"})["UV_DEFAULT_INDEX"] == "https://a"
    both = tools.indexed({"PIP_INDEX_URL": "https://a", "UV_DEFAULT_INDEX": "https://b"})
    assert (both["PIP_INDEX_URL"], both["UV_DEFAULT_INDEX"]) == ("https://a", "https://b")


UV = """error: No solution found when resolving dependencies:
  cause: Because all versions of only-src have no usable wheels and mid[x]>=2.0,<3 depends on only-src>=1, we can conclude that
         mid[x]>=2.0,<3 cannot be used.
         And because top==1.0 depends on mid[x] and you require top, we can conclude that your requirements are unsatisfiable.
"""
ABI = "Because numpy==1.26.0 has no wheels with a matching Python ABI tag (e.g., `cp314`) and you require numpy==1.26.0, unsatisfiable."


@pytest.mark.parametrize(
    ("text", "wanted", "chain"), [(UV, {"top"}, "top -> mid -> only-src"), (ABI, {"numpy"}, "numpy"), (UV, {"unknown"}, "only-src")]
)
def test_what_uv_says(text: str, wanted: set[str], chain: str) -> None:
    listed = Requirements(Path("requirements.txt"), "requirements", frozenset(wanted), ())
    assert parts.only(refusals.uv(text, listed, Machine("3.13", ()))).notes[0] == f"asked for by: requirements.txt -> {chain}"


def test_no_tool_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environ = without_uv(tmp_path, monkeypatch)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(FnctlError, match="neither uv nor pip") as caught:
        tools.pip(environ)
    assert parts.only(caught.value).code == "FN423"
    assert os.sep in str(tools.python())


def brought(tmp_path: Path, *, own: str = "", digest: str = "") -> Bundle:
    """Bundle for a platform that wants `dep` 1.0 in every artifact, of which a function may have its own."""
    wheel = parts.wheel(tmp_path / "wheels", "dep")
    folder = parts.write(tmp_path / "shop", {"requirements.txt": own} if own else {})
    line = f"dep==1.0 --hash=sha256:{digest or memory.file_digest(wheel)}"
    environ = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "wheels"), "UV_FIND_LINKS": str(tmp_path / "wheels")}
    return bundled(folder, tmp_path, environ, replace(HERE, brings=(line,)))


def test_what_the_platform_wants_in_every_artifact_comes_whatever_the_function_asks_for(tmp_path: Path) -> None:
    assert names(brought(tmp_path / "one")) == ["dep"]
    parts.wheel(tmp_path / "two/wheels", "other")
    both = brought(tmp_path / "two", own="other\n")
    assert names(both) == ["dep", "other"]
    assert both.dependencies not in ("", brought(tmp_path / "one").dependencies)


def test_a_function_that_asks_for_the_platform_s_package_keeps_its_own_version(tmp_path: Path) -> None:
    parts.wheel(tmp_path / "wheels", "dep", version="2.0")
    assert [wheel.name.split("-")[1] for wheel in brought(tmp_path, own="dep==2.0\n").wheels] == ["2.0"]


def test_the_platform_s_package_is_the_one_that_was_pinned(tmp_path: Path) -> None:
    with pytest.raises(FnctlError) as caught:
        brought(tmp_path, digest="0" * 64)
    assert caught.value.diagnostics[0].code == "FN427"
