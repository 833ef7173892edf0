"""What `validate` keeps: the kept answer is the fresh one after any edit, and nothing is read that the answer does not rest on."""

from __future__ import annotations

import io
import json
import marshal
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fnctl import checking, kept
from fnctl.__main__ import main
from fnctl.commands.world import Engine, World

MANIFEST = """\
fnctl: 1
service: shop
targets: { aws: { region: eu-west-1 }, azure: { region: westeurope }, vercel: { region: fra1 } }
include: ["parts/*.yaml"]
defaults: { runtime: python3.13, memory: 2GB }
stages: { prod: { protect: true } }
functions:
  api:
    handler: src/api.py:handler
    triggers: [{ http: GET / }]
    env: { WHERE: "${env.WHERE}", LEVEL: info }
"""
PART = 'functions: { NAME: { handler: "src/NAME.py:handler", interface: function, triggers: [{ http: GET /NAME }] } }\n'
CODE = "def handler(request):\n    return None\n"
FORMS = [(), ("--output", "json"), ("--output=sarif",), ("--strict",), ("-q",), ("--stage", "prod"), ("-t", "aws", "--no-files")]
Edit = Callable[[Path, dict[str, str]], object]


class Shop:
    """A project whose files are old enough to be relied on, and its runs."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.cache, self.checks = folder / "shop", folder / "cache", 0
        self.environ = {"XDG_CACHE_HOME": str(self.cache), "WHERE": "here", "NO_COLOR": "1"}
        for name, text in {"fnctl.yaml": MANIFEST, "parts/page.yaml": PART.replace("NAME", "page")}.items():
            self.write(name, text)
        for name in ("api", "page", "more"):
            self.write(f"src/{name}.py", CODE)

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        self.age()

    def age(self) -> None:
        """Let time pass: what was just written is not yet relied on."""
        for path in (self.folder, *self.folder.rglob("*")):
            past = path.stat().st_mtime % 1e9
            os.utime(path, (past, past))

    def run(self, *words: str) -> tuple[int, str, str]:
        """Run `validate` in this process; the exit code and all that was written."""

        def counted(*args: Any, **more: Any) -> Any:
            self.checks += 1
            return checking.validate(*args, **more)

        out, err = io.StringIO(), io.StringIO()
        engine = cast("Engine", SimpleNamespace(validate=counted))
        world = World(io.StringIO(), out, err, self.environ, self.folder, engine, remembers=True)
        return int(main(["validate", *words], world)), out.getvalue(), err.getvalue()

    @property
    def entries(self) -> list[Path]:
        return list(self.cache.rglob("validate/*"))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def shape(answer: tuple[int, str, str]) -> tuple[Any, ...]:
    """Leave out what differs between any two runs: the report's own time."""
    code, out, err = answer
    if '"$schema"' in out and '"runs"' in out:
        return code, len(json.loads(out)["runs"][0]["results"]), json.loads(out)["runs"][0]["results"], err
    return code, out, err


@pytest.mark.parametrize("words", FORMS, ids=" ".join)
def test_an_unchanged_manifest_is_checked_once(shop: Shop, words: tuple[str, ...]) -> None:
    first, second = shop.run(*words), shop.run(*words)
    assert shape(first) == shape(second) == shape(shop.run(*words, "--no-cache"))
    assert shop.checks == 2  # the first, and the one that was asked for


def test_findings_are_kept_with_their_places(shop: Shop) -> None:
    shop.write("fnctl.yaml", MANIFEST.replace("2GB", "64MB"))
    first, second = shop.run(), shop.run()
    assert first == second
    assert first[0] == 1
    assert "--> fnctl.yaml:5:" in first[2]
    assert shop.checks == 1


def _manifest(text: str) -> Edit:
    return lambda folder, _: _wrote(folder / "fnctl.yaml", text)


