"""Each rule's failing and passing case: the example and the remedy of its page where they are pieces of a manifest, else files.

`cases/CODE/fail.yaml` and `pass.yaml` stand in their place. What is missing of a manifest comes after what is written, so that lines stay. A line
`# 301 times: f#: { ... }` stands for as many lines, `#` for their number. `case.json` may hold `target`, `stage`, `environ`, `today` (2026-11-26
without it), `files` that are beside the manifest, `built` (archives: {name: {member: MB}}), `raw` (the text is written as latin-1), `elsewhere` (the
manifest that is asked for instead), `only` (--target); and under `fail` and `pass` any of them for one of the two.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import yaml

from fnctl.checking import validate
from fnctl.diagnostics import Diagnostic
from fnctl.errors import FnctlError
from fnctl.rules import pages
from fnctl.rules.model import Rule
from fnctl.session import Options, Session

FOLDER = Path(__file__).with_name("cases")
REGIONS = {"aws": "eu-west-1", "azure": "westeurope", "vercel": "fra1"}
MB = 1024**2
_TIMES = re.compile(r"^( *)# (\d+) times: (.*)$", re.MULTILINE)
Kind = Literal["fail", "pass"]


@dataclass(frozen=True)
class Case:
    """A manifest and what is around it."""

    text: str
    settings: dict[str, Any] = field(default_factory=dict)


def case(rule: Rule, kind: Kind) -> Case | None:
    """Find a rule's case; None where it has none."""
    folder = FOLDER / rule.code
    settings = json.loads((folder / "case.json").read_text("utf-8")) if (folder / "case.json").exists() else {}
    settings = {"target": next(iter(sorted(rule.targets)), None), **settings, **settings.get(kind, {})}
    if (folder / f"{kind}.yaml").exists():
        return Case((folder / f"{kind}.yaml").read_text("utf-8"), settings)
    text = pages.sections(rule).get("Example" if kind == "fail" else "Use instead", "")
    return Case(text + "\n", settings) if pages.code(text) else None


def whole(text: str, target: str | None) -> str:
    """Complete a piece of a manifest with the least that is missing, and write out what is to be repeated."""
    text = _TIMES.sub(lambda m: "\n".join(m[1] + m[3].replace("#", str(n)) for n in range(1, int(m[2]) + 1)), text)
    try:
        given = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        return text
    if not isinstance(given, dict) or {"fnctl", "service"} <= given.keys():
        return text
    targets = given.get("targets")
    known = target or (next(iter(targets)) if isinstance(targets, dict) and targets else "aws")
    functions = given.get("functions")
    everyone = isinstance(functions, dict) and all(isinstance(f, dict) and "runtime" in f for f in functions.values())
    missing = {
        "fnctl": 1,
        "service": "shop",
        "targets": {known: {"region": REGIONS[known]}},
        **({} if everyone else {"defaults": {"runtime": "python3.13"}}),
        **({} if "include" in given else {"functions": {"one": {"handler": "one.py:one", "triggers": [{"http": "GET /"}]}}}),
    }
    return text + "".join(f"{key}: {json.dumps(value)}\n" for key, value in missing.items() if key not in given)


def lay_out(made: Case, folder: Path) -> Path:
    """Write the manifest, the files beside it and the archives of a build."""
    text = whole(made.text, made.settings.get("target"))
    (folder / "fnctl.yaml").write_bytes(text.encode("latin-1" if made.settings.get("raw") else "utf-8"))
    for name, content in made.settings.get("files", {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    for name, members in made.settings.get("built", {}).items():
        place = folder / ".fnctl/build" / made.settings["target"] / f"{name}.zip"
        place.parent.mkdir(parents=True, exist_ok=True)
        with ZipFile(place, "w", compresslevel=1) as out:
            for member, size in members.items():
                out.compression = ZIP_STORED if member.endswith(".packed") else ZIP_DEFLATED
                with out.open(member, "w", force_zip64=True) as opened:
                    for _ in range(int(size)):
                        opened.write(bytes(MB))
                    opened.write(bytes(int(size * MB) % MB))
    return folder / "fnctl.yaml"


def check(made: Case, folder: Path, strict: str = "") -> tuple[list[Diagnostic], list[str]]:
    """Find what validate finds, and return it with the manifest's lines. `strict` is the code of a strict rule, which has to be asked for."""
    given = made.settings
    manifest = lay_out(made, folder)
    now = datetime.fromisoformat(f"{given.get('today', '2026-11-26')}T12:00:00").timestamp()
    options = Options(
        manifest=manifest if not given.get("elsewhere") else folder / given["elsewhere"],
        target=given.get("only"),
        stage=given.get("stage"),
        built="built" in given,
        select=(strict,) if strict else (),
    )
    session = Session(options=options, environ=given.get("environ", {}), cwd=folder, now=lambda: now)
    try:
        found = list(validate(session, files="files" in given).diagnostics)
    except FnctlError as error:
        found = list(error.diagnostics)
    return found, manifest.read_bytes().decode("utf-8", "replace").splitlines()


def told(found: list[Diagnostic], lines: list[str]) -> str:
    """Write findings for a golden file: where, the marked text, and every word of them."""
    out = []
    for d in found:
        span = d.span
        place = f"{span.path}:{span.line}:{span.column}-{span.end_column}" if span else "no place"
        marked = lines[span.line - 1][span.column - 1 : span.end_column - 1] if span and span.end_line == span.line and span.end_column else "..."
        out.append(f"  {d.severity} {place} {d.message}")
        out.append(f"    {marked[:100]} <- {d.label or ''}".rstrip())
        out += [f"    note: {note}" for note in d.notes]
        out += [f"    help: {line}" for line in (d.help or "").splitlines()]
    return "\n".join(out).replace(os.sep, "/")
