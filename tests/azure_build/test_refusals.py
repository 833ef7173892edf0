"""What a build would leave out in silence is refused before it: an open route where callers were to be checked is the worst of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fakes.cli import environment

LEFT_OUT = {
    "FN107": 'triggers: [{ http: { method: GET, path: /a, auth: { issuer: "https://login.example/" } } }]',
    "FN109": 'layers: ["arn:aws:lambda:eu-west-1:123456789012:layer:shared:1"], triggers: [{ http: GET /a }]',
    "AZ110": "idempotent: { table: done }, triggers: [{ queue: jobs }]",
}
MANIFEST = """
fnctl: 1
service: shop
targets: {{ azure: {{ region: westeurope }} }}
defaults: {{ runtime: python3.13 }}
resources: {{ jobs: {{ type: queue }}, done: {{ type: table, key: id, ttl: expires }} }}
functions:
  work: {{ handler: "a.py:work", {} }}
"""


@pytest.mark.parametrize(("code", "words"), LEFT_OUT.items(), ids=list(LEFT_OUT))
def test_what_would_be_left_out_ends_the_build(tmp_path: Path, code: str, words: str) -> None:
    (tmp_path / "fnctl.yaml").write_text(MANIFEST.format(words))
    (tmp_path / "a.py").write_text("def work(_): return None\n")
    command = [sys.executable, "-m", "fnctl", "build", "--output", "json"]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert [one["code"] for one in json.loads(done.stdout)["diagnostics"] if one["severity"] == "error"] == [code]
    assert not list(tmp_path.glob(".fnctl/build/**/*.zip"))
