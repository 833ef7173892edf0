"""What the fuzzer tries: bytes and manifests through validate, the layout, --fix, schedules. `targets.py NAME [LIBFUZZER OPTION]...` runs one."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGETS = ("validate", "manifest", "layout", "mend", "schedule")


def seeds(name: str) -> Iterator[bytes]:
    """Give what to begin with: our own manifests, and what was found before."""
    kept = ROOT / "tests" / "robust" / "found" / name
    yield from (path.read_bytes() for path in (sorted(kept.iterdir()) if kept.is_dir() else ()))
    if name == "schedule":
        yield from (b"*/5 * * * *", b"0 3 1-15/2 jan,DEC 1-5", b"every 90m", b"every 7d", b"@daily", b"Europe/Berlin")
    elif name != "manifest":
        folders = ("tests/manifest/cases", "examples", "tests/aws/cases")
        yield from (path.read_bytes() for folder in folders for path in sorted((ROOT / folder).rglob("fnctl.yaml")))


def words() -> list[str]:
    """Give the words of a manifest, which no fuzzer would guess."""
    from robust.manifests import SCHEMA, WORDS

    found: set[str] = set(WORDS)
    todo: list[object] = [SCHEMA]
    while todo:
        part = todo.pop()
        if isinstance(part, dict):
            properties = part.get("properties")
            found |= set(properties) if isinstance(properties, dict) else set()
            found |= {word for word in part.get("enum") or () if isinstance(word, str)}
            todo += part.values()
        elif isinstance(part, list):
            todo += part
    return sorted(word for word in found if word)


def law(name: str, folder: Path) -> Callable[[bytes], None]:
    """Choose what a text is asked. Every answer is checked; nothing is returned."""
    from hypothesis import HealthCheck, given, settings

    from robust import laws, manifests

    manifest = laws.project(folder)

    def validate(raw: bytes) -> None:
        laws.shown(laws.validated(manifest, raw), raw)

    def schedule(raw: bytes) -> None:
        laws.scheduled(raw.decode("utf-8", "replace"))
        laws.timezone(raw.decode("utf-8", "replace"))

    drawn = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))(given(manifests.texts())(validate))
    known: dict[str, Callable[[bytes], None]] = {
        "validate": validate,
        "manifest": lambda raw: drawn.hypothesis.fuzz_one_input(raw) and None,  # type: ignore[attr-defined]
        "layout": laws.laid_out,
        "mend": lambda raw: laws.mended(manifest, raw),
        "schedule": schedule,
    }
    return known[name]


def main(name: str) -> None:
    import atheris

    with atheris.instrument_imports(include=["fnctl", "fnctl_aws", "fnctl_azure", "fnctl_vercel"]), tempfile.TemporaryDirectory() as folder:
        ask = law(name, Path(folder))
        atheris.Setup([sys.argv[0], *sys.argv[2:]], ask)
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1])
