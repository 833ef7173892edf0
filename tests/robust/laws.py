"""What holds for every text: validate answers with findings inside the file, fmt and --fix keep what was said, schedules read one way.

The property tests and the fuzzer (scripts/fuzz) ask the same questions; each law raises AssertionError where it is broken.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from fnctl import checking
from fnctl.diagnostics import SEVERITIES, Diagnostic, as_json
from fnctl.errors import FnctlError
from fnctl.manifest import plain, schedule, syntax
from fnctl.manifest.compose import Composer
from fnctl.manifest.layout import UnformattableError, formatted
from fnctl.manifest.load import load
from fnctl.manifest.mend import mend
from fnctl.manifest.parse import NOTHING, parse
from fnctl.session import Options, Session
from fnctl.source import Span
from fnctl.views import github, gitlab, junit, sarif
from fnctl.views.diagnostics import render
from fnctl.views.placed import Findings
from fnctl_aws.translate.cron import scheduler_cron
from fnctl_aws.translate.schedule import rate

NOON = 1_795_000_000.0
HANDLERS = {
    "api.py": "import os\n\n\ndef app(request):\n    return 1\n\n\ndef work(event):\n    return 1\n",
    "api.ts": "export const app = () => 1;\nexport function work() {}\n",
    "odd.py": "def app(:\n",
}


def project(folder: Path) -> Path:
    """Make a folder with handlers and an empty manifest, whose text each question brings along."""
    for name, text in HANDLERS.items():
        (folder / name).write_text(text, "utf-8")
    manifest = folder / "fnctl.yaml"
    manifest.write_bytes(b"")
    return manifest


def session(manifest: Path, raw: bytes, options: Options | None = None) -> Session:
    """Make a run that reads the manifest's text from here, as from an editor."""
    chosen = replace(options or Options(), manifest=manifest)
    return Session(chosen, {}, manifest.parent, (), now=lambda: NOON, unsaved={manifest: raw})


def validated(manifest: Path, raw: bytes, options: Options | None = None) -> tuple[Diagnostic, ...]:
    """Validate a text for every target that it names; whatever it is, the answer is findings, and each is whole."""
    read_alike(raw)
    try:
        found = checking.validate(session(manifest, raw, options)).diagnostics
    except FnctlError as error:
        found = error.diagnostics
    texts = {path.relative_to(manifest.parent).as_posix(): path.read_bytes() for path in manifest.parent.iterdir() if path.is_file()}
    whole(found, {**texts, manifest.name: raw})
    return found


def read_alike(raw: bytes) -> None:
    """What is read without libyaml is what libyaml reads, and there is nothing to say about it. As text, for true is 1 and 1.0 is 1."""
    value = plain.read(raw)
    if value is not plain.UNUSUAL:
        composer = Composer("fnctl.yaml")
        assert repr(value) == repr(composer.document(raw))
        assert not composer.found


def whole(found: Iterable[Diagnostic], texts: Mapping[str, bytes]) -> None:
    """Every finding says what, and where; none is a rule's own failure."""
    for d in found:
        assert d.code != "FN965", d
        assert re.fullmatch(r"[A-Z]{2,3}[0-9]{3}", d.code), d
        assert d.severity in SEVERITIES, d
        assert d.message.strip(), d
        if d.span is not None:
            inside(d.span, texts)


def inside(span: Span, texts: Mapping[str, bytes]) -> None:
    """A place is in its file: a line that is there, a column in it or just behind it, and an end that is not before the start."""
    raw = texts.get(span.path)
    assert raw is not None, span
    lines = re.split("\r\n|[\r\n\x85\u2028\u2029]", raw.decode("utf-8", "replace").removeprefix("\ufeff"))
    assert 1 <= span.line <= len(lines), (span, len(lines))
    assert 1 <= span.column <= len(lines[span.line - 1]) + 1, (span, lines[span.line - 1])
    if span.end_line is not None and span.end_column is not None:
        assert (span.line, span.column) <= (span.end_line, span.end_column), span
        assert span.end_line <= len(lines), (span, len(lines))
        assert span.end_column <= len(lines[span.end_line - 1]) + 1, (span, lines[span.end_line - 1])


