"""The layout: examples, and the law that it says what was said, keeps every comment, and is its own fixed point."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from fnctl.manifest.layout import UnformattableError, formatted
from fnctl.manifest.parse import NOTHING, parse

ROOT = Path(__file__).parents[2]


def lay(text: str) -> str:
    return formatted(text.encode()).decode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a:   1\nb : 2\n", "a: 1\nb: 2\n"),
        ("a:    {b: 1}\nbb:   {c: 2}\n", "a:  { b: 1 }\nbb: { c: 2 }\n"),
        ("a:  1\n\nb:  2\n", "a: 1\n\nb: 2\n"),
        ("a: {b: [1,2 ,3 ], c: {}, d: [ ]}\n", "a: { b: [1, 2, 3], c: {}, d: [] }\n"),
        ("f:\n- x\n# two\n- y\n# g\ng: 1\n", "f:\n  - x\n  # two\n  - y\n# g\ng: 1\n"),
        ("f:\n    g:\n        h: 1\n        # h\n    # f\n    i: 1\n", "f:\n  g:\n    h: 1\n    # h\n  # f\n  i: 1\n"),
        ("a:\n    # empty\nb: 1\n", "a:\n  # empty\nb: 1\n"),
        ("\n\n# one\n\n\n\na: 1\n\n\n", "# one\n\na: 1\n"),
        ("a: 1      # here\nbcd:  2# no comment\n", "a: 1      # here\nbcd: 2# no comment\n"),
        ("a: 'x'\nb: 'it''s'\nc: 'a\\n'\n", "a: \"x\"\nb: 'it''s'\nc: 'a\\n'\n"),
        ("-   a:   1\n    b: 2\n-\n    c\n", "- a: 1\n  b: 2\n-\n  c\n"),
        ("- - a\n  -   b: |2\n        x\n      c: 1\n", "- - a\n  - b: |2\n      x\n    c: 1\n"),
        ("a:   # x\n    b:   1 # y\n    c: [ 2 ]  # z\n", "a:   # x\n  b: 1 # y\n  c: [2]  # z\n"),
        ("a:\n    b:   1  # y\n    cc:  22 # z\nd: 3\n", "a:\n  b:  1     # y\n  cc: 22    # z\nd: 3\n"),
        ("a:\n    b:  1  # y\n           # goes on\n    # b\n    c: 2\n", "a:\n  b: 1  # y\n        # goes on\n  # b\n  c: 2\n"),
        ("a: |   # why\n      x\n\n        y\n\n\nb: 1\n", "a: |   # why\n  x\n\n    y\n\nb: 1\n"),
        ("a: |+\n x\n\n\nb: 1", "a: |+\n  x\n\n\nb: 1\n"),
        ("a: |\n    x", "a: |\n  x"),
        ("a: |\n  \nb: |+\n   \n \nc: 1\n", "a: |\n\nb: |+\n\n\nc: 1\n"),
        ("a:\n    b: >-\n      x\n       y\n", "a:\n  b: >-\n    x\n     y\n"),
        ('a:\n      b: "x\n\n         y"\n', 'a:\n  b: "x\n\n     y"\n'),
        ("a: {b: 1,   # one\n   c: 2\n}\n", "a: { b: 1,   # one\n   c: 2\n}\n"),
        ("    a:  {\n        b: 1\n    }\n", "a: {\n    b: 1\n}\n"),
        ("a:   &x\n    b: 1\nc:   {<<: *x , d: !!str 1}\n", "a: &x\n  b: 1\nc: { <<: *x, d: !!str 1 }\n"),
        ("%YAML 1.1\n---\na:  1   \n...\n", "%YAML 1.1\n---\na: 1\n...\n"),
        ("\ufeffa:  1\r\nb:\r\n- 2\r\n", "a: 1\r\nb:\r\n  - 2\r\n"),
        ('{"a":1,"b":{"c":[]}}', '{ "a": 1, "b": { "c": [] } }\n'),
        ("# nothing but this", "# nothing but this\n"),
        ("tel: 0123\nv: 1.10\non: off\nt: 12:30\n", "tel: 0123\nv: 1.10\non: off\nt: 12:30\n"),
    ],
)
def test_examples(before: str, after: str) -> None:
    assert lay(before) == after
    assert lay(after) == after


@pytest.mark.parametrize(
    "name", ["examples/orders/fnctl.yaml", *(str(p.relative_to(ROOT)) for p in ROOT.glob("cli/fnctl/templates/*/fnctl.yaml.tmpl"))]
)
def test_our_own_manifests_are_laid_out(name: str) -> None:
    text = (ROOT / name).read_bytes()
    assert formatted(text) == text


@pytest.mark.parametrize("text", ["? a\n: b\n", "a: {? b : c}\n"])
def test_what_no_manifest_needs_is_left_alone(text: str) -> None:
    with pytest.raises(UnformattableError):
        lay(text)


def comments(text: str) -> list[str]:
    """Read comments in another way than the layout does."""
    return re.findall(r"#![0-9]+", text)


words = st.sampled_from(["a", "bc", "def-g", "x_1", "src/api.py:app", "30s", "0x1F", "012", "~", "yes", "1.10", "GET /x", "é", "日本"])
quoted = st.text(alphabet="ab '\"\\#:{}[],&*!|>%@`é\t", max_size=6)
scalars = words | quoted.map(lambda t: json.dumps(t, ensure_ascii=False)) | quoted.map(lambda t: "'" + t.replace("'", "''") + "'")
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["k", "key", "longer-key", '"q"', "'s'"]), inner, max_size=3),
    max_leaves=12,
)


class Untidy:
    """Writes a tree as untidily as YAML allows; every comment is numbered."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw, self.counter = draw, iter(range(1000))

    def some(self, least: int, most: int) -> int:
        return self.draw(st.integers(least, most))

    def gap(self) -> str:
        return " " * self.some(1, 4)

    def above(self, column: int) -> str:
        kind = self.some(0, 5)
        if kind > 1:
            return "\n" * self.some(0, 3) if kind == 2 else ""
        return f"{' ' * self.some(max(0, column - 2), column + 3)} #!{next(self.counter)}{' ' * self.some(0, 2)}\n"

    def behind(self) -> str:
        return f"{self.gap()}#!{next(self.counter)}" if self.some(0, 4) == 0 else " " * self.some(0, 2)

    def flow(self, tree: Any) -> str:
        space = " " * self.some(0, 2)
        if isinstance(tree, dict):
            return "{" + space + f"{space},{self.gap()}".join(f"{key}:{self.gap()}{self.flow(value)}" for key, value in tree.items()) + space + "}"
        if isinstance(tree, list):
            return "[" + space + f"{space},{self.gap()}".join(self.flow(value) for value in tree) + space + "]"
        return str(tree)

    def literal(self, column: int) -> str:
        lines = self.draw(st.lists(st.sampled_from(["x", " y", "", "# z", "- a: b"]), min_size=1, max_size=4))
        header = self.draw(st.sampled_from(["|", ">", "|-", "|+", ">+"]))
        return header + "\n" + "".join(" " * column + line + "\n" if line else "\n" for line in [lines[0].strip() or "w", *lines[1:]])

    def value(self, tree: Any, column: int) -> str:
        if isinstance(tree, str) or not tree or self.some(0, 3) == 0:
            literal = self.some(0, 6) == 0
            return self.gap() + (self.literal(column + self.some(1, 4)) if literal else self.flow(tree) + self.behind() + "\n")
        if isinstance(tree, dict):
            return self.behind() + "\n" + self.mapping(tree, column + self.some(1, 5))
        inner = column + self.some(0, 4)
        return self.behind() + "\n" + "".join(f"{self.above(inner)}{' ' * inner}-{self.value(value, inner)}" for value in tree)

    def mapping(self, tree: dict[str, Any], column: int) -> str:
        ends = st.sampled_from(["", " "])
        return "".join(f"{self.above(column)}{' ' * column}{key}{self.draw(ends)}:{self.value(value, column)}" for key, value in tree.items())


