"""Handlers are imported from their artifacts before anything is uploaded, by real interpreters."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from build.conftest import install
from fakes import parts
from fakes.cli import Fnctl, environment
from fnctl import plugins
from fnctl.build import asking, interpreters, trial
from fnctl.build.builder import artifacts, bundles
from fnctl.build.model import BuildTarget, Recipe
from fnctl.diagnostics import Diagnostic

HERE = f"python3.{sys.version_info.minor}"
MACHINE = "arm64" if os.uname().machine == "aarch64" else "x86_64"
MANIFEST = f"""\
fnctl: 1
service: shop
targets: {{ aws: {{ region: eu-west-1 }} }}
defaults: {{ runtime: {HERE}, architecture: {MACHINE}, interface: function }}
resources: {{ jobs: {{ type: queue }} }}
secrets: [KEY]
functions:
  api:
    handler: src/api.py:handler
    env: {{ LEVEL: info }}
    secrets: [KEY]
    uses: {{ jobs: send }}
    triggers: [{{ http: GET / }}]
"""
GOOD = "import db\n\ndef handler(request):\n    return db.rows\n"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return parts.write(tmp_path / "shop", {"fnctl.yaml": MANIFEST, "src/api.py": GOOD, "src/db.py": "rows = []\n"})


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def refused(fnctl: Fnctl, shop: Path, source: str, **files: str) -> str:
    parts.write(shop, {"src/api.py": source, **files})
    return " ".join(fnctl("build", cwd=shop, code=1).err.split())


def test_one_that_raises_is_named_with_its_line_and_the_way_there(fnctl: Fnctl, shop: Path) -> None:
    said = refused(fnctl, shop, GOOD, **{"src/db.py": "import json\n\nrows = json.loads('{')\n"})
    assert "FN451" in said
    assert "`src/api.py` cannot be imported: JSONDecodeError: Expecting property name" in said
    assert "src/db.py:3:1" in said
    assert "by way of src/api.py:1 -> src/db.py:3" in said
    assert re.search(r"while `api` \(fnctl\.yaml:\d+:\d+\) was imported", said)
    assert "Traceback" not in said
    fnctl("build", "--no-import-check", cwd=shop)


@pytest.mark.parametrize(
    ("source", "code", "words"),
    [
        (
            "import os\nTABLE = os.environ['ORDERS']\ndef handler(r): ...\n",
            "FN452",
            ["reads ORDERS from the environment", "env: { ORDERS:"],
        ),
        ("import nowhere_to_be_found\ndef handler(r): ...\n", "FN451", ["No module named 'nowhere_to_be_found'", "requirements.txt"]),
        ("import sys\nsys.exit('not today')\ndef handler(r): ...\n", "FN451", ["SystemExit: not today", "src/api.py:2:1"]),
        ("import os\nos.abort()\ndef handler(r): ...\n", "FN451", ["ended the process with code -6"]),
        ("import pytest\ndef handler(r): ...\n", "FN451", ["No module named 'pytest'"]),
    ],
)
def test_what_goes_wrong_is_said_with_the_way_out(fnctl: Fnctl, shop: Path, source: str, code: str, words: list[str]) -> None:
    said = refused(fnctl, shop, source)
    assert [word for word in (code, *words) if word not in said] == []


def test_the_environment_is_the_functions_and_nobody_elses(fnctl: Fnctl, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "do-not-tell")
    monkeypatch.setenv("MY_TOKEN", "do-not-tell")
    wanted = "['AWS_REGION', 'JOBS_QUEUE', 'KEY', 'LEVEL']"
    check = f"import os\nassert all(name in os.environ for name in {wanted}), sorted(os.environ)\nassert os.environ['LEVEL'] == 'info'\n"
    check += "assert 'do-not-tell' not in str(os.environ)\nassert os.environ['AWS_REGION'] == 'eu-west-1'\n"
    check += "assert os.listdir(os.environ['HOME']) == []\n"
    parts.write(shop, {"src/api.py": check + "def handler(r): ...\n"})
    fnctl("build", cwd=shop)


def test_what_the_platform_brings_is_there_or_not_missed(fnctl: Fnctl, shop: Path) -> None:
    parts.write(shop, {"src/api.py": "import boto3\nqueue = boto3.client('sqs')\ndef handler(r): ...\n"})
    fnctl("build", cwd=shop)
    assert "no_such_attribute" in refused(fnctl, shop, "import boto3\nboto3.no_such_attribute\ndef handler(r): ...\n")


def test_a_connection_at_import_time_is_a_warning(fnctl: Fnctl, shop: Path) -> None:
    source = "import urllib.request\nurllib.request.urlopen('http://example.invalid/')\ndef handler(r): ...\n"
    parts.write(shop, {"src/api.py": source})
    said = fnctl("build", cwd=shop).err
    assert "FN454" in said
    assert "src/api.py:2:1" in said


def tried(shop: Path, tmp_path: Path, target: BuildTarget, *handlers: str) -> tuple[list[Diagnostic], dict[str, list[str]]]:
    functions = [parts.function(Path(handler).stem, handler, target.runtime) for handler in handlers]
    service, environ = parts.service(shop, *functions), parts.environ(tmp_path)
    made = bundles(service, {function.name: target for function in functions}, plugins.builder, environ=environ)
    recipes = [Recipe(name, bundle.files, {"": bundle.wheels}, (name,)) for name, bundle in made.items()]
    built = artifacts(recipes, shop, target="aws", environ=environ)
    return trial.tried(service, made, recipes, built, parts.cache(tmp_path, shop))


@pytest.mark.parametrize("language", ["python", "node"])
def test_of_many_at_once_only_the_bad_ones_are_named(shop: Path, tmp_path: Path, tool: Path, language: str) -> None:
    install(tool, tmp_path)
    node = interpreters.find_node("0", os.environ)  # whichever is here
    assert node
    if language == "python":
        target, end = BuildTarget(HERE, MACHINE, python=HERE.removeprefix("python")), ".py"
        good, throws, ends = "def handler(e): ...\n", "raise ValueError('b')\ndef handler(e): ...\n", "import os\nos._exit(3)\ndef handler(e): ...\n"
    else:
        target, end = BuildTarget(f"nodejs{node.version.split('.')[0]}", MACHINE), ".ts"
        good, throws, ends = (f"{first}export const handler = 1;\n" for first in ("", "throw new RangeError('b');\n", "process.exit(3);\n"))
    texts = {f"f{number}": good for number in range(10)} | {"f3": throws, "f6": ends}
    parts.write(shop, {f"src/{name}{end}": text for name, text in texts.items()})
    found, _ = tried(shop, tmp_path, target, *(f"src/{name}{end}" for name in texts))
    said = sorted(d.message for d in found)
    assert len(said) == 2
    assert said[0].startswith(f"`src/f3{end}` cannot be imported: ")
    assert said[1] == f"importing `src/f6{end}` ended the process with code 3"
    assert tried(shop, tmp_path, target, f"src/f5{end}") == ([], {})


def test_one_that_hangs_is_not_waited_for(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "SECONDS", 1)
    parts.write(shop, {"src/api.py": "import time\ntime.sleep(60)\ndef handler(r): ...\n"})
    (found,), notes = tried(shop, tmp_path, BuildTarget(HERE, MACHINE, python=HERE.removeprefix("python")), "src/api.py")
    assert (found.code, found.message, notes) == ("FN453", "importing `src/api.py` did not end within 1 s", {})


def test_what_was_imported_is_not_imported_again(fnctl: Fnctl, shop: Path) -> None:
    marker = shop / "imported"
    parts.write(shop, {"src/api.py": f"open({str(marker)!r}, 'a').write('x')\ndef handler(r): ...\n"})
    for _ in range(2):
        fnctl("build", cwd=shop)
    assert marker.read_text() == "x"
    manifest = shop / "fnctl.yaml"
    manifest.write_text(manifest.read_text().replace("LEVEL: info", "LEVEL: debug"))
    fnctl("build", cwd=shop)
    assert marker.read_text() == "xx"


def test_an_unchanged_build_starts_no_interpreter(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = BuildTarget(HERE, MACHINE, python=HERE.removeprefix("python"))
    assert tried(shop, tmp_path, target, "src/api.py") == ([], {})
    monkeypatch.setattr(subprocess, "run", lambda *_args, **_options: pytest.fail("a process was started"))
    assert tried(shop, tmp_path, target, "src/api.py") == ([], {})


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are POSIX")
def test_no_room_to_unpack_is_said_and_leaves_nothing(shop: Path, tmp_path: Path) -> None:
    parts.write(shop, {"src/zeros.txt": "0" * 3_000_000})  # small in the archive, and larger than a file may be
    (tmp_path / "room").mkdir()
    environ = environment({"XDG_CACHE_HOME": str(tmp_path / "cache"), "TMPDIR": str(tmp_path / "room")})
    command = ["bash", "-c", 'ulimit -f 1000; exec "$0" -m fnctl build', sys.executable]
    done = subprocess.run(command, cwd=shop, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "FN404" in done.stderr
    assert "no room" in done.stderr
    assert "Traceback" not in done.stderr
    assert list((tmp_path / "room").iterdir()) == []


def test_without_a_matching_interpreter_it_says_so_and_builds(fnctl: Fnctl, shop: Path) -> None:
    other, python = "arm64" if MACHINE == "x86_64" else "x86_64", f"cp3{sys.version_info.minor}"
    parts.wheel(shop / "wheels", "native", tag=f"{python}-{python}-manylinux2014_{'aarch64' if other == 'arm64' else other}")
    source = "import native\nraise ValueError\ndef handler(r): ...\n"
    manifest = MANIFEST.replace(f"architecture: {MACHINE}", f"architecture: {other}")
    parts.write(shop, {"fnctl.yaml": manifest, "requirements.txt": "--no-index\n--find-links wheels\nnative\n", "src/api.py": source})
    told = f"note: api: not imported before upload: Python 3.{sys.version_info.minor} for {other} is not on this machine"
    assert told in fnctl("build", cwd=shop).out.splitlines()
    assert told in fnctl("plan", "--offline", cwd=shop).out.splitlines()


def test_a_node_bundle_is_imported_and_its_source_map_read(shop: Path, tmp_path: Path, tool: Path) -> None:
    install(tool, tmp_path)
    node = interpreters.find_node("0", os.environ)  # whichever is here
    assert node
    target = BuildTarget(f"nodejs{node.version.split('.')[0]}", MACHINE, externals=("@aws-sdk/*",))
    thrown = "interface A { a: 1 }\n\nif (Date.now() > 0) throw new TypeError('not yet');\nexport const handler = () => 1;\n"
    parts.write(shop, {"src/api.ts": thrown})
    (found,), _ = tried(shop, tmp_path, target, "src/api.ts")
    assert (found.code, found.message, str(found.span)) == ("FN451", "`src/api.ts` cannot be imported: TypeError: not yet", "src/api.ts:3:1")
    for good in ('import { S3Client } from "@aws-sdk/client-s3";\nexport const handler = () => new S3Client();\n', "export const handler = 1;\n"):
        parts.write(shop, {"src/api.ts": good})
        assert tried(shop, tmp_path, target, "src/api.ts") == ([], {})
