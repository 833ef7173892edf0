"""Every folder under cases/: a manifest in, the whole screen out. FNCTL_UPDATE_GOLDEN=1 writes the screens anew.

`case.json` may hold `stage`, `environ`, `targets`, and `files`: handler files that are made beside the manifest, besides src/api.py.
"""

import json
import os
import shutil
from pathlib import Path

import pytest

from fnctl.diagnostics import ordered
from fnctl.manifest.check import check
from fnctl.manifest.load import load
from fnctl.manifest.resolve import resolve, targets
from fnctl.views.diagnostics import render

CASES = sorted((Path(__file__).parent / "cases").iterdir())
HANDLERS = "def handler(request):\n    return {'ok': True}\n\n\ndef work(event):\n    return event.id\n"


def screen(case: Path, folder: Path) -> str:
    shutil.copytree(case, folder, dirs_exist_ok=True)
    options = json.loads((case / "case.json").read_text()) if (case / "case.json").exists() else {}
    for name, text in {"src/api.py": HANDLERS, **options.get("files", {})}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    document, found = load(folder / "fnctl.yaml")
    if document is not None:
        for target in options.get("targets") or targets(document):
            resolution = resolve(document, target=target, stage=options.get("stage", "dev"), environ=options.get("environ", {}))
            found += resolution.diagnostics
            found += check(resolution.service) if resolution.service else []
    return render(ordered(found), document.lines if document else lambda name: (folder / name).read_text().splitlines(), color=False)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_screen_is_the_golden_one(case: Path, tmp_path: Path) -> None:
    golden = case / "screen.txt"
    shown = screen(case, tmp_path)
    if os.environ.get("FNCTL_UPDATE_GOLDEN") == "1":
        golden.write_text(shown)
    assert shown == golden.read_text()
