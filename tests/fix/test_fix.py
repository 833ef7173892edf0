"""`validate --fix` and `--diff`: which edits are safe, that they are exact, and that nothing else moves."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.conftest import Fnctl
from fnctl.diagnostics import has_errors
from fnctl.manifest.load import load
from fnctl.manifest.mend import Edit, applied, mend
from fnctl.source import Span

HEAD = "fnctl: 1\nservice: orders\ntargets: { aws: { region: eu-west-1 } }\n"
FUNCTION = HEAD + "functions:\n  api:\n    runtime: python3.13\n"


def mended(tmp_path: Path, text: str) -> str:
    path = tmp_path / "fnctl.yaml"
    path.write_bytes(text.encode())
    return mend(path).after["fnctl.yaml"].decode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("    handlr: a.py:b\n", "    handler: a.py:b\n"),
        ("    'handlr' : a.py:b # why\n", "    handler : a.py:b # why\n"),
        ("    handler: a.py:b\n    Memory: 1GB\n    time_out: 3s\n", "    handler: a.py:b\n    memory: 1GB\n    timeout: 3s\n"),
        ("    handler: a.py:b\n    memorySize: 512\n", "    handler: a.py:b\n    memory: 512\n"),
        ("    handler: a.py:b\n    environment: { A: b }\n", "    handler: a.py:b\n    env: { A: b }\n"),
        ("    handler: a.py:b\n    interface: ASGI\n", "    handler: a.py:b\n    interface: asgi\n"),
        ("    handler: a.py:b\n    env: { 1: a, é: [b] }\n", "    handler: a.py:b\n    env: { 1: a, é: [b] }\n"),
        ("    handler: a.py:b\n    logs: { formt: JSON }\n", "    handler: a.py:b\n    logs: { format: json }\n"),
        ("    handler: a.py:b\n    loggs: { levl: info }\n", "    handler: a.py:b\n    logs: { level: info }\n"),
        ("    handler: a.py:b\n    triggrs: [{ htp: GET / }]\n", "    handler: a.py:b\n    triggers: [{ http: GET / }]\n"),
    ],
)
def test_what_has_one_clear_meaning_is_mended(tmp_path: Path, before: str, after: str) -> None:
    assert mended(tmp_path, FUNCTION + before) == FUNCTION + after


@pytest.mark.parametrize(
    "text",
    [
        "    handler: a.py:b\n    handlr: c.py:d\n",  # the right word is there
        "    handler: a.py:b\n    xyz: 1\n",  # nothing near
        "    handler: a.py:b\n    events: [{ httpApi: GET / }]\n",  # the word fits, what is below it does not
        "    handler: a.py:b\n    handler: c.py:d\n",  # which one?
        "    handler: a.py:b\n    uses: { ordrs: read }\n",  # rights are given by people
        "    handler: a.py:b\n    reserved_concurrency: 4\n",  # a number where a map belongs
        "    handler: a.py:b\n    interface: asg\n",  # a value, and not only its capitals
        "  bad: [\n",
    ],
)
def test_what_needs_a_person_is_left(tmp_path: Path, text: str) -> None:
    assert mended(tmp_path, FUNCTION + text) == FUNCTION + text if "bad" not in text else mend_nothing(tmp_path, FUNCTION + text)


def mend_nothing(tmp_path: Path, text: str) -> bool:
    path = tmp_path / "fnctl.yaml"
    path.write_text(text)
    return mend(path).edits == ()


def test_one_bad_edit_does_not_keep_the_others_away(tmp_path: Path) -> None:
    many = "".join(f"  f{n}:\n    runtime: python3.13\n    handlr: a.py:b\n    {'events: 1' if n == 7 else 'Memory: 1GB'}\n" for n in range(20))
    after = mended(tmp_path, HEAD + "functions:\n" + many)
    assert (after.count("handlr"), after.count("memory: 1GB"), after.count("events: 1")) == (0, 19, 1)


def test_marks_line_ends_and_included_files_stay(tmp_path: Path) -> None:
    (tmp_path / "more.yaml").write_bytes(b"functions:\r\n  two:\r\n    handlr: a.py:b # \xe2\x82\xac\r\n")
    text = (
        "\ufefffnctl: 1\r\nservce: orders\r\ninclude: [more.yaml]\r\ntargets: { aws: { region: eu-west-1 } }\r\ndefaults: { runtime: python3.13 }\r\n"
    )
    assert mended(tmp_path, text) == text.replace("servce", "service")
    assert mend(tmp_path / "fnctl.yaml").after["more.yaml"] == b"functions:\r\n  two:\r\n    handler: a.py:b # \xe2\x82\xac\r\n"


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(["a", "é", "日", "\U0001f600", " ", "\r\n", "\n", "\x85", "\u2028"]), min_size=1, max_size=30), st.data())
def test_an_edit_replaces_just_its_stretch(parts: list[str], data: st.DataObject) -> None:
    number = data.draw(st.sampled_from([i for i, part in enumerate(parts) if part.strip()] or [-1]))
    if number < 0:
        return
    before = parts[:number]
    breaks = [i for i, part in enumerate(before) if not part.strip(" \r\n\x85\u2028") and part != " "]
    line, column = len(breaks) + 1, number - (breaks[-1] + 1 if breaks else 0) + 1
    if "\r" in "".join(parts) and any(part == "\r" for part in parts):
        return
    edited = applied({"f": "".join(parts).encode()}, [Edit(Span("f", line, column, line, column + 1), "NEW")])["f"].decode()
    assert edited == "".join([*before, "NEW", *parts[number + 1 :]])


BROKEN = FUNCTION + "    handlr: a.py:b  # mine\n"


def test_fix_writes_and_checks_again(fnctl: Fnctl, tmp_path: Path) -> None:
    (tmp_path / "fnctl.yaml").write_text(BROKEN)
    (tmp_path / "a.py").write_text("def b(request):\n    return 1\n")
    done = fnctl("validate", "--fix")
    assert done.err.startswith("mended fnctl.yaml:7:5: handler\n")
    assert (tmp_path / "fnctl.yaml").read_text() == BROKEN.replace("handlr", "handler")
    assert done.code == 0
    again = fnctl("validate", "--fix")
    assert (again.code, "mended" in again.err) == (0, False)


def test_diff_is_a_patch_and_writes_nothing(fnctl: Fnctl, tmp_path: Path) -> None:
    (tmp_path / "fnctl.yaml").write_text(BROKEN)
    done = fnctl("validate", "--diff")
    assert (done.code, done.err) == (1, "1 place can be mended: fnctl validate --fix\n")
    assert (tmp_path / "fnctl.yaml").read_text() == BROKEN
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=done.out, text=True, check=True)
    assert (tmp_path / "fnctl.yaml").read_text() == BROKEN.replace("handlr", "handler")
    done = fnctl("validate", "--diff")
    assert (done.code, done.out, done.err) == (0, "", "Nothing can be mended without you.\n")


def test_several_manifests_are_checked_one_after_the_other(fnctl: Fnctl, tmp_path: Path) -> None:
    for name, text in {"a": BROKEN, "b": FUNCTION + "    handler: a.py:b\n"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "fnctl.yaml").write_text(text)
    assert fnctl("validate", "--no-files", "b/fnctl.yaml").code == 0
    done = fnctl("validate", "--no-files", "a/fnctl.yaml", "b/fnctl.yaml")
    assert (done.code, "unknown key `handlr`" in done.err, "b/fnctl.yaml is fine for aws." in done.err) == (1, True, True)


@pytest.mark.parametrize("words", [("a.yaml", "b.yaml", "--output", "sarif"), ("--diff", "--output", "json")])
def test_a_report_is_of_one_manifest_and_a_diff_is_none(fnctl: Fnctl, words: tuple[str, ...]) -> None:
    assert fnctl("validate", *words).code == 2


def test_what_is_mended_is_valid(tmp_path: Path) -> None:
    (tmp_path / "fnctl.yaml").write_text(mended(tmp_path, BROKEN))
    assert not has_errors(load(tmp_path / "fnctl.yaml")[1])
