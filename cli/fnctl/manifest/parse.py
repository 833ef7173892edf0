"""Bytes into plain values: what is plain with a few patterns (`plain`), everything else with libyaml (`compose`). Both give the same.

Positions are not kept here: `fnctl.manifest.places` reads the text again when a finding needs one.
"""

from __future__ import annotations

import gc
from typing import Any

from fnctl.diagnostics import Diagnostic
from fnctl.manifest import plain
from fnctl.manifest.syntax import MAX_BYTES

NOTHING = object()
"""There is no value: the text could not be read."""


def parse(raw: bytes, name: str) -> tuple[Any, list[Diagnostic]]:
    """Read one YAML document; `name` is the file's name in findings. The value is NOTHING when there is none to go on with."""
    collecting = gc.isenabled()
    gc.disable()  # a parse makes many small objects and no circle: collections in between find nothing
    try:
        value = plain.read(raw) if len(raw) <= MAX_BYTES else plain.UNUSUAL
        return (value, []) if value is not plain.UNUSUAL else _composed(raw, name)
    finally:
        if collecting:
            gc.enable()


def _composed(raw: bytes, name: str) -> tuple[Any, list[Diagnostic]]:
    from fnctl.manifest.compose import Composer  # libyaml takes a while to load
    from fnctl.manifest.syntax import UnreadableError

    composer = Composer(name)
    try:
        return composer.document(raw), composer.found
    except UnreadableError as stop:
        return NOTHING, [*composer.found, stop.finding]