@st.composite
def texts(draw: st.DrawFn) -> str:
    untidy = Untidy(draw)
    tree = draw(st.dictionaries(st.sampled_from(["k", "key", "longer"]), trees, min_size=1, max_size=4))
    return untidy.mapping(tree, untidy.some(0, 3)) + untidy.above(0)


@settings(max_examples=300, deadline=None)
@given(texts())
def test_every_untidy_text_is_laid_out_and_says_the_same(text: str) -> None:
    before, findings = parse(text.encode(), "")
    if before is NOTHING:
        return  # not YAML: a tail that no comment may follow
    after = lay(text)
    assert repr(parse(after.encode(), "")[0]) == repr(before)
    assert list(yaml.scan(text))[-1].__class__ is yaml.StreamEndToken
    assert sorted(comments(after)) == sorted(comments(text))
    assert lay(after) == after
    assert [d.code for d in parse(after.encode(), "")[1]] == [d.code for d in findings]


pieces = st.sampled_from(
    [
        "a: 1\n",
        "- b\n",
        "  ",
        " ",
        "\n",
        "#c\n",
        " # d\n",
        "{",
        "}",
        "[",
        "]",
        ",",
        ": ",
        "|\n",
        "'x'",
        '"y\n z"',
        "&a ",
        "*a",
        "!!str ",
        "---\n",
        "...\n",
        "? ",
        "\t",
        "é",
        "k:\n",
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(pieces, max_size=14).map("".join))
def test_any_text_is_laid_out_or_refused(text: str) -> None:
    before, _ = parse(text.encode(), "")
    if before is NOTHING:
        return
    try:
        after = lay(text)
    except UnformattableError:
        return
    assert repr(parse(after.encode(), "")[0]) == repr(before)
    assert lay(after) == after
