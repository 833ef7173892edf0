"""A manifest that uses every part of the language, with handler stubs made for it: nothing to find on any target."""

from pathlib import Path

import pytest

from fnctl.manifest.check import check
from fnctl.manifest.load import Document, load
from fnctl.manifest.resolve import describe, explain, resolve, targets

WHOLE = Path(__file__).parent / "whole.yaml"


@pytest.fixture
def document(tmp_path: Path) -> Document:
    (tmp_path / "fnctl.yaml").write_text(WHOLE.read_text())
    found, findings = load(tmp_path / "fnctl.yaml")
    assert found is not None
    assert findings == []
    for function in found.data["functions"].values():
        stub(tmp_path, function["handler"])
    return found


def stub(folder: Path, handler: str) -> None:
    file, _, name = handler.rpartition(":")
    path = folder / file
    path.parent.mkdir(exist_ok=True)
    text = f"export function {name}() {{}}\n" if path.suffix == ".ts" else f"def {name}(*_): ...\n"
    with path.open("a") as out:
        out.write(text)


@pytest.mark.parametrize("stage", ["dev", "prod", "pr-12"])
@pytest.mark.parametrize("target", ["aws", "azure", "vercel"])
def test_every_part_is_understood(document: Document, stage: str, target: str) -> None:
    assert target in targets(document)
    resolution = resolve(document, target=target, stage=stage, environ={})
    assert resolution.diagnostics == []
    assert resolution.service is not None
    assert check(resolution.service) == []
    assert describe(resolution)
    for where in explain(resolution).values():
        assert where.startswith("fnctl.yaml:")
