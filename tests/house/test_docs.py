"""The documentation: every manifest in it is checked by fnctl, every command in it exists, every link leads somewhere."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from fnctl.pipeline import validate
from fnctl.session import Options, Session

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```(\w*)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


@dataclass(frozen=True)
class Block:
    """One fenced block. `words` follow the language: `yaml fragment` is a piece from inside a manifest, `yaml other`
    something else's YAML; after `python` stands the file that is quoted."""

    path: Path
    line: int
    language: str
    words: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])


def blocks(*languages: str) -> Iterator[Block]:
    for page in pages():
        text = page.read_text()
        for found in FENCE.finditer(text):
            if found[1] in languages:
                yield Block(page, text.count("\n", 0, found.start()) + 1, found[1], tuple(found[2].split()), found[3])


def commands() -> Iterator[tuple[Block, list[str]]]:
    for block in blocks("sh", "console"):
        prompt = "$ " if block.language == "console" else ""
        for line in block.text.splitlines():
            if line.startswith(prompt) and (found := re.search(r"\bfnctl ((?!-cli|\[)[^|#;&]+)", line.removeprefix(prompt))):
                yield block, shlex.split(found[1])


def whole(text: str) -> str:
    """Complete top-level keys of a manifest to a manifest, so that they are checked like one."""
    keys = yaml.safe_load(text)
    missing = {
        "fnctl": 1,
        "service": "docs",
        "targets": {"aws": {"region": "eu-west-1"}},
        "defaults": {"runtime": "python3.13"},
        "functions": {"one": {"handler": "one.py:handler", "interface": "event"}},
    }
    return text + "".join(f"{key}: {json.dumps(value)}\n" for key, value in missing.items() if key not in keys)


@pytest.mark.parametrize("block", [*blocks("yaml")], ids=str)
def test_every_manifest_in_the_docs_is_right(block: Block, tmp_path: Path) -> None:
    if block.words:
        assert block.words[0] in {"fragment", "other"}
        yaml.safe_load(block.text)
        return
    (tmp_path / "fnctl.yaml").write_text(whole(block.text))
    checked = validate(Session(options=Options(manifest=tmp_path / "fnctl.yaml"), environ={}, cwd=tmp_path), files=False)
    assert [f"{d.code} {d.span}: {d.message}" for d in checked.diagnostics if d.severity == "error"] == []


@pytest.mark.parametrize("block", [block for block in blocks("python", "toml", "sh", "markdown") if block.words], ids=str)
def test_code_quoted_from_a_file_is_in_that_file(block: Block) -> None:
    assert block.text in (ROOT / block.words[0]).read_text()


def test_every_command_in_the_docs_exists() -> None:
    unknown: list[str] = []
    screens: dict[str, str] = {}
    for block, words in commands():
        verbs = [word for word in words if re.fullmatch(r"[a-z]+", word)][: 2 if words[0] in {"sandbox", "secret"} else 1]
        key = " ".join(verbs)
        if key not in screens:
            done = subprocess.run([sys.executable, "-m", "fnctl", *verbs, "--help"], capture_output=True, text=True, check=False, timeout=60)
            screens[key] = done.stdout if done.returncode == 0 else ""
        options = [word.partition("=")[0] for word in words if word.startswith("--")]
        unknown += [f"{block}: fnctl {key} {option}" for option in options or [""] if option not in screens[key] or not screens[key]]
    assert unknown == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    assert [target for target in LINK.findall(page.read_text()) if not (page.parent / target).exists()] == []
