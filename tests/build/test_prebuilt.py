"""Archives that are made elsewhere: they go up byte for byte, once they have been looked into."""

from __future__ import annotations

import hashlib
import json
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from fakes import parts
from fakes.cli import Fnctl

MANIFEST = f"""\
fnctl: 1
service: shop
targets: {{ aws: {{ region: eu-west-1 }} }}
defaults: {{ runtime: python3.{sys.version_info.minor} }}
functions:
  api:
    handler: app/api.py:handler
    artifact: dist/api.zip
    triggers: [{{ http: GET / }}]
"""
HANDLER = "def handler(event, context):\n    return {'statusCode': 200, 'body': 'made elsewhere'}\n"


def shop(folder: Path, members: Mapping[str, str] | None = None, change: tuple[str, str] = ("", "")) -> Path:
    parts.write(folder, {"fnctl.yaml": MANIFEST.replace(*change), "dist/.keep": ""})
    with zipfile.ZipFile(folder / "dist/api.zip", "w", zipfile.ZIP_STORED) as made:
        for name, text in (members or {"app/api.py": HANDLER}).items():
            made.writestr(name, text)
    return folder


def test_it_goes_up_byte_for_byte(fnctl: Fnctl, tmp_path: Path) -> None:
    folder = shop(tmp_path)
    given = (folder / "dist/api.zip").read_bytes()
    (made,) = json.loads(fnctl("build", "--output", "json", cwd=folder).out)["artifacts"]
    assert Path(made["path"]).read_bytes() == given
    assert (made["sha256"], made["size"], made["unpacked_size"]) == (hashlib.sha256(given).hexdigest(), len(given), len(HANDLER))
    assert json.loads(fnctl("build", "--verify", "--output", "json", cwd=folder).out)["artifacts"][0]["cached"]
    assert json.loads(fnctl("size", "--output", "json", cwd=folder).out)["artifacts"][0]["unpacked_size"] == len(HANDLER)
    graph = json.loads(fnctl("plan", "--offline", "--output", "json", cwd=folder).out)
    (function,) = (change for change in graph["changes"] if change["kind"] == "aws.lambda.function")
    assert {field["path"]: field["after"] for field in function["fields"]}["handler"] == "app/api.handler"
    shop(tmp_path, {"app/api.py": HANDLER + "# newer\n"})
    assert not json.loads(fnctl("build", "--output", "json", cwd=folder).out)["artifacts"][0]["cached"]


@pytest.mark.parametrize(
    ("members", "code", "words"),
    [
        ({"other/api.py": HANDLER}, "FN448", "it holds other/api.py: correct `handler`"),
        ({"app/api.py": "import nothing_like_it\n" + HANDLER}, "FN451", "No module named 'nothing_like_it'"),
        ({"app/api.py": HANDLER, "../out.py": ""}, "FN402", "never lead out of the archive"),
    ],
)
def test_it_is_looked_into_before_it_goes(fnctl: Fnctl, tmp_path: Path, members: dict[str, str], code: str, words: str) -> None:
    said = " ".join(fnctl("build", cwd=shop(tmp_path, members), code=1).err.split())
    assert [word for word in (code, words) if word not in said] == []


def test_what_is_no_archive_or_not_there_is_said(fnctl: Fnctl, tmp_path: Path) -> None:
    folder = shop(tmp_path)
    (folder / "dist/api.zip").write_text("<html>404</html>")
    assert "`api.zip` is no archive that can be read" in " ".join(fnctl("build", cwd=folder, code=1).err.split())
    assert not list((folder / ".fnctl/build/aws").glob("*.zip"))
    (folder / "dist/api.zip").unlink()
    found = json.loads(fnctl("validate", "--output", "json", cwd=folder, code=1).out)["diagnostics"]
    assert [(d["code"], d["line"]) for d in found if d["severity"] == "error"] == [("FN050", 8)]


def test_platforms_that_cannot_and_interfaces_are_refused_at_their_line(fnctl: Fnctl, tmp_path: Path) -> None:
    folder = shop(tmp_path / "vercel", change=("aws: { region: eu-west-1 }", "vercel: {}"))
    found = json.loads(fnctl("validate", "--output", "json", cwd=folder, code=1).out)["diagnostics"]
    assert ("FN109", 8) in [(d["code"], d["line"]) for d in found if d["severity"] == "error"]
    folder = shop(tmp_path / "azure", change=("aws: { region: eu-west-1 }", "azure: {}"))
    (made,) = json.loads(fnctl("build", "--output", "json", cwd=folder).out)["artifacts"]
    assert Path(made["path"]).read_bytes() == (folder / "dist/api.zip").read_bytes()
    folder = shop(tmp_path / "aws", change=("    artifact:", "    interface: function\n    artifact:"))
    found = json.loads(fnctl("validate", "--output", "json", cwd=folder, code=1).out)["diagnostics"]
    assert [(d["code"], d["line"]) for d in found if d["severity"] == "error"] == [("FN056", 8)]
