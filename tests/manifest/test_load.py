"""Reading: YAML 1.2 scalars, one clear finding for each way a file can be unreadable, and bounds that hold."""

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnctl.errors import FnctlError
from fnctl.manifest import libyaml, parse
from fnctl.manifest.load import find, load
from fnctl.manifest.syntax import MAX_BYTES

BASE = "fnctl: 1\nservice: shop\ntargets: { aws: {} }\n"


def value(text: str) -> tuple[Any, list[str]]:
    data, found = parse.parse(f"x: {text}\n".encode(), "fnctl.yaml")
    return data["x"], [d.code for d in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("on", "on"), ("yes", "yes"), ("NO", "NO"), ("12:30", "12:30"), ("1_000", "1_000"), ("2026-11-02", "2026-11-02"), ("0b1", "0b1"),
        ("true", True), ("FALSE", False), ("~", None), ("", None), ("null", None), ("5", 5), ("-5", -5), ("0o17", 15), ("0xff", 255),
        ("1.5", 1.5), ("1e3", 1000.0), (".5", 0.5), ("+.5", 0.5), ('"5"', "5"), ("!!str 5", "5"), ("! 5", "5"), ("=", "="),
    ],
)  # fmt: skip
def test_scalars_follow_the_core_rules_of_yaml_1_2(text: str, expected: Any) -> None:
    assert value(text) == (expected, [])


@pytest.mark.parametrize("text", [".nan", "-.inf", "1e999", "9" * 400, "99999999999999999999"])
def test_numbers_that_json_cannot_hold_are_findings(text: str) -> None:
    assert value(text)[1] == ["FN014"]


@pytest.mark.parametrize(
    ("raw", "code", "line"),
    [
        (b"", "FN004", None),
        (b"# nothing\n", "FN004", None),
        (b"---\n", "FN004", None),
        (b"- a\n- b\n", "FN004", 1),
        (b"text\n", "FN004", 1),
        (b"fnctl: 1\n---\nfnctl: 1\n", "FN004", 2),
        (b"fnctl: 2\nwhatever: 1\n", "FN005", 1),
        (b"fnctl: 0\n", "FN005", 1),
        ("fnctl: 1\n".encode("utf-16"), "FN002", None),
        (b"fnctl: 1\nservice: caf\xe9\n", "FN002", 2),
        (b"fnctl: 1\nservice: a\x00b\n", "FN003", 2),
        (b"fnctl: 1\nfunctions:\n\tapi: 1\n", "FN003", 3),
        (b"fnctl: 1\nservice: 'shop\n", "FN003", 3),
        (b"fnctl: 1\nservice: a: b\n", "FN003", 2),
        (b"fnctl: 1\nservice: @shop\n", "FN003", 2),
        (b"a: " + b"[" * 100_000, "FN006", 1),
        (b"a: " + b"{x: " * 100_000, "FN006", 1),
        (b"? " * 100_000, "FN006", 1),
        (b"a: " + b"- " * 100_000, "FN003", 1),
        (b"x" * (MAX_BYTES + 1), "FN006", None),
    ],
    ids=lambda value: repr(value[:24]) if isinstance(value, bytes) else "",
)
def test_what_cannot_be_read_is_one_finding(tmp_path: Path, raw: bytes, code: str, line: int | None) -> None:
    path = tmp_path / "fnctl.yaml"
    path.write_bytes(raw)
    started = time.monotonic()
    document, found = load(path)
    assert document is None
    assert [(d.code, d.span.line if d.span else None) for d in found] == [(code, line)]
    assert found[0].help
    assert time.monotonic() - started < 5


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    path = tmp_path / "fnctl.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + BASE.encode() + b"functoins: {}\n")
    document, found = load(path)
    assert [(d.code, str(d.span)) for d in found] == [("FN010", "fnctl.yaml:4:1")]
    assert document is not None
    assert (document.lines("fnctl.yaml") or [])[0] == "fnctl: 1"


def test_alias_bombs_are_stopped_early(tmp_path: Path) -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 30)]
    path = tmp_path / "fnctl.yaml"
    path.write_text("\n".join(levels))
    started = time.monotonic()
    assert [d.code for d in load(path)[1]] == ["FN006"]
    assert time.monotonic() - started < 2


def test_merge_keys_and_aliases_share_maps(tmp_path: Path) -> None:
    data, found = parse.parse(b"a: &a { x: 1, y: 2 }\nb: &b { y: 3, z: 4 }\nc: { <<: [*a, *b], x: 0 }\nd: *a\n", "m")
    assert not found
    assert data["c"] == {"x": 0, "y": 2, "z": 4}
    assert data["d"] == {"x": 1, "y": 2}


def test_an_unreadable_file_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "fnctl.yaml").mkdir()
    document, found = load(tmp_path / "fnctl.yaml")
    assert document is None
    assert [d.code for d in found] == ["FN001"]


def test_find_looks_here_then_above(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "fnctl.yml").write_text(BASE)
    assert find(inner, None) == tmp_path / "fnctl.yml"
    (inner / "fnctl.yaml").write_text(BASE)
    assert find(inner, None) == inner / "fnctl.yaml"
    assert find(inner, tmp_path) == tmp_path / "fnctl.yml"


def test_find_says_what_to_do_when_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(FnctlError, match=r"no file other\.yaml") as caught:
        find(tmp_path, Path("other.yaml"))
    assert "fnctl init" in (caught.value.diagnostics[0].help or "")


def test_the_fallback_parser_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = (BASE + "functions:\n  api: { handler: a.py:b, env: { A: 'x', B: \"\\u00e9\" } }\n").encode()
    fast = parse.parse(raw, "m")
    monkeypatch.setattr(libyaml, "CParser", None)
    assert parse.parse(raw, "m") == fast


WORDS = [
    "fnctl",
    "service",
    "targets",
    "aws",
    "functions",
    "api",
    "handler",
    "triggers",
    "http",
    "env",
    "stages",
    "resources",
    "type",
    "queue",
    "steps",
]
MARKS = [
    " ",
    "\n",
    "\n  ",
    "- ",
    "{",
    "}",
    "[",
    "]",
    "&a",
    "*a",
    "<<: ",
    "'",
    '"',
    "|",
    ">",
    "!!int",
    "1",
    "~",
    "\t",
    "#",
    "? ",
    ", ",
    ": ",
    "${",
    "é",
    "%",
    "---\n",
]
PIECES = st.sampled_from([*[word + ":" for word in WORDS], *WORDS, *MARKS])


@given(st.one_of(st.binary(max_size=200), st.lists(PIECES, max_size=60).map(lambda parts: "".join(parts).encode())))
def test_no_bytes_make_an_exception(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.mktemp("m", numbered=True) / "fnctl.yaml"
    path.write_bytes(raw)
    document, found = load(path)
    assert document is not None or found
    for finding in found:
        assert finding.message
        assert finding.code
