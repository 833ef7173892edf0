"""What happens while it happens: a live tree on a terminal, plain lines everywhere else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from fnctl.events import Event
from fnctl.plan.model import Plan
from fnctl.views.plan import owner
from fnctl.views.theme import SIGNS, Paint, count, painter, printable, seconds

if TYPE_CHECKING:  # rich costs a tenth of a second: only a live tree pays it
    from rich.live import Live as Region
    from rich.tree import Tree

PHASES: Mapping[str, str] = {
    "load": "reading the manifest",
    "build": "building",
    "observe": "looking at what is there",
    "plan": "comparing with what is there",
    "lock": "taking the lock",
    "prepare": "putting the new beside the old",
    "switch": "switching over",
    "retire": "removing the old",
    "verify": "verifying",
    "record": "recording the release",
    "restore": "putting the old back",
}
_WORDS = {"done": "done", "failed": "FAILED", "skipped": "skipped"}


class Progress(Protocol):
    """A listener that a command can hold still while it asks or prints."""

    def __call__(self, event: Event) -> None:
        """Show one event; called from any thread."""
        ...

    def expect(self, plan: Plan) -> None:
        """Learn what is going to be changed."""
        ...

    def pause(self) -> None:
        """Leave the screen alone until the next event."""
        ...


class Silent:
    """Says nothing: --quiet."""

    def __call__(self, event: Event) -> None:
        """Show nothing."""

    def expect(self, plan: Plan) -> None:
        """Expect nothing."""

    def pause(self) -> None:
        """Nothing to hold."""


class Lines:
    """One line an event, for logs of CI and pipes."""

    def __init__(self, write: Callable[[str], None], *, color: bool = False, verbose: bool = False) -> None:
        self._write, self._paint, self._verbose = write, painter(color=color), verbose

    def __call__(self, event: Event) -> None:
        """Write the event's line, if it has one."""
        line = line_of(event, self._paint, verbose=self._verbose)
        if line:
            self._write(line)

    def expect(self, plan: Plan) -> None:
        """Every change says itself when it is done."""

    def pause(self) -> None:
        """Lines do not move."""


def line_of(event: Event, paint: Paint, *, verbose: bool) -> str:
    """Write one event as a line; empty for what a reader does not miss. Findings are the diagnostics view's."""
    data = event.data
    if event.type == "phase":
        name = str(data.get("phase"))
        return paint(f"{PHASES[name]} ...", "dim") if name in PHASES and (name != "load" or verbose) else ""
    if event.type == "change" and (data.get("status") != "started" or verbose):
        return _change_line(event, paint)
    if event.type == "log":
        about = f"{event.address}: " if event.address else ""
        return paint(f"  {about}{printable(str(data.get('message', '')))}", "dim")
    return ""


def _change_line(event: Event, paint: Paint) -> str:
    data = event.data
    action, status = str(data.get("action")), str(data.get("status"))
    took = data.get("seconds")
    time_taken = f", {seconds(float(took))}" if isinstance(took, (int, float)) else ""
    why = f": {printable(str(data['error']))}" if data.get("error") else ""
    word = paint(_WORDS.get(status, status), "error" if status == "failed" else "dim" if status != "done" else "good")
    return f"{paint(SIGNS.get(action, '?'), action)} {event.address}   {word}{time_taken}{why}"


@dataclass
class _Item:
    action: str
    begun: float
    note: str = ""
    status: str = "started"


@dataclass
class _Group:
    left: int
    begun: float
    total: int = 0
    failed: str = ""
    items: dict[str, _Item] = field(default_factory=dict)