def _wrote(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


EDITS: Mapping[str, Edit] = {
    "as it was": _manifest(MANIFEST),
    "another memory": _manifest(MANIFEST.replace("2GB", "64MB")),
    "a comment": _manifest("# words\n" + MANIFEST),
    "unreadable": _manifest("functions: ["),
    "a misspelt key": _manifest(MANIFEST.replace("handler:", "handlr:")),
    "another target": _manifest(MANIFEST.replace(", vercel: { region: fra1 }", "")),
    "a part changes": lambda folder, _: _wrote(folder / "parts/page.yaml", PART.replace("NAME", "page").replace("GET", "POST")),
    "a part with a fault": lambda folder, _: _wrote(folder / "parts/page.yaml", PART.replace("NAME", "page").replace("http", "htp")),
    "one more part": lambda folder, _: _wrote(folder / "parts/more.yaml", PART.replace("NAME", "more")),
    "one part less": lambda folder, _: (folder / "parts/more.yaml").unlink(missing_ok=True),
    "another handler": lambda folder, _: _wrote(folder / "src/api.py", CODE.replace("handler", "handled")),
    "a broken handler": lambda folder, _: _wrote(folder / "src/api.py", CODE.replace("(", "[")),
    "the handler again": lambda folder, _: _wrote(folder / "src/api.py", CODE),
    "no handler": lambda folder, _: (folder / "src/page.py").unlink(missing_ok=True),
    "that handler again": lambda folder, _: _wrote(folder / "src/page.py", CODE),
    "another environment": lambda _, environ: environ.update(WHERE="there"),
    "a variable less": lambda _, environ: environ.pop("WHERE", None),
    "that variable again": lambda _, environ: environ.update(WHERE="here"),
    "another stage": lambda _, environ: environ.update(FNCTL_STAGE="prod"),
    "a target by environment": lambda _, environ: environ.update(FNCTL_TARGET="azure"),
    "neither": lambda _, environ: [environ.pop(name, None) for name in ("FNCTL_STAGE", "FNCTL_TARGET")],
    "a secret in the environment": lambda _, environ: environ.update(MY_TOKEN="manifest is fine"),
}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(st.sampled_from(sorted(EDITS)), min_size=1, max_size=6), words=st.sampled_from(FORMS))
def test_the_kept_answer_is_the_fresh_one_after_any_edit(tmp_path_factory: pytest.TempPathFactory, edits: list[str], words: tuple[str, ...]) -> None:
    shop = Shop(tmp_path_factory.mktemp("edits"))
    shop.run(*words)
    for edit in edits:
        EDITS[edit](shop.folder, shop.environ)
        shop.age()
        assert shape(shop.run(*words)) == shape(shop.run(*words, "--no-cache")), edit
        assert shape(shop.run(*words)) == shape(shop.run(*words, "--no-cache")), f"again after {edit}"


def test_a_nearer_manifest_is_seen(shop: Shop) -> None:
    inner = Shop(shop.folder / "inner")
    shop.folder, outer = shop.folder / "inner", shop.folder
    assert shop.run()[0] == 0
    (outer / "inner/shop/fnctl.yaml").unlink()
    _wrote(outer / "inner/fnctl.yml", MANIFEST.replace("2GB", "64MB"))
    assert shop.run()[0] == 1
    assert inner.checks == 0


def test_what_was_just_written_is_not_relied_on(shop: Shop) -> None:
    (shop.folder / "src/api.py").write_text(CODE)
    shop.run()
    assert shop.entries == []


