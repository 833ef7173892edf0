"""The laws, asked of drawn bytes, YAML texts and manifests, and of everything that broke one of them before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from robust import laws, manifests

FOUND = Path(__file__).parent / "found"
PIECES = st.sampled_from(
    (
        *(
            "fnctl: 1\n",
            "service: shop\n",
            "targets: { aws: {}, azure: {}, vercel: {} }\n",
            "functions:\n",
            "  api: { handler: api.py:app }\n",
            "stages:",
        ),
        *(
            "resources:\n  jobs: { type: queue }\n",
            "workflows:",
            "env:",
            "uses:",
            "include: ['*']\n",
            "rules: { extends: strict }\n",
            "limits:",
            "vars: ",
        ),
        *(
            " ",
            "\n",
            "\n  ",
            "- ",
            "{",
            "}",
            "[",
            "]",
            "&a ",
            "*a",
            "<<: *a\n",
            "'",
            '"',
            "|\n",
            ">\n",
            "!!int ",
            "!x ",
            "~",
            "\t",
            "# no\n",
            "? ",
            ", ",
            ": ",
        ),
        *(
            "${",
            "${vars.a}",
            "${env.A}",
            "%",
            "---\n",
            "...\n",
            "%YAML 1.2\n",
            "\r\n",
            "\r",
            "\x85",
            "\u2028",
            "\ufeff",
            "é",
            "日本",
            "\U0001f600",
            "\x7f",
            "\x1b",
        ),
        *("# fnctl: ignore[AWS101] so\n", "1e999", ".inf", "0o7", "0x1f", "12:30", "9" * 30, "@x", "`", "\\"),
    )
)
TEXTS = st.lists(PIECES, max_size=40).map("".join)
EASY = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    return laws.project(tmp_path)


@EASY
@given(st.binary(max_size=300) | TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")) | TEXTS.map(lambda text: text.encode("utf-16")))
def test_bytes_are_answered_with_findings(manifest: Path, raw: bytes) -> None:
    laws.shown(laws.validated(manifest, raw), raw)


@settings(EASY, max_examples=200)
@given(manifests.texts())
def test_manifests_are_answered_with_findings(manifest: Path, raw: bytes) -> None:
    laws.shown(laws.validated(manifest, raw), raw)


@EASY
@given(TEXTS.map(str.encode) | manifests.texts())
def test_the_layout_keeps_what_is_said(raw: bytes) -> None:
    laws.laid_out(raw)


@EASY
@given(TEXTS.map(str.encode) | manifests.texts())
def test_what_is_mended_is_better(manifest: Path, raw: bytes) -> None:
    laws.mended(manifest, raw)


WORDS = st.sampled_from(
    (*"*/,- 0123456789", "every ", "jan", "SUN", "5m", "1h", "60", "?", "L", "#", "@daily", "rate(", "\t", "é", "²", "99999999999")
)


@settings(EASY, max_examples=500)
@given(st.lists(WORDS, max_size=16).map("".join) | st.from_regex(r"([0-9*]{1,2}(-[0-9]{1,2})?(/[0-9]{1,2})?,?){1,3}( [0-9*]{1,2}(/[0-9])?){4}"))
def test_a_schedule_is_read_one_way(text: str) -> None:
    laws.scheduled(text)


def replay() -> list[tuple[str, Path]]:
    return [(folder.name, path) for folder in sorted(FOUND.iterdir()) for path in sorted(folder.iterdir())]


@pytest.mark.parametrize(("name", "path"), replay(), ids=lambda value: value.stem if isinstance(value, Path) else str(value))
def test_what_broke_a_law_once_does_not_again(manifest: Path, name: str, path: Path) -> None:
    raw = path.read_bytes()
    ask: dict[str, Callable[[], None]] = {
        "validate": lambda: laws.shown(laws.validated(manifest, raw), raw),
        "layout": lambda: laws.laid_out(raw),
        "mend": lambda: laws.mended(manifest, raw),
        "schedule": lambda: laws.scheduled(raw.decode("utf-8", "replace")),
    }
    ask[name]()