class Live:
    """A tree of what is being changed right now. A function whose objects are all done becomes one finished line above it."""

    def __init__(self, stream: TextIO, *, color: bool, verbose: bool = False, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._color, self._verbose, self._monotonic = stream, color, verbose, monotonic
        self._lock = threading.RLock()
        self._region: Region | None = None
        self._phase = ""
        self._groups: dict[str, _Group] = {}
        self._expected: dict[str, int] = {}
        self._done = self._total = 0

    def expect(self, plan: Plan) -> None:
        """Count what belongs together, so that a group can be called finished."""
        self._expected = {}
        for change in plan.changes:
            name = owner(change.address)
            self._expected[name] = self._expected.get(name, 0) + 1
        self._done, self._total = 0, len(plan.changes)

    def pause(self) -> None:
        """Take the moving part off the screen."""
        with self._lock:
            region, self._region = self._region, None
        if region is not None:
            region.stop()

    def __call__(self, event: Event) -> None:
        """Take in one event. The screen is redrawn by its own clock, not by us."""
        with self._lock:
            if event.type == "phase":
                self._phase = str(event.data.get("phase"))
            elif event.type == "change" and event.address:
                self._change(event.address, event.data)
            elif event.type == "log":
                self._note(event)
            if event.type in {"phase", "change"}:
                self._start()

    def _note(self, event: Event) -> None:
        group = self._groups.get(owner(event.address)) if event.address else None
        item = group.items.get(str(event.address)) if group else None
        if item is not None:
            item.note = printable(str(event.data.get("message", "")))
        if item is None or self._verbose:
            self._print(line_of(event, painter(color=self._color), verbose=True))

    def _change(self, address: str, data: Mapping[str, Any]) -> None:
        name, status = owner(address), str(data.get("status"))
        group = self._groups.setdefault(name, _Group(self._expected.get(name, 1), self._monotonic()))
        item = group.items.setdefault(address, _Item(str(data.get("action")), self._monotonic()))
        item.status = status
        if status == "started":
            return
        group.items.pop(address)
        group.left, group.total, self._done = group.left - 1, group.total + 1, self._done + 1
        if status == "failed":
            group.failed = f"{address}: {printable(str(data.get('error', '')))}"
        if group.left <= 0:
            self._finish(name, self._groups.pop(name), skipped=status == "skipped")

    def _finish(self, name: str, group: _Group, *, skipped: bool) -> None:
        paint = painter(color=self._color)
        took = paint(f"{count(group.total, 'object')}, {seconds(self._monotonic() - group.begun)}", "dim")
        if group.failed:
            self._print(f"{paint('✗', 'error')} {name}   {group.failed}")
        elif skipped:
            self._print(f"{paint('· ' + name + '   skipped', 'dim')}")
        else:
            self._print(f"{paint('✓', 'good')} {name}   {took}")

    def _start(self) -> None:
        if self._region is not None:
            return
        from rich.console import Console
        from rich.live import Live as Region

        console = Console(file=self._stream, force_terminal=True, no_color=not self._color, highlight=False, markup=False, soft_wrap=True)
        self._region = Region(console=console, get_renderable=self._draw, refresh_per_second=8, transient=True)
        self._region.start()

    def _print(self, line: str) -> None:
        if self._region is None:
            self._stream.write(line + "\n")
            self._stream.flush()
        else:
            from rich.text import Text

            self._region.console.print(Text.from_ansi(line), soft_wrap=True)

    def _draw(self) -> Tree:
        from rich.spinner import Spinner
        from rich.text import Text
        from rich.tree import Tree

        with self._lock:
            progress = f"  {self._done}/{self._total}" if self._total else ""
            tree = Tree(Spinner("dots", Text(f"{PHASES.get(self._phase, 'working')}{progress}")), guide_style="dim")
            for name, group in self._groups.items():
                own = group.items.get(name)
                label = self._row(name, own) if own else name
                branch = tree.add(Text(group.failed or label, style="red" if group.failed else "", no_wrap=True, overflow="ellipsis"))
                for address, item in group.items.items():
                    if item is not own:
                        branch.add(Text(self._row(address.removeprefix(f"{name}/"), item), style="dim", no_wrap=True, overflow="ellipsis"))
            return tree

    def _row(self, label: str, item: _Item) -> str:
        note = f"  {item.note}" if item.note else ""
        return f"{SIGNS.get(item.action, '?')} {label}  {seconds(self._monotonic() - item.begun)}{note}"