def test_yesterdays_answer_is_none(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.run()
    monkeypatch.setattr("time.localtime", lambda: (1999, 1, 1))  # the clock of a machine cannot be handed in before anything is imported
    shop.run()
    assert shop.checks == 2


@pytest.mark.parametrize("spoil", [lambda raw: b"", lambda raw: raw[:-1], lambda raw: raw[:40], lambda raw: b"x" * len(raw)], ids=range(4))
def test_a_spoilt_entry_is_none(shop: Shop, spoil: Callable[[bytes], bytes]) -> None:
    fresh = shop.run()
    (entry,) = shop.entries
    entry.write_bytes(spoil(entry.read_bytes()))
    assert shop.run() == fresh
    assert shop.checks == 2
    assert shop.run() == fresh
    assert shop.checks == 2


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_single_wrong_byte_is_believed(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    environ = {"XDG_CACHE_HOME": str(folder)}
    kept.keep(["x"], environ, "/", since=0, read={}, seen=[], names=["A"], answer=(["aws"], [("FN001", "error", "words", None)]))
    (entry,) = (folder / "fnctl/validate").iterdir()
    raw = bytearray(entry.read_bytes())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    assert kept.find(["x"], environ, "/") == (["aws"], [("FN001", "error", "words", None)])
    entry.write_bytes(raw)
    assert kept.find(["x"], environ, "/") is None


def test_the_oldest_entries_go(shop: Shop) -> None:
    for number in range(kept.MOST + 5):
        kept.keep([str(number)], shop.environ, "/", since=0, read={}, seen=[], names=[], answer=([], []))
    assert len(shop.entries) == kept.MOST
    assert kept.find([str(kept.MOST + 4)], shop.environ, "/") == ([], [])


def test_a_cache_that_cannot_be_written_is_none(shop: Shop) -> None:
    shop.cache.write_text("a file, where a folder should be")
    assert shop.run() == shop.run()
    assert shop.checks == 2


def test_no_value_of_a_variable_is_kept(shop: Shop) -> None:
    shop.environ["WHERE"] = "a-value-of-its-own"
    shop.run()
    (entry,) = shop.entries
    assert b"a-value-of-its-own" not in entry.read_bytes()
    shop.environ["WHERE"] = "another-one"
    shop.run()
    assert shop.checks == 2


# Run in a fresh interpreter: which files and folders of the project did the check open?
OPENED = """
import os, sys
sys.argv = ["fnctl", "validate"]
seen = set()
def hook(event, args):
    if event in ("open", "os.listdir", "os.scandir", "glob.glob") and isinstance(args[0], (str, bytes, os.PathLike)):
        seen.add(os.path.normpath(os.path.join(os.getcwd(), os.fspath(args[0]))))
from fnctl.__main__ import main
sys.addaudithook(hook)
code = main()
print("\\n".join(sorted(path for path in seen if path.startswith(os.getcwd()))))
sys.exit(code)
"""


@pytest.mark.parametrize("example", ["examples/orders", "examples/portable", ""], ids=["orders", "portable", "include"])
def test_an_answer_rests_on_every_file_that_was_opened(root: Path, tmp_path: Path, example: str) -> None:
    project = tmp_path / "project" if example else Shop(tmp_path).folder
    if example:
        shutil.copytree(root / example, project, ignore=shutil.ignore_patterns(".fnctl", "node_modules"))
    for path in (project, *project.rglob("*")):
        os.utime(path, (1e9, 1e9))
    environ = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), "WHERE": "here"}
    done = subprocess.run([sys.executable, "-c", OPENED], cwd=project, env=environ, capture_output=True, text=True, check=False)
    (entry,) = (tmp_path / "cache").rglob("validate/*")
    _, _, (_, files, stamps, _), _ = marshal.loads(entry.read_bytes()[16:])
    opened = set(done.stdout.split())
    assert str(project / "fnctl.yaml") in opened
    assert opened <= {os.path.normpath(project / path) for path in (*files, *stamps)}


def test_nothing_is_kept_where_a_stranger_has_a_part(shop: Shop) -> None:
    site = shop.folder.parent / "site"
    (site / "policy-1.0.dist-info").mkdir(parents=True)
    (site / "policy-1.0.dist-info/entry_points.txt").write_text("[fnctl.plugins]\npolicy = policy\n")
    (site / "policy.py").write_text("from fnctl.hookspecs import hookimpl\n\n@hookimpl\ndef fnctl_rules():\n    return []\n")
    environ = {**os.environ, **shop.environ}
    for more, expected in (({"PYTHONPATH": str(site)}, 0), ({}, 1)):
        command = [sys.executable, "-c", "from fnctl.__main__ import main; main(['validate'])"]
        subprocess.run(command, cwd=shop.folder, env={**environ, **more}, check=True, capture_output=True)
        assert len(shop.entries) == expected


def test_a_kept_answer_imports_next_to_nothing(shop: Shop) -> None:
    report = "import sys; from fnctl.__main__ import main; main(['validate']); print(*sorted(m for m in sys.modules if m.startswith('fnctl')))"
    environ, command = {**os.environ, **shop.environ}, [sys.executable, "-c", report]
    runs = [subprocess.run(command, cwd=shop.folder, env=environ, check=True, capture_output=True, text=True) for _ in range(2)]
    assert runs[0].stderr == runs[1].stderr
    assert runs[1].stdout.split() == ["fnctl", "fnctl.__main__", "fnctl.kept"]
