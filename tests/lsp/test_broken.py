"""Half a manifest is what an editor has most of the time: whatever is typed, the server answers and goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fnctl.commands.schema import manifest
from fnctl.lsp.answers import Project
from fnctl.session import Options
from lsp.client import Editor
from lsp.test_server import GOOD
from robust import laws
from robust.manifests import WORDS

ENDS = (
    "",
    " ",
    "\n",
    "\n  ",
    ":",
    ": ",
    "- ",
    "{",
    "[",
    '"',
    "'",
    "&a ",
    "*a",
    "<<: ",
    "!x ",
    "|",
    "\t",
    "\x0b",
    "\r",
    "\x85",
    "\u2028",
    "\U0001f600",
    "#",
)
HOSTILE = (
    "",
    "\x00",
    "\ufeff",
    "a: " + "[" * 2_000,
    "a: " + "- " * 2_000,
    "- a\n- b\n",
    "x",
    "fnctl: 2\n",
    "a: &a [*a]\n",
    "a: &a {b: *a}\n",
    "---\na: 1\n---\nb: 2\n",
    "{" * 300,
)
"""Whole texts that are no manifest at all."""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    laws.project(tmp_path)
    (tmp_path / "more").mkdir()
    return Project(manifest(), Options(), {}, tmp_path)


def asked(project: Project, text: str, line: int, column: int) -> None:
    """Ask everything that an editor asks, with the cursor at one place."""
    path = project.cwd / "fnctl.yaml"
    raw = project.unsaved[path] = text.encode("utf-8", "replace")
    found = project.findings(path)
    laws.whole((d for one in found.values() for d in one if d.span is None or d.span.path == path.name), {path.name: raw})
    choices, prefix = project.complete(path, line, column)
    assert all(choice.text for choice in choices)
    assert len(prefix) < column + len(text)
    for answer in (project.hover, project.definition):
        answer(path, line, column)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, len(GOOD)), st.sampled_from(ENDS) | st.sampled_from(WORDS), st.booleans(), st.integers(0, len(GOOD)))
def test_half_a_manifest_is_answered(project: Project, cut: int, typed: str, rest: bool, place: int) -> None:
    text = GOOD[:cut] + typed + (GOOD[cut:] if rest else "")
    before = text[: cut + len(typed)]
    asked(project, text, before.count("\n") + 1, len(before) - before.rfind("\n"))
    asked(project, text, text[:place].count("\n") + 1, len(text[:place]) - text[:place].rfind("\n"))


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:12]))
@pytest.mark.parametrize("place", [(1, 1), (1, 5), (1, 9), (1, 12), (9, 9)])
def test_no_manifest_is_answered(project: Project, text: str, place: tuple[int, int]) -> None:
    asked(project, text, *place)


@pytest.fixture
def editor(tmp_path: Path) -> Iterator[Editor]:
    laws.project(tmp_path)
    editor = Editor(tmp_path)
    try:
        editor.start()
        yield editor
        assert editor.stop() == 0
    finally:
        editor.close()


def test_a_server_outlives_everything_that_is_typed(editor: Editor) -> None:
    """Each answer is one: the client refuses errors. What was good before is found good again."""
    uri = editor.open(GOOD)
    texts = [*(GOOD[:cut] for cut in range(0, len(GOOD), 3)), *(GOOD[:99] + end for end in ENDS), *HOSTILE]
    for version, text in enumerate(texts, 2):
        editor.change(uri, text, version)
        last = text.rsplit("\n", 1)[-1]
        where = {"line": text.count("\n"), "character": len(last.encode("utf-16-le", "replace")) // 2}
        for method in ("hover", "completion", "definition", "formatting"):
            more = {"options": {"tabSize": 2, "insertSpaces": True}} if method == "formatting" else {"position": where}
            editor.ask(f"textDocument/{method}", {"textDocument": {"uri": uri}, **more})
    for text in HOSTILE:
        editor.change(uri, text, 10_000)
        assert editor.findings(uri)
    editor.change(uri, GOOD.replace("service: orders", "service: 5"), 10_001)
    assert "FN012" in {d["code"] for d in editor.findings(uri)} or "FN013" in {d["code"] for d in editor.findings(uri)}
