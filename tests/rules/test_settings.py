"""Which findings count: `rules:`, comments, --select and --ignore. The manifests are checked by the command line, for all their targets."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.conftest import Done, Fnctl

HEAD = "fnctl: 1\nservice: shop\ntargets: { aws: { region: eu-west-1 } }\ndefaults: { runtime: python3.13 }\n"
UNUSED = "resources: { jobs: { type: queue } }\n"
FUNCTION = 'functions:\n  api: { handler: "api.py:api", triggers: [{ http: GET / }], memory: 128MB, logs: { retention: forever } }\n'


TICK = 'functions:\n  tick: { handler: "tick.py:tick", triggers: [{ schedule: { cron: "0 3 * * *", timezone: Europe/Berlin } }] }\n'


def checked(fnctl: Fnctl, folder: Path, text: str, *words: str, head: str = HEAD) -> list[tuple[str, str]]:
    """Write the manifest, validate it, and return what was found: (code, severity)."""
    (folder / "fnctl.yaml").write_text(head + text)
    done = fnctl("validate", "--no-files", "--output", "json", *words)
    assert done.err == ""
    return [(found["code"], found["severity"]) for found in done.document["diagnostics"]]


def in_cells(done: Done) -> set[str]:
    return {found["code"] for row in done.document["functions"] for cell in row["targets"].values() for found in cell["findings"]}


def said(done: Done) -> str:
    assert (done.code, done.out) == (2, "")
    return " ".join(done.err.split())


ADV001, ADV002, ADV008, FN063 = ("ADV001", "advice"), ("ADV002", "advice"), ("ADV008", "advice"), ("FN063", "warning")


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ((), [FN063, ADV002, ADV008]),
        (("--select", "ADV"), [ADV001, ADV002, ADV008]),
        (("--select", "ADV002"), [ADV002]),
        (("--select", "ADV002,FN063"), [FN063, ADV002]),
        (("--select", "ADV002", "--select", "FN"), [FN063, ADV002]),
        (("--select=ADV", "--ignore=ADV002"), [ADV001, ADV008]),
        (("--select", "ADV002", "--ignore", "ADV"), [ADV002]),
        (("--select", "ADV", "--ignore", "ADV"), []),
        (("--ignore", "ADV"), [FN063]),
        (("--ignore", "ADV,FN0"), []),
        (("--ignore", "A"), [FN063]),
    ],
    ids=lambda words: " ".join(words) if words and isinstance(words[0], str) else "",
)
@pytest.mark.parametrize("typer", [False, True], ids=["fast", "typer"])
def test_the_longer_beginning_wins(fnctl: Fnctl, tmp_path: Path, words: tuple[str, ...], left: list[tuple[str, str]], typer: bool) -> None:
    path = [str(tmp_path / "fnctl.yaml")] if typer else []  # an argument is left to typer
    assert checked(fnctl, tmp_path, UNUSED + FUNCTION, *words, *path) == left


def test_strict_rules_count_when_they_are_asked_for(fnctl: Fnctl, tmp_path: Path) -> None:
    assert checked(fnctl, tmp_path, FUNCTION, "--select", "ADV001") == [("ADV001", "advice")]


@pytest.mark.parametrize(
    ("words", "help"),
    [
        (("--select", "ADV999"), "fnctl rules ADV"),
        (("--ignore", "aws101"), "did you mean `AWS101`?"),
        (("--ignore", "ADV,SECC"), "did you mean `SEC`?"),
        (("--select", "whatever"), "fnctl rules"),
        (("--all-targets", "--ignore", "whatever"), "fnctl rules"),
    ],
    ids=" ".join,
)
def test_a_code_of_no_rule_is_a_usage_error(fnctl: Fnctl, tmp_path: Path, words: tuple[str, ...], help: str) -> None:
    (tmp_path / "fnctl.yaml").write_text(HEAD + FUNCTION)
    told = said(fnctl("validate", "--no-files", *words))
    assert f"there is no rule `{words[-1].split(',')[-1]}`" in told
    assert help in told


def test_the_comparison_knows_them_too(fnctl: Fnctl, tmp_path: Path) -> None:
    (tmp_path / "fnctl.yaml").write_text(
        HEAD + 'functions:\n  tick: { handler: "tick.py:tick", triggers: [{ schedule: { cron: "0 3 * * *", timezone: Europe/Berlin } }] }\n'
    )
    words = ("validate", "--all-targets", "--output", "json")
    codes = in_cells(fnctl(*words))
    assert {"AZ301", "VC304"} <= codes
    assert codes - in_cells(fnctl(*words, "--ignore", "AZ301,VC3")) >= {"AZ301", "VC304"}


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        ("{ ADV: off }", [FN063]),
        ("{ ADV: off, ADV002: error }", [FN063, ("ADV002", "error")]),
        ("{ FN063: error, ADV002: warning }", [("FN063", "error"), ("ADV002", "warning"), ADV008]),
        ("{ FN063: advice }", [("FN063", "advice"), ADV002, ADV008]),
        ("{ extends: recommended, ADV008: null }", [FN063, ADV002, ADV008]),
        ("{ ADV001: warning }", [FN063, ("ADV001", "warning"), ADV002, ADV008]),
    ],
)
def test_the_manifest_says_how_much_a_rule_counts(fnctl: Fnctl, tmp_path: Path, rules: str, found: list[tuple[str, str]]) -> None:
    assert sorted(checked(fnctl, tmp_path, f"rules: {rules}\n{UNUSED}{FUNCTION}")) == sorted(found)


def test_strict_has_more_rules_and_a_code_can_be_taken_out_of_them(fnctl: Fnctl, tmp_path: Path) -> None:
    strict = {code for code, _ in checked(fnctl, tmp_path, f"rules: {{ extends: strict }}\n{FUNCTION}")}
    assert {"ADV001", "ADV002", "ADV008"} <= strict
    assert {code for code, _ in checked(fnctl, tmp_path, f"rules: {{ extends: strict, ADV001: off }}\n{FUNCTION}")} == strict - {"ADV001"}


def test_a_stage_says_it_for_itself(fnctl: Fnctl, tmp_path: Path) -> None:
    text = f"{FUNCTION}stages: {{ dev: {{}}, prod: {{ protect: true, rules: {{ extends: strict, ADV002: error }} }} }}\n"
    assert checked(fnctl, tmp_path, text) == [ADV002, ADV008]
    prod = dict(checked(fnctl, tmp_path, text, "--stage", "prod"))
    assert (prod["ADV002"], prod["ADV001"]) == ("error", "advice")


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ("{ ADV999: off }", "there is no rule ADV999"),
        ("{ XYZ: off }", "there is no rule XYZ"),
        ("{ FN010: off }", "FN010 cannot be changed"),
    ],
)
def test_a_setting_that_changes_nothing_is_a_finding(fnctl: Fnctl, tmp_path: Path, rules: str, message: str) -> None:
    (tmp_path / "fnctl.yaml").write_text(f"{HEAD}rules: {rules}\n{FUNCTION}")
    [found] = [d for d in fnctl("validate", "--no-files", "--output", "json").document["diagnostics"] if d["code"] == "FN066"]
    assert (found["message"], found["severity"], found["line"]) == (message, "warning", 5)


@pytest.mark.parametrize("rules", ["{ extends: everything }", "{ ADV002: loud }", "{ adv002: off }", "{ ADV0021: off }"])
def test_a_setting_of_the_wrong_shape_is_an_error(fnctl: Fnctl, tmp_path: Path, rules: str) -> None:
    assert [severity for _, severity in checked(fnctl, tmp_path, f"rules: {rules}\n{FUNCTION}")] == ["error"]


def test_what_cannot_work_stays(fnctl: Fnctl, tmp_path: Path) -> None:
    wrong = 'functions:\n  api: { handler: "api.py:api", triggers: [{ http: GET / }], uses: { nothing: read } }\n'
    assert checked(fnctl, tmp_path, wrong, "--ignore", "FN") == [("FN030", "error")]
    assert checked(fnctl, tmp_path, wrong, "--select", "SEC") == [("FN030", "error")]
    assert ("FN030", "error") in checked(fnctl, tmp_path, f"rules: {{ FN030: off }}\n{wrong}")


def test_what_reading_warns_of_can_be_chosen_too(fnctl: Fnctl, tmp_path: Path) -> None:
    number = FUNCTION.replace("128MB", "0512")
    assert ("FN014", "warning") in checked(fnctl, tmp_path, number)
    assert "FN014" not in dict(checked(fnctl, tmp_path, number, "--ignore", "FN014"))
    assert "FN014" not in dict(checked(fnctl, tmp_path, f"rules: {{ FN014: off }}\n{number}"))
    assert "FN014" not in dict(checked(fnctl, tmp_path, number.replace("retention: forever } }", "retention: 7d } } # fnctl: ignore[FN014] sic")))


UNUSED_COMMENT = [ADV002, ADV008, ("FN065", "warning")]


def ignoring(codes: str) -> str:
    return f"{FUNCTION.rstrip()} # fnctl: ignore[{codes}] small on purpose\n"


COMMENTS = {
    "on the line": (ignoring("ADV002,ADV008"), []),
    "one of two": (ignoring("ADV002"), [ADV008]),
    "on the line above": (FUNCTION.replace("  api:", "  # fnctl: ignore[ADV002] small\n  # and more words\n\n  api:"), [ADV008]),
    "two lines above, before another": (FUNCTION.replace("functions:", "# fnctl: ignore[ADV002] small\nfunctions:"), UNUSED_COMMENT),
    "unused": (ignoring("ADV007"), UNUSED_COMMENT),
    "unknown": (ignoring("ADV999"), UNUSED_COMMENT),
    "without a code": (FUNCTION.rstrip() + " # fnctl: ignore\n", UNUSED_COMMENT),
    "a family": (ignoring("ADV"), UNUSED_COMMENT),
    "inside a text": (FUNCTION + 'vars: { a: "# fnctl: ignore[ADV007]" }\n', [ADV002, ADV008]),
    "inside a block": (FUNCTION + "vars:\n  a: |\n    # fnctl: ignore[ADV007]\n", [ADV002, ADV008]),
    "of a rule that is not asked for": (ignoring("ADV001"), [ADV002, ADV008]),
}  # fmt: skip


@pytest.mark.parametrize("name", COMMENTS)
def test_a_comment_takes_back_what_its_line_has(fnctl: Fnctl, tmp_path: Path, name: str) -> None:
    text, found = COMMENTS[name]
    assert sorted(checked(fnctl, tmp_path, text)) == sorted(found)


def test_where_an_unused_comment_is_and_what_to_do(fnctl: Fnctl, tmp_path: Path) -> None:
    (tmp_path / "fnctl.yaml").write_text(HEAD + ignoring("ADV002, ADV007"))
    [found] = [d for d in fnctl("validate", "--no-files", "--output", "json").document["diagnostics"] if d["code"] == "FN065"]
    line = (tmp_path / "fnctl.yaml").read_text().splitlines()[5]
    assert (found["line"], line[found["column"] - 1 : found["end_column"] - 1]) == (6, "ADV007")
    assert found["message"] == "nothing to ignore: ADV007 finds nothing here"


def test_a_comment_cannot_take_back_what_cannot_work(fnctl: Fnctl, tmp_path: Path) -> None:
    wrong = 'functions:\n  api: { handler: "api.py:api", triggers: [{ http: GET / }], uses: { nothing: read } } # fnctl: ignore[FN030] later\n'
    (tmp_path / "fnctl.yaml").write_text(HEAD + wrong)
    found = fnctl("validate", "--no-files", "--output", "json").document["diagnostics"]
    assert [(d["code"], d["message"]) for d in found if d["code"] != "FN030"] == [("FN065", "FN030 cannot be ignored")]


def test_a_warning_made_an_error_may_be_ignored(fnctl: Fnctl, tmp_path: Path) -> None:
    text = "rules: { FN035: error }\nsecrets:\n  - KEY # fnctl: ignore[FN035] used from outside\n" + FUNCTION
    assert checked(fnctl, tmp_path, text) == [ADV002, ADV008]


def test_a_comment_speaks_for_its_own_file(fnctl: Fnctl, tmp_path: Path) -> None:
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions/a.yaml").write_text(FUNCTION.rstrip("\n") + " # fnctl: ignore[ADV002,ADV008] small\n")
    assert checked(fnctl, tmp_path, "include: [functions/*.yaml]\n") == []
    (tmp_path / "functions/a.yaml").write_text(FUNCTION)
    assert checked(fnctl, tmp_path, "# fnctl: ignore[ADV002] the line of the other file\ninclude: [functions/*.yaml]\n") == [
        ("FN065", "warning"),
        ADV002,
        ADV008,
    ]  # fmt: skip


TWO = HEAD.replace("targets: {", "targets: { vercel: { region: fra1 },")


def test_a_comment_is_used_when_any_target_needs_it(fnctl: Fnctl, tmp_path: Path) -> None:
    text = FUNCTION.rstrip("\n") + " # fnctl: ignore[ADV002,ADV008,VC104] small\n"
    found = checked(fnctl, tmp_path, text, head=TWO)
    assert "FN065" not in dict(found)
    assert not {"ADV002", "ADV008"} & dict(found).keys()


def test_a_comment_for_another_target_is_left_alone(fnctl: Fnctl, tmp_path: Path) -> None:
    text = FUNCTION.rstrip("\n") + " # fnctl: ignore[VC105] plan hobby\n"
    assert "FN065" in dict(checked(fnctl, tmp_path, text, head=TWO))
    assert "FN065" not in dict(checked(fnctl, tmp_path, text, "--target", "aws", head=TWO))
