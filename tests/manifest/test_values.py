"""Durations, sizes, schedules, handler files and secrets."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnctl.manifest import handlers, schedule, units
from fnctl.manifest.leaks import looks_secret, mask


@pytest.mark.parametrize(("text", "expected"), [("30s", 30), ("15m", 900), ("1h", 3600), ("3d", 259200), (45, 45), ("45", 45)])
def test_durations(text: str, expected: int) -> None:
    assert units.seconds(text) == expected


@pytest.mark.parametrize(("text", "expected"), [("512MB", 512), ("1GB", 1024), (128, 128)])
def test_sizes(text: str, expected: int) -> None:
    assert units.megabytes(text) == expected


@pytest.mark.parametrize(("read", "text"), [(units.seconds, "1.5h"), (units.seconds, "soon"), (units.megabytes, "1TB"), (units.percent, "101%")])
def test_what_is_no_quantity_is_refused(read: Callable[[str], object], text: str) -> None:
    with pytest.raises(ValueError, match=r"is not"):
        read(text)


@given(st.integers(0, 10**8))
def test_quantities_are_written_as_they_are_read(count: int) -> None:
    assert units.seconds(units.duration(count)) == count
    assert units.megabytes(units.size(count)) == count


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("0 3 * * *", "0 3 * * *"),
        ("  00  03 * * * ", "0 3 * * *"),
        ("*/15 0-23 * JAN-mar MON-FRI", "*/15 * * 1-3 1-5"),
        ("0,30 8-10,12 1 */6 7", "0,30 8-10,12 1 1,7 0"),
        ("0 0 * * sun-sat", "0 0 * * *"),
        ("0 0 * jan,JUL,mar-jul *", "0 0 * 1,3-7 *"),
        ("5/20 * * * *", "5,25,45 * * * *"),
        ("0 0 29 2 *", "0 0 29 2 *"),
        ("0 0 31 2 1", "0 0 31 2 1"),
    ],
)
def test_cron_has_one_canonical_form(text: str, canonical: str) -> None:
    assert str(schedule.cron(text)) == canonical
    assert str(schedule.cron(canonical)) == canonical


@pytest.mark.parametrize("word", ["?", "L", "LW", "15W", "L-3", "5L", "friL", "FRI#2", "1#3"])
def test_what_only_some_platforms_know_is_refused(word: str) -> None:
    with pytest.raises(schedule.ScheduleError, match="is not portable"):
        schedule.cron(f"0 0 {word} * *")


def test_a_schedule_has_one_key_however_it_is_written() -> None:
    assert schedule.key(str(schedule.cron("0 3 * * *"))) == schedule.key(str(schedule.cron("00 03 * * 0-7")))
    assert schedule.key(300) != schedule.key(300, "Europe/Berlin")
    assert len(schedule.key(300)) == 8


@given(st.text(st.sampled_from("0123456789*/,-?LW# @ajnmonsu("), max_size=30))
def test_no_text_breaks_the_cron_reader(text: str) -> None:
    try:
        read = schedule.cron(text)
    except schedule.ScheduleError as refused:
        start, end = refused.start, refused.end
    else:
        assert schedule.cron(str(read)) == read
        return
    assert 0 <= start <= len(text)
    assert end is None or start < end <= len(text) + 1


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def handler(): ...", True),
        ("async def handler(): ...", True),
        ("class handler: ...", True),
        ("handler = app = make()", True),
        ("app, handler = make()", True),
        ("handler: object = make()", True),
        ("handler: object", False),
        ("from x import y as handler", True),
        ("import handler.deep", True),
        ("if True:\n    def handler(): ...", True),
        ("try:\n    import fast as handler\nexcept ImportError:\n    pass", True),
        ("with x as y:\n    handler = y", True),
        ("def other():\n    def handler(): ...", False),
        ("handler == 5", False),
        ("# def handler(): ...", False),
        ("'''\ndef handler(): ...\n'''", False),
        ('x = 1\n"""\n"""\ndef handler():\n    """Doc."""\n', True),
    ],
)
def test_names_of_python_are_read_and_not_imported(tmp_path: Path, source: str, found: bool) -> None:
    path = tmp_path / "a.py"
    path.write_text(source)
    assert handlers.defines(str(path), "handler") == ("yes" if found else "no")


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ("export function handler() {}", "yes"),
        ("export async function* handler() {}", "yes"),
        ("export const handler: Handler = async () => {};", "yes"),
        ("const a = 1;\nexport { a as handler };", "yes"),
        ("export { type T, handler } from './b';", "yes"),
        ("export const { handler, other } = make();", "yes"),
        ("exports.handler = () => {};", "yes"),
        ("module.exports = { handler, other: 5 };", "yes"),
        ("module.exports = make();", "unsure"),
        ("export * from './b';", "unsure"),
        ("function handler() {}", "no"),
        ("// export function handler() {}\nexport const other = 1;", "no"),
        ("/* export const handler = 1 */", "no"),
        ("const s = `export const handler = 1`;", "no"),
        ("const url = 'http://x'; export function handler() {}", "yes"),
    ],
)
def test_exports_of_typescript_are_scanned(tmp_path: Path, source: str, answer: str) -> None:
    path = tmp_path / "a.ts"
    path.write_text(source)
    assert handlers.defines(str(path), "handler") == answer


@pytest.mark.parametrize(
    ("key", "value", "secret"),
    [
        ("X", "AKIAIOSFODNN7EXAMPLE", True),
        ("X", "ghp_" + "a1" * 18, True),
        ("X", "postgres://user:pass1234@host/db", True),
        ("X", "-----BEGIN RSA PRIVATE KEY-----", True),
        ("DB_PASSWORD", "correct-horse-9-battery", True),
        ("DB_PASSWORD", "${env.DB_PASSWORD}", False),
        ("API_KEY", "name-of-a-parameter", False),
        ("TOKEN_TABLE", "a1b2c3d4e5f6g7h8", False),
        ("URL", "https://example.com/path", False),
        ("LOG_LEVEL", "debug", False),
    ],
)
def test_literal_secrets_are_told_from_settings(key: str, value: str, secret: bool) -> None:
    assert looks_secret(key, value) is secret


def test_masks_keep_every_column() -> None:
    line = "  env: { A: AKIAIOSFODNN7EXAMPLE, DB_PASSWORD: 'hunter 2', B: x }"
    assert mask(line) == "  env: { A: ********************, DB_PASSWORD: **********, B: x }"


def test_a_file_that_holds_more_than_its_size_says_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "app.py"
    path.write_text("import os\n\n\ndef handler(event):\n    return os.name\n")
    assert [handlers.defined(str(path), "handler", size, size) for size in (0, 5, path.stat().st_size)] == ["yes"] * 3
