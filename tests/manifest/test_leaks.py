"""What is looked for before a key's form is in every form that a key has."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fnctl.manifest import leaks

FORM = re.compile(leaks.KEYS.pattern, leaks.KEYS.flags)
FORMS = [form for line in FORM.pattern.split("\n") for form in re.sub(r"(?<=\s)#.*", "", line).strip().lstrip("| ").split(" | ") if form.strip()]
"""The alternatives, each by itself."""


def test_the_alternatives_are_told_apart() -> None:
    assert len(FORMS) == 17
    assert all(re.compile(form, re.VERBOSE).groups == 0 for form in FORMS)


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_hint_is_in_every_key(form: str, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(re.compile(form, re.VERBOSE)))
    assert any(hint in text for hint in leaks.HINTS)
    assert leaks.looks_secret("", text) == (len(text) >= leaks.SHORTEST and FORM.search(text) is not None)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text("ab-_\n:/@. ") | st.sampled_from(["AKIA" + "A1" * 8, "https://me:secret@host", "ghp_" + "a" * 36]), max_size=5))
def test_every_text_with_a_key_is_a_suspect(texts: list[str]) -> None:
    assert {text for text in texts if leaks.looks_secret("", text)} <= leaks.suspects(texts) <= set(texts)
