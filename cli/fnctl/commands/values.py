"""Values of options that are more than a word: durations, and data from the line, a file or standard input."""

from __future__ import annotations

import json

from fnctl.commands.run import Run
from fnctl.errors import UsageError
from fnctl.manifest import units


def duration(option: str, text: str) -> float:
    """Read `30s`, `10m`, `1h` or plain seconds. Raises UsageError."""
    try:
        return float(text) if text.replace(".", "", 1).isdigit() else float(units.seconds(text))
    except ValueError as error:
        raise UsageError(f"{option}: {error}", help=f"for example:\n{option} 10m") from None  # one word around another's sentence


def data(run: Run, text: str | None) -> bytes:
    """Read --data: the text itself, @FILE, or - for standard input. Raises UsageError when the file cannot be read."""
    if text is None:
        return b""
    if text == "-":
        return run.world.read()
    if not text.startswith("@"):
        return text.encode()
    try:
        return (run.world.cwd / text[1:]).read_bytes()
    except OSError as error:
        message = f"--data: {text[1:]} cannot be read: {error.strerror}"
        raise UsageError(message) from None


def require_json(body: bytes) -> None:
    """Refuse a payload that is no JSON: a function that is called directly gets a document. Raises UsageError."""
    if not body:
        return
    try:
        json.loads(body)
    except ValueError as error:
        message = f"--data is not JSON: {error}"
        raise UsageError(message, help='quote it for the shell:\n--data \'{"name": "Ada"}\'') from None
