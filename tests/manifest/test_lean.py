"""What is left out of imports on the way to `validate` is there for everybody who asks for it. Each case is a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import fnctl_schemas

PREPARED = "import sys; from fnctl import lean; lean.prepare()\n"
CASES = {
    "urllib is not there": PREPARED
    + "assert 'pathlib' in sys.modules and not [name for name in sys.modules if name.startswith(('urllib', 'ipaddress'))]",
    "a path as a URI": PREPARED + "from pathlib import Path; assert Path('/a b/ü').as_uri() == 'file:///a%20b/%C3%BC'",
    "urllib afterwards": PREPARED
    + "from urllib.parse import quote, urlsplit; assert urlsplit('http://[::1]/a').hostname == '::1' and quote('a b') == 'a%20b'",
    "urllib before": "import urllib.parse\nreal = urllib.parse\n" + PREPARED + "assert sys.modules['urllib.parse'] is real",
    "pathlib before": "import pathlib, sys\nreal = sys.modules.get('urllib.parse')\n" + PREPARED + "assert sys.modules.get('urllib.parse') is real",
}


@pytest.mark.parametrize("code", CASES.values(), ids=CASES)
@pytest.mark.skipif(sys.version_info >= (3, 13), reason="Python's own pathlib does without since 3.13")
def test_pathlib_without_urllib(code: str) -> None:
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", sorted(Path(fnctl_schemas.__file__).parent.rglob("*.json")), ids=lambda path: path.name)
def test_our_data_is_read_as_json_reads_it(path: Path) -> None:
    name = path.relative_to(Path(fnctl_schemas.__file__).parent).as_posix()
    assert fnctl_schemas.read(name) == json.loads(path.read_text("utf-8"))


def test_data_that_is_no_json_is_said_to_be_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fnctl_schemas, "text", lambda _name: "{]")
    with pytest.raises(json.JSONDecodeError):
        fnctl_schemas.read("x.json")
