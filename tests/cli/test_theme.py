"""When there is colour, and how numbers are written."""

from __future__ import annotations

import pytest

from fnctl.views import theme


@pytest.mark.parametrize(
    ("environ", "terminal", "flag", "colour"),
    [
        ({}, True, False, True),
        ({}, False, False, False),
        ({"TERM": "dumb"}, True, False, False),
        ({"CLICOLOR": "0"}, True, False, False),
        ({"NO_COLOR": "1"}, True, False, False),
        ({"NO_COLOR": ""}, True, False, True),
        ({"FORCE_COLOR": "1"}, False, False, True),
        ({"FORCE_COLOR": "0"}, True, False, False),
        ({"CLICOLOR_FORCE": "1"}, False, False, True),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, False, False, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False, False),
        ({"FORCE_COLOR": "1"}, True, True, False),
    ],
)
def test_the_order_of_who_decides(environ: dict[str, str], terminal: bool, flag: bool, colour: bool) -> None:
    assert theme.wants_colour(environ, terminal=terminal, no_color=flag) is colour


@pytest.mark.parametrize(
    ("value", "words"), [(0.0, "0 ms"), (0.04, "40 ms"), (0.9996, "1.0 s"), (9.94, "9.9 s"), (12, "12 s"), (59.6, "1 min 00 s"), (185, "3 min 05 s")]
)
def test_seconds(value: float, words: str) -> None:
    assert theme.seconds(value) == words


@pytest.mark.parametrize(("value", "words"), [(0, "0 B"), (812, "812 B"), (3481, "3.4 KB"), (12 << 20, "12 MB"), (3 << 30, "3.0 GB")])
def test_size(value: int, words: str) -> None:
    assert theme.size(value) == words


def test_every_action_has_a_sign_and_a_style() -> None:
    assert set(theme.SIGNS) == set(theme.PLAIN_SIGNS) == {"create", "update", "replace", "delete"}
    assert set(theme.SIGNS) <= set(theme.STYLES)
    assert all(sign.isascii() for sign in theme.PLAIN_SIGNS.values())
