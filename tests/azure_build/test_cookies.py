"""Cookies through a host that percent-encodes their values: what a handler set is what it finds."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from fnctl_azure.runtime.http import plain, restored

CASES = [
    ("abc", "abc"),
    ("eyJhIjogMX0=.x/y+z:1==", "eyJhIjogMX0=.x/y+z:1=="),
    ("100%", "100%"),
    ("%", "%"),
    ("a%20b", "a%20b"),
    ("a%20b/c", "a%20b/c"),
    ("%E4%B8%96", "%E4%B8%96"),
    # Encoded without need: as good as decoded for whoever decodes, and that is who encoded it.
    ("a%2Fb", "a/b"),
]


@pytest.mark.parametrize(("given", "kept"), CASES)
def test_a_cookie_comes_back_as_it_was_set(given: str, kept: str) -> None:
    written = quote(plain(given), safe="-._~")  # Uri.EscapeDataString, in ASP.NET's ResponseCookies.Append
    assert restored(f"b=1; a={written}") == f"b=1; a={kept}"


def test_cookies_of_several_headers_are_told_apart() -> None:
    assert restored("a=1,b=x%2Cy, c=3; d=%3D") == "a=1; b=x%2Cy; c=3; d=="
