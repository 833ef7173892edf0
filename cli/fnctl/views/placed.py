"""What every form for other programs needs of findings: paths as those programs see them, source lines, and names that outlive moved lines."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from fnctl.diagnostics import SECRET, Diagnostic
from fnctl.manifest.leaks import mask

if TYPE_CHECKING:  # a form without pages of rules does not pay for them
    from fnctl.rules.model import Rule

# What a manifest says must not move the cursor of whoever reads a log.
_UNSAFE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_NO_TEXT = re.compile(r"[\ud800-\udfff]")  # a byte of a file's name that is not UTF-8
_ROOTS = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")


@dataclass(frozen=True)
class Findings:
    """Findings with paths relative to the checkout.

    Attributes:
        manifest: the manifest's own path, for findings without a place.
        lines: the lines of every file that a finding points at and that could be read.
        strict: warnings fail the run, too.
        now: Unix seconds.
        rules: what is known of the rules that found them, by their code.
    """

    found: Sequence[Diagnostic]
    manifest: str
    lines: Mapping[str, list[str]]
    strict: bool = False
    now: float = 0.0
    rules: Mapping[str, Rule] = field(default_factory=dict)

    def path(self, d: Diagnostic) -> str:
        """Name the file of a finding; one without a place is the manifest's."""
        return _NO_TEXT.sub("\ufffd", d.span.path if d.span else self.manifest)

    def fails(self, d: Diagnostic) -> bool:
        """Tell whether this finding fails the run."""
        return d.severity == "error" or (self.strict and d.severity == "warning")


def placed(found: Iterable[Diagnostic], manifest: Path, cwd: Path, environ: Mapping[str, str], *, strict: bool = False, now: float = 0.0) -> Findings:
    """Turn paths that are relative to the manifest's folder into paths relative to the CI's checkout, or to this folder outside of CI."""
    base = _base(manifest.parent, cwd, environ)
    found = list(found)
    named = {d.span.path: _relative(manifest.parent / d.span.path, base) for d in found if d.span}
    lines = {new: text for old, new in named.items() if (text := _read(manifest.parent / old)) is not None}
    moved = [replace(d, span=replace(d.span, path=named[d.span.path])) if d.span else d for d in found]
    return Findings(moved, _relative(manifest, base), lines, strict, now)


def text(d: Diagnostic) -> str:
    """Write a finding as prose: what, what is marked, the facts, and what to do next."""
    first = f"{d.message}: {d.label}" if d.label else d.message
    return safe("\n".join([first, *d.notes, *([f"help: {d.help}"] if d.help else [])]))


def safe(words: str) -> str:
    """Take out what would move a cursor, and what is no text at all."""
    return _UNSAFE.sub("\ufffd", words)


def fingerprints(findings: Findings) -> list[str]:
    """Name each finding by what it says and by the text of its line, not by the line's number; equal ones are counted."""
    seen: Counter[str] = Counter()
    out = []
    for d in findings.found:
        name = "\0".join((d.code, findings.path(d), d.target or "", _line(d, findings.lines)))
        seen[name] += 1
        out.append(hashlib.sha256(f"{name}\0{seen[name]}".encode(errors="replace")).hexdigest()[:32])
    return out


def _line(d: Diagnostic, lines: Mapping[str, list[str]]) -> str:
    have = lines.get(d.span.path, []) if d.span else []
    if d.span is None or d.span.line > len(have) or d.code in SECRET:  # a digest of a secret can be guessed at
        return d.message
    return mask(have[d.span.line - 1]).strip()


def _base(folder: Path, cwd: Path, environ: Mapping[str, str]) -> Path:
    roots = [Path(environ[name]).resolve() for name in _ROOTS if environ.get(name)]
    return next((root for root in roots if folder.resolve().is_relative_to(root)), cwd.resolve())


def _relative(path: Path, base: Path) -> str:
    return Path(os.path.relpath(path.resolve(), base)).as_posix()


def _read(path: Path) -> list[str] | None:
    from fnctl.manifest.syntax import lines

    try:
        return lines(path.read_bytes())
    except OSError:
        return None