def shown(found: Iterable[Diagnostic], raw: bytes) -> None:
    """Every form can say it, and none lets what the manifest says move the cursor."""
    found = tuple(found)
    lines = syntax.lines(raw)
    screen = render(found, lambda path: lines if path == "fnctl.yaml" else None, color=False)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", screen)
    assert bool(screen) == bool(found)
    json.dumps([as_json(d) for d in found])
    findings = Findings(found, "fnctl.yaml", {"fnctl.yaml": lines}, now=NOON)
    for form in (sarif, github, junit, gitlab):
        assert isinstance(form.render(findings), str)


def laid_out(raw: bytes) -> None:
    """The layout says the same, with the same comments, and is its own fixed point; what it cannot do it refuses."""
    before, findings = parse(raw, "fnctl.yaml")
    if before is NOTHING:
        return
    try:
        after = formatted(raw)
    except UnformattableError:
        return
    again, later = parse(after, "fnctl.yaml")
    assert repr(again) == repr(before)
    assert [d.code for d in later] == [d.code for d in findings]
    kept = comments(raw)
    assert kept is None or comments(after) == kept
    assert formatted(after) == after


def comments(raw: bytes) -> list[str] | None:
    """Read the comments of a text: what stands between its tokens. None where PyYAML's own scanner, stricter than libyaml, cannot read it."""
    text = raw.decode("utf-8-sig")
    out: list[str] = []
    last = 0
    try:
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            start, end = token.start_mark.index, token.end_mark.index  # its columns leave byte order marks out
            out += _hashes(text[last:start])
            last = max(last, end)
    except yaml.YAMLError:
        return None
    return out + _hashes(text[last:])


def _hashes(gap: str) -> list[str]:
    return [found[1].rstrip() for found in re.finditer("(?:^|[ \t\r\n\x85\u2028\u2029])(#[^\r\n\x85\u2028\u2029]*)", gap)]


def mended(manifest: Path, raw: bytes) -> None:
    """What --fix writes has no finding that was not there before, and mending it again changes nothing."""
    manifest.write_bytes(raw)
    try:
        result = mend(manifest)
        if not result.before:
            return
        had = {(d.code, d.message) for d in load(manifest)[1]}
        manifest.write_bytes(result.after[manifest.name])
        now = load(manifest)[1]
        assert not {(d.code, d.message) for d in now} - had, (had, now)
        assert mend(manifest).after == result.after
        if not result.edits:
            assert result.after == result.before
    finally:
        manifest.write_bytes(b"")


def scheduled(text: str) -> None:
    """A schedule is read or refused with the place of what is wrong; what is read is its own fixed point, and platforms can say it."""
    read, refusal = _tried(schedule.read, text)
    if refusal is not None:
        end = len(text) if refusal.end is None else refusal.end
        assert str(refusal)
        assert 0 <= refusal.start <= end <= max(len(text), 1), (refusal.start, end, text)
    elif "every" in read:
        assert isinstance(read["every"], int)
        assert read["every"] >= 60
        assert re.fullmatch(r"rate\((1 (minute|hour|day)|[0-9]+ (minutes|hours|days))\)", rate(read["every"]))
    else:
        canonical = str(read["cron"])
        assert schedule.read(canonical) == read
        fields = schedule.cron(canonical)
        assert all(field.values for field in (fields.minute, fields.hour, fields.day, fields.month, fields.weekday))
        if fields.day.any or fields.weekday.any:
            assert len(scheduler_cron(canonical).split()) == 6


def timezone(name: str) -> None:
    """A time zone is known or refused."""
    read, refusal = _tried(schedule.timezone, name)
    assert read == name if refusal is None else str(refusal)


def _tried(read: Callable[[str], Any], text: str) -> tuple[Any, schedule.ScheduleError | None]:
    try:
        return read(text), None
    except schedule.ScheduleError as error:
        return None, error
