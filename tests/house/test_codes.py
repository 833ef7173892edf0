"""Every code that can be printed has one meaning and a page, and every page a code: read from the source, not from what the tests happen to raise."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from fnctl import catalogue
from fnctl.rules import running
from fnctl.rules.settings import FAMILIES

ROOT = Path(__file__).parents[2]
CODE = re.compile(rf"({'|'.join(FAMILIES)})[0-9]{{3}}")
ERRORS = {"FnctlError"}
"""What has no code of its own, so that whoever raises it gives one."""


def sources() -> Iterator[tuple[str, ast.Module]]:
    for root in (ROOT / "cli", ROOT / "adapters"):
        for path in sorted(root.rglob("*.py")):
            yield ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"), ast.parse(path.read_text("utf-8"))


def said(tree: ast.Module) -> set[str]:
    """Return the codes that a module has as texts of their own."""
    texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return {text for text in texts if CODE.fullmatch(text)}


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    codes = {code for _, tree in sources() for code in said(tree)}
    ours = {rule.code for rule in catalogue.every()}
    met = {one.code for one in catalogue.troubles()}
    assert not ours & met
    assert sorted(codes - ours - met) == [], "write a page in rules/running.md, or in the adapter's errors.md; then scripts/rules"
    assert sorted((ours | met) - codes) == [], "nothing says these any more"


def test_a_code_is_said_where_its_page_says_so() -> None:
    """A module that borrows a code mostly means something else by it: then it needs one of its own, and else a word on the page."""
    found = defaultdict(set)
    for module, tree in sources():
        for code in said(tree):
            found[code].add(module)
    troubles = catalogue.troubles()
    assert len({one.code for one in troubles}) == len({one.name for one in troubles}) == len(troubles)
    written = {one.code: sorted(one.modules) for one in troubles}
    assert written == {code: sorted(found[code]) for code in written}, "give it a code of its own; the same meaning: name the module beside the grade"


def test_no_error_goes_without_a_code() -> None:
    bare = [
        f"{module}:{node.lineno}"
        for module, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ERRORS
        and not {"code", "diagnostics"} & {k.arg for k in node.keywords}
    ]
    assert bare == [], "give each a code that says what it means; pages are in rules/running.md"


def test_every_page_says_why_and_what_to_do() -> None:
    for one in catalogue.troubles():
        texts = running.sections(one)
        assert tuple(texts) == running.HEADINGS, one.code
        assert [heading for heading, text in texts.items() if len(text.split()) < 6] == [], one.code
        assert all(not is_command for is_command, _ in (running.blocks(text)[0] for text in texts.values())), one.code
        assert one.summary.endswith("."), one.code
