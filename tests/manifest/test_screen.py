"""The diagnostics view: alignment, width, colour, unsafe text, and the machine form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnctl.diagnostics import Diagnostic
from fnctl.source import Span
from fnctl.views.diagnostics import counted, document, render

SPAN = Span("fnctl.yaml", 24, 14, 24, 17)
LIMIT = Diagnostic(
    "AWS101",
    "error",
    "timeout is over the platform's maximum",
    SPAN,
    "1200 s, and AWS Lambda stops a function at 900 s",
    ('limit: Lambda quotas, "Function timeout", read 2026-11',),
    "split the work with a workflow (`workflows:`)",
)


def shown(finding: Diagnostic, line: str, *, color: bool = False, width: int = 80) -> str:
    return render([finding], lambda _path: [""] * (finding.span.line - 1 if finding.span else 0) + [line], color=color, width=width)


def test_a_finding_looks_as_designed() -> None:
    assert shown(LIMIT, "    timeout: 20m") == (
        "error[AWS101]: timeout is over the platform's maximum\n"
        "  --> fnctl.yaml:24:14\n"
        "   |\n"
        "24 |     timeout: 20m\n"
        "   |              ^^^ 1200 s, and AWS Lambda stops a function at 900 s\n"
        "   |\n"
        '   = limit: Lambda quotas, "Function timeout", read 2026-11\n'
        "   = help: split the work with a workflow (`workflows:`)\n"
        "\n"
        "1 error\n"
    )


@pytest.mark.parametrize(
    ("line", "column", "end", "before"),
    [("日本: x", 5, 6, 6), ("\tx: y", 5, 6, 7), ("é: x", 4, 5, 3), ("e\u0301: x", 5, 6, 3)],
)
def test_marks_stand_under_what_they_mark(line: str, column: int, end: int, before: int) -> None:
    finding = Diagnostic("X001", "error", "x", Span("a", 1, column, 1, end))
    assert shown(finding, line).splitlines()[4] == "  | " + " " * before + "^"


def test_commands_and_links_are_never_wrapped() -> None:
    command = "fnctl deploy --target aws --stage prod " + "x" * 80
    link = "https://example.com/" + "y" * 90
    screen = render([Diagnostic("X001", "error", "no", None, help=f"run this:\n{command}", notes=(f"see {link}",))], lambda _: None, color=False)
    assert command in screen
    assert link in screen


def test_one_place_that_is_wrong_for_many_is_one_finding() -> None:
    def slow(name: str, column: int = 14, label: str = "small") -> Diagnostic:
        return Diagnostic("ADV002", "advice", f"`{name}` starts slowly", Span("fnctl.yaml", 1, column), label, help="give it more")

    found = [slow(f"f{number}") for number in range(8)]
    screen = render(found, lambda _: None, color=False)
    assert screen.count("starts slowly") == 1
    assert "note: the same for `f1`, `f2`, `f3`, `f4`, `f5` and 2 more\n" in screen
    assert screen.endswith("8 advice\n")
    for other in (slow("g", column=15), slow("g", label="smaller")):
        assert render([*found, other], lambda _: None, color=False).count("starts slowly") == 2
    assert "note: 1 more like it\n" in render([slow("a"), slow("a")], lambda _: None, color=False)
    assert len(document(found)["diagnostics"]) == 8


def test_colour_is_only_added() -> None:
    painted = shown(LIMIT, "    timeout: 20m", color=True)
    import re

    assert "\x1b[1;31m" in painted
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == shown(LIMIT, "    timeout: 20m")


def test_a_manifest_cannot_steer_the_terminal() -> None:
    screen = shown(Diagnostic("X001", "error", "no \x1b[31m", Span("a", 1, 1, 1, 2), "\x07\u202e"), "\x1b]0;title\x07 \x9b31m")
    assert not set(screen) & set("\x1b\x07\x9b\u202e")


def test_counts() -> None:
    errors = [Diagnostic("X001", severity, "x") for severity in ("error", "warning", "warning", "advice")]
    assert counted(errors) == "1 error, 2 warnings, 1 advice"
    assert render([], lambda _: None, color=False) == ""


def test_many_of_one_kind_are_counted_and_not_drawn() -> None:
    many = [Diagnostic("X001", "error", f"no {line}", Span("a", line, 1)) for line in range(1, 30)]
    other = Diagnostic("X002", "warning", "odd", Span("a", 40, 1))
    screen = render([*many, other], lambda _: None, color=False, most=3)
    assert [f"error[X001]: no {line}\n" in screen for line in (1, 3, 4)] == [True, True, False]
    assert "error[X001]: 26 more of these, at a:4, a:5, a:6, a:7, a:8 and 21 more;" in screen
    assert screen.endswith("\n29 errors, 1 warning\n")
    assert "warning[X002]: odd" in screen
    assert "more of these" not in render(many[:4], lambda _: None, color=False, most=3), "one line takes no less room than one finding"
    assert "more of these" not in render(many, lambda _: None, color=False)


def test_the_machine_form() -> None:
    data = document([LIMIT, Diagnostic("X001", "warning", "no place", target="aws")])
    assert next(iter(data)) == "schema"
    assert data["schema"] == "fnctl/diagnostics/1"
    place = ["path", "line", "column", "end_line", "end_column"]
    assert list(data["diagnostics"][0]) == ["code", "severity", "message", *place, "target", "label", "notes", "help"]
    assert data["diagnostics"][1]["line"] is None
    assert data["summary"] == {"error": 1, "warning": 1, "advice": 0}


@given(st.text(max_size=200), st.integers(1, 250), st.integers(0, 80), st.text(max_size=60), st.integers(20, 120))
def test_no_text_breaks_the_screen(line: str, column: int, length: int, label: str, width: int) -> None:
    screen = shown(Diagnostic("X001", "error", "x", Span("a", 1, column, 1, column + length), label, help=line), line, width=width)
    assert screen.endswith("1 error\n")
