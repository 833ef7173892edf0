"""Which files go into a Python function."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from fakes import parts
from fnctl.build import globs, imports, sources
from fnctl.errors import FnctlError
from fnctl.manifest.model import Function


def chosen(folder: Path, tmp_path: Path, *functions: Function) -> list[str]:
    files = sources.files(parts.service(folder, *functions), functions[0], parts.cache(tmp_path, folder))
    assert all(file.path == Path(str(file.source)).relative_to(folder).as_posix() for file in files)
    return [file.path for file in files]


def test_the_handlers_top_folder_goes_in_without_what_nobody_imports(tmp_path: Path) -> None:
    kept = ["src/orders/api.py", "src/orders/page.html", "src/util.py"]
    hidden = ["src/.env", "src/.hidden/x.py", "src/tests/test_x.py", "src/__pycache__/util.pyc", "src/venv/pyvenv.cfg", "src/venv/lib/x.py"]
    others = ["fnctl.yaml", "other/x.py", "src/node_modules/p/index.js", "src/thumbs.ts"]
    folder = parts.write(tmp_path / "shop", dict.fromkeys([*kept, *hidden, *others], ""))
    assert chosen(folder, tmp_path, parts.function("api", "src/orders/api.py")) == kept


def test_beside_the_manifest_modules_and_packages_go_in(tmp_path: Path) -> None:
    files = [
        "fnctl.yaml",
        "app.py",
        "util.py",
        "lib/__init__.py",
        "lib/data.json",
        "plain/mod.py",
        "web/app.ts",
        "web/package.json",
        "docs/x.md",
        "tests/t.py",
        "notes.txt",
    ]
    folder = parts.write(tmp_path / "shop", dict.fromkeys(files, ""))
    assert chosen(folder, tmp_path, parts.function("api", "app.py")) == ["app.py", "lib/__init__.py", "lib/data.json", "plain/mod.py", "util.py"]


HANDLERS = {
    "src/api.py": "import shared\n",
    "src/jobs.py": "",
    "src/mail.py": "",
    "src/admin/users.py": "",
    "src/admin/forms.py": "",
    "src/shared.py": "",
}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, ["src/api.py", "src/shared.py"]),
        ({"src/shared.py": "from . import jobs"}, ["src/api.py", "src/jobs.py", "src/shared.py"]),
        (
            {"src/shared.py": "import jobs.x", "src/jobs.py": "from src.mail import send"},
            ["src/api.py", "src/jobs.py", "src/mail.py", "src/shared.py"],
        ),
        ({"src/api.py": "import importlib\nimportlib.import_module('src.mail')"}, ["src/api.py", "src/mail.py", "src/shared.py"]),
        ({"src/api.py": "from src.admin.forms import f"}, ["src/admin/forms.py", "src/admin/users.py", "src/api.py", "src/shared.py"]),
        ({"src/api.py": "this is not Python: jobs"}, ["src/api.py", "src/jobs.py", "src/shared.py"]),
        ({"src/api.py": "print('jobs', mail)  # jobs"}, ["src/api.py", "src/shared.py"]),
    ],
)
def test_other_functions_handlers_stay_out_unless_they_are_imported(tmp_path: Path, changed: dict[str, str], expected: list[str]) -> None:
    folder = parts.write(tmp_path / "shop", {**HANDLERS, **changed})
    functions = [
        parts.function(name, f"src/{path}.py") for name, path in (("api", "api"), ("jobs", "jobs"), ("mail", "mail"), ("users", "admin/users"))
    ]
    assert chosen(folder, tmp_path, *functions) == expected


@pytest.mark.parametrize(
    ("include", "exclude", "ignored", "expected"),
    [
        ((), (), "", ["src/api.py", "src/jobs.py", "src/mail.py", "src/shared.py"]),
        ((), ("shared.py",), "", ["src/api.py"]),
        ((), (), "shared.py\n", ["src/api.py"]),
        ((), ("jobs.py",), "", ["src/api.py", "src/shared.py"]),
        (("tools/*.py",), ("shared.py",), "", ["src/api.py", "src/mail.py", "tools/send.py"]),
        (("tools/*.py",), ("shared.py", "send.py"), "", ["src/api.py"]),
    ],
)
def test_what_stays_at_home_brings_nothing_along(
    tmp_path: Path, include: tuple[str, ...], exclude: tuple[str, ...], ignored: str, expected: list[str]
) -> None:
    files = {
        "src/shared.py": "import jobs",
        "src/jobs.py": "import mail",
        "src/mail.py": "",
        "src/api.py": "",
        "tools/send.py": "from src import mail",
    }
    folder = parts.write(tmp_path / "shop", {**files, ".fnctlignore": ignored})
    api = parts.function("api", "src/api.py", include=include, exclude=exclude)
    assert chosen(folder, tmp_path, api, parts.function("jobs", "src/jobs.py"), parts.function("mail", "src/mail.py")) == expected


def test_a_package_keeps_its_init_even_if_that_is_a_handler(tmp_path: Path) -> None:
    folder = parts.write(tmp_path / "shop", {"src/__init__.py": "", "src/api.py": ""})
    assert chosen(folder, tmp_path, parts.function("api", "src/api.py"), parts.function("all", "src/__init__.py")) == [
        "src/__init__.py",
        "src/api.py",
    ]


def test_include_adds_exclude_takes_away_and_the_ignore_file_is_read(tmp_path: Path) -> None:
    files = [
        "src/api.py",
        "src/big.bin",
        "src/notes.md",
        "src/keep.md",
        "assets/logo.svg",
        "assets/raw/x.psd",
        "src/tests/data.json",
        ".env",
        ".git/config",
    ]
    folder = parts.write(tmp_path / "shop", {**dict.fromkeys(files, ""), ".fnctlignore": "# notes\n*.md\n!keep.md\n"})
    api = parts.function("api", "src/api.py", include=("assets/**", "src/tests/data.json", ".env"), exclude=("*.psd", "/src/*.bin", "src/api.py"))
    assert chosen(folder, tmp_path, api) == [".env", "assets/logo.svg", "src/api.py", "src/keep.md", "src/tests/data.json"]


@pytest.mark.parametrize(
    ("handler", "include", "code", "message"),
    [
        ("src/gone.py", (), "FN411", "the handler of `api` is not there: src/gone.py"),
        ("../api.py", (), "FN411", "the handler of `api` is outside the manifest's folder: ../api.py"),
        ("src/api.py", ("asets/*",), "FN413", "`include: asets/*` matches no file"),
        ("src/api.py", ("../*.py",), "FN412", "`include: ../*.py` leads out of the project"),
    ],
)
def test_what_is_not_there_is_said(tmp_path: Path, handler: str, include: tuple[str, ...], code: str, message: str) -> None:
    folder = parts.write(tmp_path / "shop", {"src/api.py": "", "../api.py": ""})
    with pytest.raises(FnctlError) as caught:
        chosen(folder, tmp_path, parts.function("api", handler, include=include))
    assert (parts.only(caught.value).code, parts.only(caught.value).message) == (code, message)


def test_links_are_followed_inside_the_project_only(tmp_path: Path) -> None:
    folder = parts.write(tmp_path / "shop", {"src/api.py": "", "common/util.py": "", "common/deep/x.py": ""})
    (folder / "src/common").symlink_to("../common")
    (folder / "common/deep/up").symlink_to("..")
    (folder / "src/node_modules").symlink_to(tmp_path)
    api = parts.function("api", "src/api.py")
    assert chosen(folder, tmp_path, api) == ["src/api.py", "src/common/deep/x.py", "src/common/util.py"]
    parts.write(tmp_path, {"outside/secret.py": ""})
    (folder / "src/link").symlink_to(tmp_path / "outside")
    with pytest.raises(FnctlError, match=r"`src/link` leads out of the project") as caught:
        chosen(folder, tmp_path, api)
    assert parts.only(caught.value).code == "FN412"
    (folder / "src/link").unlink()
    (folder / "src/link").symlink_to("nowhere")
    with pytest.raises(FnctlError, match=r"the link `src/link` is broken"):
        chosen(folder, tmp_path, api)
    parts.write(folder, {".fnctlignore": "link\n"})
    assert len(chosen(folder, tmp_path, api)) == 3


@pytest.mark.parametrize(
    ("pattern", "fits", "fits_not"),
    [
        ("*.md", ["a.md", "x/a.md"], ["a.mdx", "md"]),
        ("/a.md", ["a.md"], ["x/a.md"]),
        ("x/*.py", ["x/a.py"], ["x/y/a.py", "z/x/a.py"]),
        ("x/**", ["x/a", "x/y/a"], ["x", "ax/a"]),
        ("**/x", ["x", "a/b/x", "x/y"], ["ax"]),
        ("a/**/z", ["a/z", "a/b/c/z"], ["a/bz"]),
        ("tests/", ["tests/", "a/tests/x"], ["tests", "atests/x"]),
        ("f?[0-9].[!a]", ["fx1.b"], ["f/1.b", "fx1.a", "fxx.b"]),
        ("a+(b)", ["a+(b)"], ["aab"]),
        ("[z-a]", ["[z-a]"], ["z"]),
    ],
)
def test_patterns(pattern: str, fits: Sequence[str], fits_not: Sequence[str]) -> None:
    rule = globs.compiled(pattern)
    assert [path for path in [*fits, *fits_not] if rule.fullmatch(path)] == [*fits]
    start = re.compile(re.escape(globs.prefix(pattern)) + "(/.*)?") if globs.prefix(pattern) else re.compile(".*")
    assert all(start.fullmatch(path) for path in fits)


def test_imports_are_every_part_of_every_name() -> None:
    source = b"import a.b as c\nfrom ..d import e\nimport importlib\nimportlib.util.find_spec('f.g')\nx = 'h'\ns = '\\d'\n"
    assert imports.names(source) >= {"a", "b", "d", "e", "f", "g"}
    assert not imports.names(source) & {"c", "h", "x"}
