"""The live tree on a terminal: what stays on the screen when the moving part is gone."""

from __future__ import annotations

import io
import re
from concurrent.futures import ThreadPoolExecutor

from cli import samples
from fnctl.events import Event
from fnctl.graph import Address
from fnctl.views.progress import Live


def change(address: str, status: str, action: str = "create", **more: str | float) -> Event:
    return Event("change", {"action": action, "status": status, **more}, Address(address))


def screen(*events: Event) -> str:
    stream = io.StringIO()
    live = Live(stream, color=False)
    live.expect(
        samples.plan(samples.change("create", "function/api"), samples.change("create", "function/api/role"), samples.change("create", "queue/jobs"))
    )
    for event in events:
        live(event)
    live.pause()
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue()).replace("\r", "")


def test_a_function_is_one_line_once_all_of_it_is_done() -> None:
    shown = screen(
        Event("phase", {"phase": "prepare"}),
        change("function/api/role", "started"),
        change("function/api/role", "done"),
        change("function/api", "started"),
        change("function/api", "done"),
    )
    assert re.search(r"^✓ function/api   2 objects, ", shown, re.MULTILINE)
    assert "✓ queue/jobs" not in shown


def test_a_failure_names_the_object_and_the_reason() -> None:
    shown = screen(change("queue/jobs", "started"), change("queue/jobs", "failed", error="AccessDenied: \x1b]0;no"))
    assert "✗ queue/jobs   queue/jobs: AccessDenied: �]0;no" in shown


def test_what_was_skipped_is_said_once() -> None:
    assert screen(change("queue/jobs", "skipped")).count("· queue/jobs   skipped") == 1


def test_a_log_line_of_no_object_stays() -> None:
    assert "fetching esbuild" in screen(Event("phase", {"phase": "build"}), Event("log", {"message": "fetching esbuild"}))


def test_it_can_be_paused_and_go_on() -> None:
    stream = io.StringIO()
    live = Live(stream, color=False)
    for _ in range(3):
        live(Event("phase", {"phase": "plan"}))
        live.pause()
        live.pause()
    assert "comparing with what is there" in stream.getvalue()


def test_events_come_from_many_threads() -> None:
    stream = io.StringIO()
    live = Live(stream, color=False)
    names = [f"queue/q{i}" for i in range(60)]
    live.expect(samples.plan(*(samples.change("create", name) for name in names)))

    def work(name: str) -> None:
        live(change(name, "started"))
        live(change(name, "done"))

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, names))
    live.pause()
    shown = stream.getvalue()
    assert all(f"✓ {name} " in shown for name in names)
