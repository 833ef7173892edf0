"""One run of one verb: its options, its session with the engine, and its two voices (stdout for data, stderr for talk)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from fnctl.commands.table import Settings
from fnctl.commands.world import World, columns
from fnctl.views.theme import Paint, painter, wants_colour

if TYPE_CHECKING:  # the fast verbs must not pay for what they do not show
    from fnctl.diagnostics import Diagnostic
    from fnctl.events import Event
    from fnctl.session import Session
    from fnctl.views.machine import Stream
    from fnctl.views.progress import Progress


class Run:
    """What every command function is given."""

    def __init__(self, world: World, settings: Settings, argv: tuple[str, ...] = ()) -> None:
        self.world, self.settings, self.argv = world, settings, argv

    @property
    def json(self) -> bool:
        """Whether a machine reads the answer."""
        return self.settings.output != "text"

    @cached_property
    def paint(self) -> Paint:
        """Colours for stdout."""
        return painter(color=self.colour(self.world.stdout))

    @cached_property
    def paint_talk(self) -> Paint:
        """Colours for stderr."""
        return painter(color=self.colour(self.world.stderr))

    def colour(self, stream: TextIO) -> bool:
        """Decide whether a stream gets colours."""
        return wants_colour(self.world.environ, terminal=stream.isatty(), no_color=self.settings.no_color)

    def unicode(self, stream: TextIO) -> bool:
        """Tell whether a stream can say ±."""
        return (stream.encoding or "utf-8").lower().replace("-", "").startswith("utf")

    @property
    def width(self) -> int:
        """Columns to fill: the terminal's, 80 where there is none."""
        return columns() if self.world.stdout.isatty() else 80

    def show(self, text: str) -> None:
        """Write data."""
        self.write(text + "\n")

    def write(self, text: str) -> None:
        """Write data that ends its own lines."""
        self.world.stdout.write(text)
        self.world.stdout.flush()

    def document(self, value: Mapping[str, Any]) -> None:
        """Write one JSON document."""
        from fnctl.views.machine import dumps

        self.show(dumps(value))

    def say(self, text: str) -> None:
        """Write talk, unless --quiet."""
        if not self.settings.quiet:
            self.warn(text)

    def warn(self, text: str) -> None:
        """Write talk that --quiet does not silence."""
        self.world.stderr.write(text + "\n")
        self.world.stderr.flush()

    @cached_property
    def stream(self) -> Stream:
        """The lines of events, for --output json."""
        from fnctl.views.machine import Stream

        return Stream(self.show)

    @cached_property
    def progress(self) -> Progress:
        """The events, for people."""
        from fnctl.views import progress

        if self.settings.quiet:
            return progress.Silent()
        colour = self.colour(self.world.stderr)
        if self.world.stderr.isatty() and self.world.environ.get("TERM") != "dumb" and not self.json:
            return progress.Live(self.world.stderr, color=colour, verbose=self.settings.verbose)
        return progress.Lines(self.warn, color=colour, verbose=self.settings.verbose)

    def findings(self, diagnostics: Iterable[Diagnostic], *, total: bool = True) -> None:
        """Draw findings on stderr, with the lines of the files they point at, and how many there are."""
        found = list(diagnostics)
        if found:
            from fnctl.commands.findings import text

            told = {"color": self.colour(self.world.stderr), "whole": self.settings.verbose, "total": total}
            self.warn(text(found, self.world, self.settings.manifest, width=self.width, **told))

    def session(self, *, events: bool = False, lock_timeout: float = 0.0, confirmed: str | None = None, imports: bool = True) -> Session:
        """Open a session.

        Args:
            events: the verb streams its events to a machine; otherwise they are for people only.
            lock_timeout: how long to wait for another run, in seconds.
            confirmed: the text of --confirm.
            imports: import handlers before anything is uploaded.
        """
        from fnctl.session import Options, Session

        given = self.settings
        options = Options(Path(given.manifest) if given.manifest else None, given.target, given.stage, given.sandbox, lock_timeout, imports=imports)
        emit = self.stream if events and self.json else self._tell

        def ask(question: str, expect: str | None) -> bool:
            from fnctl.commands.asking import confirm

            self.finish()
            return confirm(self.world, given, question, expect, confirmed)

        return Session(options, self.world.environ, self.world.cwd, self.argv, emit, ask)

    def _tell(self, event: Event) -> None:
        if self.json or self.settings.quiet:
            return
        if event.type == "finding":
            from fnctl.commands.findings import from_json

            self.progress.pause()
            self.findings([from_json(event.data)], total=False)
        else:
            self.progress(event)

    def finish(self) -> None:
        """Leave the screen as a next program wants it."""
        if "progress" in self.__dict__:
            self.progress.pause()
