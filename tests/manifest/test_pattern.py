"""A pattern that is compiled later is the pattern itself."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from fnctl.pattern import later

TEXT = "b 12, a 3"


@pytest.mark.parametrize("method", ["match", "fullmatch", "search"])
@pytest.mark.parametrize("text", [TEXT, "12", ""])
def test_it_finds_what_the_pattern_finds(method: str, text: str) -> None:
    for _ in range(2):  # the first use compiles
        made, found = (getattr(pattern("([0-9]+)", re.IGNORECASE), method)(text) for pattern in (re.compile, later))
        assert (made and (made.span(), made[1])) == (found and (found.span(), found[1]))


def test_it_replaces_splits_and_lists() -> None:
    pattern = later(rb"[0-9]+")
    assert pattern.sub(b"x", b"1 2") == b"x x"
    assert (pattern.split(b"a1b"), pattern.findall(b"a1b22")) == ([b"a", b"b"], [b"1", b"22"])
    assert (pattern.pattern, pattern.flags) == (rb"[0-9]+", re.compile(rb"[0-9]+").flags)


def test_a_broken_pattern_and_an_unknown_method_are_told() -> None:
    with pytest.raises(re.error):
        later("(").search("")
    with pytest.raises(AttributeError):
        _ = later("a").nonsense  # type: ignore[attr-defined]  # that is the point


def test_nothing_is_compiled_before() -> None:
    program = "import re; from fnctl.pattern import later; re.compile = None; later('a'); print('made')"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60).stdout == "made\n"
