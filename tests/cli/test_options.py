"""The option table: one truth for typer and for the path that does without it."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli import samples
from cli.conftest import Fnctl
from fnctl.app import TABLE, command, load
from fnctl.commands.asking import confirm
from fnctl.commands.run import Run
from fnctl.commands.table import BUILD, GLOBALS, REPORTS, VALIDATE, Settings, read
from fnctl.commands.world import Engine as CompleteEngine
from fnctl.commands.world import World
from fnctl.errors import UsageError
from fnctl.results import Checked
from fnctl.session import Session


def seen_by(fnctl: Fnctl, *words: str) -> Session:
    sessions: list[Session] = []

    def plan(session: Session, **_more: object) -> Any:
        sessions.append(session)
        return samples.PLAN

    assert fnctl(*words, plan=plan).code == 0
    return sessions[0]


@pytest.mark.parametrize(
    "words",
    [
        ("--target", "aws", "--stage=prod", "--sandbox", "plan"),
        ("plan", "-t", "aws", "-s", "prod", "--sandbox"),
        ("-t", "aws", "plan", "--sandbox", "--stage", "prod"),
        ("-t", "azure", "plan", "--sandbox", "--stage", "prod", "-t", "aws"),
    ],
    ids=["before", "after", "both", "the later wins"],
)
def test_global_options_stand_before_or_after_the_verb(fnctl: Fnctl, words: tuple[str, ...]) -> None:
    options = seen_by(fnctl, *words).options
    assert (options.target, options.stage, options.sandbox) == ("aws", "prod", True)


def test_a_group_takes_them_too(fnctl: Fnctl) -> None:
    stages: list[str | None] = []

    def secrets(session: Session) -> dict[str, str | None]:
        stages.append(session.options.stage)
        return {}

    fnctl("secret", "list", "-s", "prod", secrets=secrets)
    fnctl("-s", "prod", "secret", "list", secrets=secrets)
    assert stages == ["prod", "prod"]


WORDS = [flag for option in GLOBALS + VALIDATE for flag in option.flags if flag not in ("--quiet", "-q")]
VALUES = ["json", "text", "sarif", "a.yaml", "prod", "AWS101,SEC", "ADV"]


@given(st.lists(st.sampled_from([*WORDS, *VALUES, "--output=json", "--stage=x", "--strict=1", "--what", "-z"]), max_size=5))
def test_the_fast_path_reads_what_typer_reads(words: list[str]) -> None:
    fast = read(words, GLOBALS + VALIDATE, REPORTS)
    if fast is None:  # left to typer, whatever it says
        return
    asked = ",".join(str(fast.get(name, "")) for name in ("select", "ignore")).split(",")
    if not set(asked) <= {"AWS101", "SEC", "ADV", ""}:
        with pytest.raises(UsageError, match="there is no rule"):
            _through_typer(words)
        return
    assert _through_typer(words) == {name: value for name, value in fast.items() if value not in (False, "text") and name != "no_cache"}


def _through_typer(words: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}

    class Engine:
        def validate(self, session: Session, *, files: bool) -> Checked:
            options = session.options
            found.update(manifest=options.manifest and str(options.manifest), target=options.target, stage=options.stage, sandbox=options.sandbox)
            found.update(no_files=not files, select=",".join(options.select), ignore=",".join(options.ignore))
            return Checked((), ())

    from fnctl import app

    run = Run(World(given=cast("CompleteEngine", Engine()), stdout=io.StringIO(), stderr=io.StringIO()), Settings())
    assert app.run(["validate", *words], run) == 0
    settings = vars(run.settings)
    found.update({name: settings[name] for name in ("output", "verbose", "no_color", "yes", "no_input")}, strict="--strict" in words)
    return {name: value for name, value in found.items() if value and value != "text"}


BUILDING = [flag for option in GLOBALS + BUILD for flag in option.flags if flag not in ("--quiet", "-q")]


@given(st.lists(st.sampled_from([*BUILDING, *VALUES, "--output=json", "--stage=x", "--verify=1", "--what"]), max_size=5))
def test_so_does_that_of_build(words: list[str]) -> None:
    fast = read(words, GLOBALS + BUILD)
    if fast is None:
        return
    seen: dict[str, Any] = {}

    class Engine:
        def build(self, session: Session, *, verify: bool) -> tuple[()]:
            options = session.options
            seen.update(manifest=options.manifest and str(options.manifest), target=options.target, stage=options.stage, sandbox=options.sandbox)
            seen.update(verify=verify, no_import_check=not options.imports)
            return ()

    from fnctl import app

    run = Run(World(given=cast("CompleteEngine", Engine()), stdout=io.StringIO(), stderr=io.StringIO()), Settings())
    assert app.run(["build", *words], run) == 0
    seen.update({name: vars(run.settings)[name] for name in ("output", "verbose", "no_color", "yes", "no_input")})
    told = {name: value for name, value in seen.items() if value and value != "text"}
    assert told == {name: value for name, value in fast.items() if value not in (False, "text")}


@pytest.mark.parametrize("name", TABLE)
def test_every_verb_has_help_with_examples_first(fnctl: Fnctl, name: str) -> None:
    done = fnctl(name, "--help")
    assert done.code == 0
    assert done.out.index("\nExamples\n") < done.out.index("\nUsage\n")
    assert f"  fnctl {name}" in done.out or name in ("plan",)
    assert "{" not in done.out.split("\nUsage\n")[1].split("\n")[0]
    assert all(len(line) <= 80 for line in done.out.splitlines())
    assert fnctl(name, "-h").out == done.out


def test_the_first_page_lists_every_verb(fnctl: Fnctl) -> None:
    done = fnctl("--help")
    assert all(f"\n  {name} " in done.out for name in TABLE)
    assert fnctl().out == done.out


def test_a_verb_is_imported_when_it_is_called() -> None:
    assert {name: load(name).name for name in TABLE} == {name: name for name in TABLE}
    assert command().list_commands(None) == list(TABLE)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("deplyo",), "did you mean 'deploy'?"),
        (("deploy", "--what"), "--what"),
        (("plan", "--output", "xml"), "--output is text or json, not 'xml'"),
        (("validate", "--output", "xml"), "--output is text, json, sarif, github,"),
        (("plan", "--output", "sarif"), "--output is text or json, not 'sarif'"),
        (("--output", "junit", "plan"), "--output is text or json, not 'junit'"),
        (("invoke",), "FUNCTION"),
        (("status", "more"), "more"),
        (("secret", "set"), "NAME"),
        (("validate", "--stage"), "--stage"),
    ],
)
def test_a_wrong_line_is_exit_2_and_says_where_help_is(fnctl: Fnctl, words: tuple[str, ...], said: str) -> None:
    done = fnctl(*words)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert "--help" in done.err


class Streams:
    """A run whose person types, or that has none."""

    def __init__(self, tmp_path: Path, make: Callable[..., Any]) -> None:
        self._path, self._make = tmp_path, make

    def __call__(self, typed: str | None = None, **settings: Any) -> Run:
        tty = typed is not None
        world = World(self._make(typed or "", tty=tty), self._make(), self._make(tty=tty), {}, self._path)
        return Run(world, Settings(**settings))


@pytest.fixture
def streams(tmp_path: Path) -> Streams:
    from cli.conftest import Terminal

    return Streams(tmp_path, Terminal)


def agree(run: Run, *words: str | None) -> bool:
    question, expect, confirmed = (*words, None)[:3]
    return confirm(run.world, run.settings, str(question), expect, confirmed)


@pytest.mark.parametrize(("typed", "agreed"), [("y\n", True), ("YES\n", True), ("n\n", False), ("\n", False), ("", False), ("prod\n", False)])
def test_a_person_is_asked(streams: Streams, typed: str, agreed: bool) -> None:
    assert agree(streams(typed), "Deploy?", None) is agreed


@pytest.mark.parametrize(("typed", "agreed"), [("prod\n", True), ("y\n", False), ("yes\n", False), ("", False)])
def test_a_protected_stage_is_typed_out_even_with_yes(streams: Streams, typed: str, agreed: bool) -> None:
    assert agree(streams(typed, yes=True), "Destroy?", "prod") is agreed


def test_yes_agrees_where_nothing_must_be_typed(streams: Streams) -> None:
    assert agree(streams(yes=True), "Deploy?", None) is True


def test_confirm_answers_for_a_script(streams: Streams) -> None:
    assert agree(streams(yes=True), "Destroy?", "prod", "prod") is True
    with pytest.raises(UsageError, match="says 'dev'"):
        agree(streams(yes=True), "Destroy?", "prod", "dev")


@pytest.mark.parametrize(("settings", "expect", "option"), [({}, None, "--yes"), ({"yes": True}, "prod", "--confirm prod")])
def test_nobody_to_ask_is_a_usage_error(streams: Streams, settings: dict[str, Any], expect: str | None, option: str) -> None:
    with pytest.raises(UsageError) as error:
        agree(streams(**settings), "Deploy?", expect)
    assert option in (error.value.diagnostics[0].help or "")


def test_no_input_never_asks(streams: Streams) -> None:
    with pytest.raises(UsageError):
        agree(streams("y\n", no_input=True), "Deploy?", None)
