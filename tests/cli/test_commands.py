"""Each verb: what it asks of the engine, where its words go, and its exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from cli import samples
from cli.conftest import Fnctl, gives, problems
from fnctl.adapter import Call, LogQuery, Reply
from fnctl.diagnostics import Diagnostic
from fnctl.errors import CloudError, CredentialsError, Exit, FnctlError, LockHeld, LockLost, StalePlan, UsageError
from fnctl.events import Event
from fnctl.results import Checked, Result, Shown
from fnctl.session import Session

WARNING = Diagnostic("FN100", "warning", "this is odd")
ERROR = Diagnostic("FN101", "error", "this is wrong")


def checked(*diagnostics: Diagnostic) -> Callable[..., Checked]:
    return lambda _session, **_more: Checked((), diagnostics)


def raises(error: BaseException) -> Callable[..., Any]:
    def fail(*_args: object, **_more: object) -> Any:
        raise error

    return fail


def ends(result: Result, plan: Any = samples.PLAN) -> Callable[..., Result]:
    def act(session: Session, *, show: Callable[[Any], None], **_more: object) -> Result:
        for event in samples.EVENTS:
            session.emit(event)
        show(plan)
        return result

    return act


@pytest.mark.parametrize(
    ("diagnostics", "words", "code"),
    [((), (), 0), ((WARNING,), (), 0), ((WARNING,), ("--strict",), 1), ((ERROR,), (), 1), ((WARNING, ERROR), ("--strict",), 1)],
)
def test_validate_exits_by_the_worst_finding(fnctl: Fnctl, diagnostics: tuple[Diagnostic, ...], words: tuple[str, ...], code: int) -> None:
    done = fnctl("validate", *words, validate=checked(*diagnostics))
    assert (done.code, done.out) == (code, "")
    assert all(d.message in done.err for d in diagnostics)


@pytest.mark.parametrize("words", [("validate", "--output", "json"), ("--output", "json", "validate")], ids=["before typer", "through typer"])
def test_validate_gives_a_document(fnctl: Fnctl, words: tuple[str, ...]) -> None:
    done = fnctl(*words, validate=checked(ERROR))
    assert done.code == Exit.FINDINGS
    assert problems("diagnostics", done.document) == []
    assert done.document["summary"] == {"error": 1, "warning": 0, "advice": 0}
    assert done.err == ""


def test_validate_looks_at_files_unless_told_not_to(fnctl: Fnctl) -> None:
    asked: list[bool] = []

    def validate(_session: Session, *, files: bool) -> Checked:
        asked.append(files)
        return Checked((), ())

    fnctl("validate", validate=validate)
    fnctl("validate", "--no-files", validate=validate)
    fnctl("--verbose", "validate", "--no-files", validate=validate)
    assert asked == [True, False, False]


ERRORS: list[tuple[FnctlError, int]] = [
    (FnctlError("wrong input"), 1),
    (CloudError("the platform said no"), 1),
    (UsageError("which target?"), 2),
    (StalePlan("plan again"), 4),
    (LockLost("taken over"), 6),
    (LockHeld("someone else"), 7),
    (CredentialsError("expired"), 8),
]


@pytest.mark.parametrize(("error", "code"), ERRORS, ids=lambda v: type(v).__name__ if isinstance(v, FnctlError) else "")
def test_an_error_is_drawn_on_stderr_with_its_code(fnctl: Fnctl, error: FnctlError, code: int) -> None:
    done = fnctl("status", status=raises(error))
    assert (done.code, done.out) == (code, "")
    assert str(error) in done.err


@pytest.mark.parametrize(("error", "code"), ERRORS, ids=lambda v: type(v).__name__ if isinstance(v, FnctlError) else "")
def test_an_error_is_a_document_for_a_machine(fnctl: Fnctl, error: FnctlError, code: int) -> None:
    done = fnctl("status", "--output=json", status=raises(error))
    assert done.code == code
    assert problems("diagnostics", done.document) == []
    assert done.document["diagnostics"][0]["message"] == str(error)


@pytest.mark.parametrize(("error", "code"), ERRORS, ids=lambda v: type(v).__name__ if isinstance(v, FnctlError) else "")
def test_an_error_ends_a_stream_with_a_result(fnctl: Fnctl, error: FnctlError, code: int) -> None:
    done = fnctl("deploy", "--yes", "--output", "json", deploy=raises(error))
    *_, finding, last = done.lines
    assert (finding["type"], finding["message"]) == ("finding", str(error))
    assert (done.code, last["type"], last["status"], last["exit"]) == (code, "result", "failed", code)


ENDS = [
    (samples.DEPLOYED, 0),
    (Result("unchanged", Exit.OK, 7), 0),
    (Result("destroyed", Exit.OK), 0),
    (Result("restored", Exit.OK, 8, restores=5), 0),
    (samples.RESTORED, 5),
    (samples.STOPPED, 6),
    (Result("cancelled", Exit.FINDINGS), 1),
]


@pytest.mark.parametrize("verb", ["deploy", "rollback", "destroy"])
@pytest.mark.parametrize(("result", "code"), ENDS, ids=[f"{r.status}-{code}" for r, code in ENDS])
def test_a_verb_that_writes_exits_as_it_ended(fnctl: Fnctl, verb: str, result: Result, code: int) -> None:
    done = fnctl(verb, "--output", "json", **cast("Any", {verb: ends(result)}))
    assert done.code == code
    assert [problem for line in done.lines for problem in problems("event", line)] == []
    assert done.lines[0]["verb"] == verb
    assert (done.lines[-1]["status"], done.lines[-1]["exit"]) == (result.status, code)
    assert sum(line["type"] == "result" for line in done.lines) == 1


def test_deploy_talks_on_stderr_and_gives_urls_on_stdout(fnctl: Fnctl) -> None:
    done = fnctl("deploy", deploy=ends(samples.DEPLOYED))
    assert done.out.splitlines() == ["FUNCTION  WHERE", f"api       {samples.URL}", f"worker    {samples.ARN}"]
    assert "to create" not in done.out
    assert "putting the new beside the old" in done.err
    assert "4 to create" in done.err
    assert "Release 8 is live" in done.err


def test_quiet_leaves_only_results(fnctl: Fnctl) -> None:
    done = fnctl("deploy", "--quiet", deploy=ends(samples.DEPLOYED))
    assert done.err == ""
    assert samples.URL in done.out


def test_quiet_does_not_silence_a_failure(fnctl: Fnctl) -> None:
    done = fnctl("-q", "deploy", deploy=ends(samples.STOPPED))
    assert "the platform refused the role" in done.err
    assert done.err.splitlines()[-2:] == ["Go on with:", "fnctl deploy --target aws --stage dev"]


def test_findings_on_the_way_are_drawn(fnctl: Fnctl) -> None:
    def deploy(session: Session, **_more: object) -> Result:
        session.emit(Event("finding", {"code": "FN100", "severity": "warning", "message": "this is odd"}))
        return samples.DEPLOYED

    assert "warning[FN100]: this is odd" in fnctl("deploy", deploy=deploy).err


def test_deploy_passes_on_what_it_was_given(fnctl: Fnctl, tmp_path: Path) -> None:
    seen: dict[str, Any] = {}

    def deploy(session: Session, **more: Any) -> Result:
        seen.update(more, options=session.options, now=session.confirm("Go?", None), prod=session.confirm("Go?", "prod"))
        return samples.DEPLOYED

    words = (
        "deploy plan.bin --allow-data-loss table/a --allow-data-loss table/b --lock-timeout 5m -s prod -t aws --sandbox -f x.yaml -y --confirm prod"
    )
    assert fnctl(*words.split(), deploy=deploy).code == 0
    assert seen["saved"] == tmp_path / "plan.bin"
    assert seen["allow_data_loss"] == {"table/a", "table/b"}
    options = seen["options"]
    assert (options.lock_timeout, options.stage, options.target, options.sandbox, options.manifest) == (300.0, "prod", "aws", True, Path("x.yaml"))
    assert (seen["now"], seen["prod"]) == (True, True)


def test_timings_are_shown_when_asked_for(fnctl: Fnctl) -> None:
    assert "3.250 s" in fnctl("deploy", "--timings", deploy=ends(samples.DEPLOYED)).err
    assert "3.250 s" not in fnctl("deploy", deploy=ends(samples.DEPLOYED)).err


@pytest.mark.parametrize(("words", "to"), [((), None), (("3",), 3)])
def test_rollback_goes_to_a_release(fnctl: Fnctl, words: tuple[str, ...], to: int | None) -> None:
    seen: list[int | None] = []

    def rollback(_session: Session, *, to: int | None, **_more: object) -> Result:
        seen.append(to)
        return Result("restored", Exit.OK, 8, restores=3)

    assert fnctl("rollback", *words, rollback=rollback).code == 0
    assert seen == [to]


@pytest.mark.parametrize(("words", "changes", "code"), [((), True, 0), (("--exit-code",), True, 3), (("--exit-code",), False, 0)])
def test_plan_exits_3_only_when_asked_and_changed(fnctl: Fnctl, words: tuple[str, ...], changes: bool, code: int) -> None:
    made = samples.PLAN if changes else samples.plan(unchanged=3)
    done = fnctl("plan", *words, plan=gives(made))
    assert done.code == code
    assert ("4 to create, 4 to update" if changes else "Nothing to change: 3 objects") in done.out
    assert fnctl("plan", *words, "--output", "json", plan=gives(made)).code == code


def test_plan_says_how_to_apply_what_it_saved(fnctl: Fnctl, tmp_path: Path) -> None:
    seen: dict[str, Any] = {}

    def plan(_session: Session, **more: Any) -> Any:
        seen.update(more)
        return samples.PLAN

    done = fnctl("plan", "--out", "a.plan", "--offline", plan=plan)
    assert seen == {"offline": True, "out": tmp_path / "a.plan"}
    assert "fnctl deploy a.plan" in done.err


READS = {
    "status": ((), "status", samples.STATUS, "status"),
    "outputs": ((), "outputs", samples.OUTPUTS, "outputs"),
    "history": ((), "history", samples.HISTORY, "history"),
    "build": ((), "build", samples.BUILT, "build"),
    "secret": (("list",), "secrets", {"KEY": "1", "OTHER": None}, "secrets"),
    "show": (("--resolved",), "show", (Shown("aws", {"name": "orders"}, {"name": "fnctl.yaml:1:1"}),), "show"),
}


@pytest.mark.parametrize("verb", READS)
def test_a_verb_that_reads_gives_text_or_a_document(fnctl: Fnctl, verb: str) -> None:
    words, function, value, form = READS[verb]
    text = fnctl(verb, *words, **cast("Any", {function: gives(value)}))
    assert (text.code, text.err) == (0, "")
    assert text.out
    done = fnctl(verb, *words, "--output", "json", **cast("Any", {function: gives(value)}))
    assert (done.code, done.err) == (0, "")
    assert problems(form, done.document) == []


def invoked(fnctl: Fnctl, *words: str, stdin: str = "") -> Call:
    calls: list[Call] = []

    def invoke(_session: Session, call: Call) -> Reply:
        calls.append(call)
        return samples.REPLY

    assert fnctl("invoke", *words, stdin=stdin, invoke=invoke).code == 0
    return calls[0]


def test_invoke_builds_the_call(fnctl: Fnctl, tmp_path: Path) -> None:
    (tmp_path / "in.json").write_text('{"a": 1}')
    assert invoked(fnctl, "api") == Call("api")
    assert invoked(fnctl, "api", "--data", '{"a": 1}') == Call("api", b'{"a": 1}')
    assert invoked(fnctl, "api", "--data", "@in.json") == Call("api", b'{"a": 1}')
    assert invoked(fnctl, "api", "-d", "-", stdin='{"a": 2}') == Call("api", b'{"a": 2}')
    assert invoked(fnctl, "api", "--path", "/x") == Call("api", b"", "GET", "/x")
    assert invoked(fnctl, "api", "--path", "/x", "-d", "hi") == Call("api", b"hi", "POST", "/x")
    assert invoked(fnctl, "api", "--method", "put", "-d", "hi") == Call("api", b"hi", "PUT", "/")
    assert invoked(fnctl, "work", "--event", "queue", "-d", "any text") == Call("work", b"any text", event="queue")


@pytest.mark.parametrize("words", [("api", "-d", "{"), ("api", "-d", "@missing"), ("api", "--event", "rain"), ()])
def test_invoke_refuses_what_cannot_be_sent(fnctl: Fnctl, words: tuple[str, ...]) -> None:
    done = fnctl("invoke", *words)
    assert done.code == Exit.USAGE
    assert "error[" in done.err


def test_invoke_puts_the_body_alone_on_stdout(fnctl: Fnctl) -> None:
    done = fnctl("invoke", "api", invoke=gives(samples.REPLY))
    assert done.out == '{"hello": "world"}\n'
    assert "ok  200" in done.err


def test_invoke_exits_1_when_the_function_failed(fnctl: Fnctl) -> None:
    failed = Reply(ok=False, body=b"", error="KeyError: 'id'")
    assert fnctl("invoke", "api", invoke=gives(failed)).code == Exit.FINDINGS
    done = fnctl("invoke", "api", "--output", "json", invoke=gives(failed))
    assert (done.code, done.document["error"]) == (Exit.FINDINGS, "KeyError: 'id'")


def test_logs_asks_and_prints(fnctl: Fnctl) -> None:
    seen: list[tuple[tuple[str, ...], LogQuery, float]] = []

    def logs(session: Session, functions: tuple[str, ...], query: LogQuery) -> Any:
        seen.append((functions, query, session.now()))
        return iter(samples.LOGS)

    done = fnctl("logs", "api", "worker", "--since", "1h", "--filter", "x", "--follow", logs=logs)
    functions, query, now = seen[0]
    assert (functions, query.follow, query.text) == (("api", "worker"), True, "x")
    assert now - query.since == pytest.approx(3600, abs=5)
    assert len(done.out.splitlines()) == 2
    assert "abcdefghijklmnop123" not in done.out
    streamed = fnctl("logs", "--output", "json", logs=logs)
    assert [line["type"] for line in streamed.lines] == ["log", "log", "result"]
    assert [problem for line in streamed.lines for problem in problems("event", line)] == []


@pytest.mark.parametrize("words", [("logs", "--since", "yesterday"), ("deploy", "--lock-timeout", "soon"), ("rollback", "zero"), ("rollback", "0")])
def test_a_value_that_cannot_be_read_is_a_usage_error(fnctl: Fnctl, words: tuple[str, ...]) -> None:
    done = fnctl(*words)
    assert done.code == Exit.USAGE
    assert "error[FN902]" in done.err


def test_events_of_a_verb_that_reads_stay_out_of_its_document(fnctl: Fnctl) -> None:
    def status(session: Session) -> Any:
        for event in samples.EVENTS:
            session.emit(event)
        return samples.STATUS

    done = fnctl("status", "--output", "json", status=status)
    assert json.loads(done.out)["schema"] == "fnctl/status/1"
    assert done.err == ""
