"""The bytecode of the runtime: made again it is the same, it is what runs, and it never stands for another source."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from fnctl.build import shims
from fnctl.build.model import File

ROOT = Path(__file__).parents[2]
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
SUFFIX = f".cpython-{HERE.replace('.', '')}.pyc"


@pytest.fixture(scope="module")
def bytecode(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bytecode")
    subprocess.run([sys.executable, ROOT / "scripts/bytecode", HERE, "--to", folder], check=True, timeout=120)
    return folder


@pytest.fixture
def made(bytecode: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """AWS's shim for this Python, as a release makes it; what this checkout has compiled is of no account."""
    monkeypatch.setattr(shims, "BYTECODE", bytecode)
    files = shims.python.__wrapped__("fnctl_aws", (), f"python{HERE}", without=frozenset({"recipe.py"}))
    return {file.path: file.source for file in files if isinstance(file.source, bytes)}


def run(folder: Path, program: str) -> str:
    command = [sys.executable, "-I", "-S", "-B", "-c", f"import sys; sys.path.insert(0, {str(folder)!r})\n{program}"]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


def unpacked(made: dict[str, bytes], folder: Path) -> Path:
    for path, content in made.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def test_every_module_that_travels_has_some_and_it_is_what_runs(made: dict[str, bytes], tmp_path: Path) -> None:
    sources = {path for path in made if path.endswith(".py")}
    places = {path.replace("__pycache__/", "").replace(SUFFIX, ".py") for path in made if path.endswith(SUFFIX)}
    assert places == sources >= {"fnctl_runtime/event.py", "fnctl_aws/runtime/entry.py"}
    broken = {path: b"raise RuntimeError('compiled')" if path in sources else content for path, content in made.items()}
    (unpacked(broken, tmp_path) / "fnctl_aws/__init__.py").write_text("")
    assert run(tmp_path, "import fnctl_aws.runtime.events as it; print(it.__file__)") == str(tmp_path / "fnctl_aws/runtime/events.py")


def test_a_stack_names_the_artifacts_own_file_and_line(made: dict[str, bytes], tmp_path: Path) -> None:
    program = """import traceback
from fnctl_runtime.task import read
try:
    read({"fnctl": {"key": "k", "attempt": "many"}}, step="s", request_id="r")
except ValueError as error:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    print(frame.filename, frame.line)
"""
    unpacked(made, tmp_path)
    assert run(tmp_path, program) == f'{tmp_path}/fnctl_runtime/task.py attempt=int(about.get("attempt") or 0) + 1,'


def test_another_python_compiles_the_source(made: dict[str, bytes], tmp_path: Path) -> None:
    other = {path: b"\0" * 16 if path.endswith(SUFFIX) else content for path, content in made.items()}  # whose magic number is not ours
    unpacked(other, tmp_path)
    assert run(tmp_path, "from fnctl_runtime import Event; print(Event('1', '/s', 't'))") == "Event(id='1', source='/s', type='t')"


def test_a_source_that_has_changed_since_has_none(made: dict[str, bytes], bytecode: Path) -> None:
    source = made["fnctl_runtime/event.py"]
    files = shims.compiled([File("a/event.py", source), File("a/other.py", source + b"\n")], HERE)
    assert [file.path for file in files] == [f"a/__pycache__/event{SUFFIX}"]
    assert not list(shims.compiled([File("a/event.py", source)], "3.99"))


def test_it_is_the_same_each_time(bytecode: Path, tmp_path: Path) -> None:
    (tmp_path / HERE).mkdir()
    (tmp_path / HERE / f"{hashlib.sha256(b'old').hexdigest()}.code").write_bytes(b"of a source that is no more")
    subprocess.run([sys.executable, ROOT / "scripts/bytecode", HERE, "--to", tmp_path], check=True, timeout=120)
    first, second = ({file.name: file.read_bytes() for file in (folder / HERE).iterdir()} for folder in (bytecode, tmp_path))
    assert first == second


def test_a_version_that_is_not_here_is_said(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/bytecode", "3.99", "--to", tmp_path], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == "bytecode: no Python 3.99 here\n"
    assert not list(tmp_path.iterdir())
