"""What is read without libyaml is read as libyaml reads it, for every text; and whatever is not plain is left to it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fnctl.manifest import plain
from robust.laws import read_alike

HERE = Path(__file__).resolve().parents[2]

PLAIN = {
    "words": "a: b c\nd: e # f\ng: h#i\nj: k:l\n",
    "constants and numbers": "a: ~\nb: true\nc: 0\nd: -12\ne: 1.5\nf: 1e3\ng:\nh: null # not much\n",
    "words that begin like numbers": "a: 3d\nb: 1.2.3\nc: -x\nd: --flag\ne: .env\nf: nothing\n",
    "quoted": "a: 'it''s: #'\nb: \"x: y\" # z\n\"c d\": ''\n",
    "maps and lists": "a:\n  b:\n    - c\n    -  d: 1\n       e: 2\n    -\n      f: 3\n  g:\n  - h\ni:\n- j: k\n  l:\n  - m\n",
    "flow": "a: { b: [c, 'd', 1], \"e\": {}, f: x:y }\ng: []\nh: [\n  { i: j k },\n  l,\n  ]\n",
    "comments and blank lines": "# a\n\na: 1 # b\n  # c\n\nb:  # d\n   \n  c: 2\n#e",
    "an empty line first": "\na: 1\n",
    "no last line": "a:\n  - b",
    "not ASCII": "größe: 1\na: ümlaut 日本 \U0001f600\n",
    "a block again": "a:\n  b: { c: d }\ne:\n  b: { c: d }\n",
}

UNUSUAL = {
    "nothing": "",
    "a comment": "# a\n",
    "a list": "- a\n",
    "a word": "a\n",
    "a second document": "a: 1\n---\nb: 2\n",
    "a directive": "%YAML 1.2\n---\na: 1\n",
    "a tab": "a:\tb\n",
    "a carriage return": "a: b\r\n",
    "a line break of YAML's": "a: b\u2028c\n",
    "a mark": "\ufeffa: 1\n",
    "a control character": "a: \x01\n",
    "an anchor": "a: &b c\n",
    "an alias": "a: *b\n",
    "a tag": "a: !!str 1\n",
    "a merge": "a:\n  <<: b\n",
    "a block scalar": "a: |\n  b\n",
    "a folded scalar": "a: >-\n  b\n",
    "an escape": 'a: "\\n"\n',
    "several lines": "a: b\n  c\n",
    "several quoted lines": "a: 'b\n  c'\n",
    "a key twice": "a: 1\nb: 2\na: 3\n",
    "a key twice in flow": "a: { b: 1, b: 2 }\n",
    "a number for a key": "1: a\n",
    "no text for a key": "null: a\n",
    "a key in question": "? a\n: b\n",
    "zeros at the front": "a: 010\n",
    "too large": "a: 9999999999999999999\n",
    "infinite": "a: 1e999\n",
    "no number": "a: .nan\n",
    "indented less": "a:\n    b: 1\n  c: 2\n",
    "indented more": "a: 1\n  b: 2\n",
    "not indented": "a:\n  b:\n  c: 1\n d: 2\n",
    "two maps": "a: b: c\n",
    "never closed": "a: [b\n",
    "closed otherwise": "a: [b}\n",
    "no comma": "a: [{ b: c } { d: e }]\n",
    "two commas": "a: [b,, c]\n",
    "a pair in a list": "a: [b: c]\n",
    "a key alone": "a: { b }\n",
    "more behind it": "a: [b] c\n",
    "more behind quotes": "a: 'b' c\n",
    "a list in a list": "a:\n  - - b\n",
    "half a list": "a:\n  - b\n  c: d\n",
    "a list that goes on elsewhere": "a:\n    - b\n  - c\n",
    "a list on the line of its key": "a: - b\n",
    "deep": "a: " + "[" * 40 + "]" * 40 + "\n",
}


@pytest.mark.parametrize("text", PLAIN.values(), ids=PLAIN.keys())
def test_what_is_plain_is_read(text: str) -> None:
    assert plain.read(text.encode()) is not plain.UNUSUAL
    read_alike(text.encode())


@pytest.mark.parametrize("text", UNUSUAL.values(), ids=UNUSUAL.keys())
def test_what_is_not_plain_is_left_to_libyaml(text: str) -> None:
    assert plain.read(text.encode()) is plain.UNUSUAL


def test_bytes_that_are_no_text_are_left_to_libyaml() -> None:
    assert plain.read(b"a: \xff\n") is plain.UNUSUAL


def test_a_block_that_was_met_before_is_the_same_object() -> None:
    value = plain.read(PLAIN["a block again"].encode())
    assert value["a"]["b"] is value["e"]["b"]


def test_files_of_the_project_are_read_the_same() -> None:
    files = [path for folder in ("tests", "examples", "schemas") for path in (HERE / folder).rglob("*.y*ml") if "node_modules" not in path.parts]
    assert sum(plain.read(path.read_bytes()) is not plain.UNUSUAL for path in files) > len(files) / 2
    for path in files:
        read_alike(path.read_bytes())


PIECES = st.sampled_from(
    [
        *(
            "a",
            "b c",
            "aws:",
            "a: ",
            "b: ",
            "'a'",
            '"b"',
            "it''s",
            "'a: b'",
            "- ",
            "-",
            "1",
            "-1",
            "0x1",
            "1.5",
            "true",
            "~",
            "null",
            "x:y",
            "x#y",
            "é",
            "日",
        ),
        *(
            "\n",
            "\n  ",
            "\n    ",
            "\n- ",
            "\n  - ",
            "\n#",
            " # c",
            "\n\n",
            " ",
            "  ",
            ":",
            "#",
            "?",
            ",",
            ", ",
            "{",
            "}",
            "[",
            "]",
            "{ ",
            " }",
            "{}",
            "[]",
        ),
        *(
            "&a ",
            "*a",
            "!",
            "|",
            ">",
            "%",
            "@",
            "`",
            "<<: b",
            "---",
            "...",
            "\t",
            "\r\n",
            "\\",
            '"',
            "'",
            "\x85",
            "\u2028",
            "\ufeff",
            "$",
            "/",
            "=",
            "GET /{x}",
        ),
    ]
)
FORMS = st.recursive(
    st.sampled_from(["a", "b c", "1", "-1", "1.5", "true", "~", "", "'q'", '"r"', "x:y", "GET /a", "0 3 * * *", "${stage}", "é", "a #b"]),
    lambda inner: (
        st.builds("[{}]".format, st.lists(inner, max_size=3).map(", ".join))
        | st.builds("{{ {} }}".format, st.lists(st.builds("{}: {}".format, st.sampled_from("abcdefghijk"), inner), max_size=2).map(", ".join))
    ),
    max_leaves=6,
)
KEYS = st.sampled_from([*"stuvwxyz", *"stuvwxyz", "c-d", "e.f", "g_h", "/i", "'j'", '"k l"', "m n", "true", "1", "<<"])
ENDS = st.sampled_from(["", "", "", "", " # x", "  #y: z", " ", "\n", "\n# z", "\n   # - z"])


def scattered(block: str, at: int, piece: str) -> str:
    """Put something out of place into a block."""
    return block[: at % (len(block) + 1)] + piece + block[at % (len(block) + 1) :]


@st.composite
def blocks(draw: st.DrawFn, indent: int = 0, depth: int = 3) -> str:
    """Write a map or a list as people do, in all the ways that there are."""
    if indent and draw(st.booleans()):
        items = [below(draw, indent, depth) for _ in range(draw(st.integers(1, 3)))]
        return "\n".join(" " * indent + "-" + (item if item[:1] in " \n" else f" {item}") for item in items)
    return "\n".join(" " * indent + draw(KEYS) + ":" + below(draw, indent, depth) for _ in range(draw(st.integers(1, 3))))


def below(draw: st.DrawFn, indent: int, depth: int) -> str:
    """Write what a key or a dash has behind it, or below it."""
    if depth and draw(st.booleans()):
        deeper = indent + draw(st.sampled_from([1, 2, 2, 2, 4, 0]))
        block = draw(blocks(deeper, depth - 1))
        return " " * (deeper - indent - 1) + block.lstrip() if deeper > indent and draw(st.integers(0, 3)) == 0 else draw(ENDS) + "\n" + block
    form = draw(FORMS)
    return f" {form}{draw(ENDS)}" if form else ""


@given(st.lists(PIECES, max_size=30).map("".join) | blocks() | st.builds(scattered, blocks(), st.integers(0, 1000), PIECES))
@example("a:\n- b\n-\n  c")
@example("a:\n  -\n  - b\n")
@example("a: b #c\n# d\n e: f")
@example("a: {b: c\n}\n")
def test_no_text_is_read_otherwise(text: str) -> None:
    read_alike(text.encode())


def test_many_of_these_texts_are_plain() -> None:
    tried: list[bool] = []

    @given(blocks())
    @settings(max_examples=60, database=None, derandomize=True)
    def read(text: str) -> None:
        tried.append(plain.read(text.encode()) is not plain.UNUSUAL)

    read()
    assert sum(tried) > len(tried) / 10
