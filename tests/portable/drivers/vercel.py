"""Vercel: the Build Output tree behind its own routes, Python in vercel-runtime, Node in a launcher that does what Vercel's is documented to do."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from portable.drivers import Answer, Built, Delivery, Question
from vercel.output import Output, python
from vercel.queues import Queues, queues

DUE = 1767409200  # 2026-01-03T03:00:00Z: a cron does not say for when it was due, so the functions' clocks stand there
SECRET = "a-secret-of-sixteen-or-more"
SETTLED = 1.0
"""Seconds that the last lines may take from the function to the platform."""


class Vercel:
    """Vercel Functions."""

    target = "vercel"
    clients: Mapping[str, str] = {"python": "vercel-runtime", "nodejs": "a Node launcher"}

    def missing(self) -> str | None:
        """Wheels are for one Python, so that very one has to run them; a bundle runs on any Node."""
        return None if python() else "no Python 3.13 interpreter"

    @contextmanager
    def open(self, built: Built, place: Path) -> Iterator[Deployment]:
        """Serve the one archive that all functions share."""
        (archive,) = set(built.artifacts.values())
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(place)
        with queues() as broker:
            output = Output(place, {**broker.env, "CRON_SECRET": SECRET}, now=DUE)
            try:
                yield Deployment(output, broker)
            finally:
                output.close()


class Deployment:
    """A deployment that is served."""

    def __init__(self, output: Output, broker: Queues) -> None:
        self._output = output
        self._broker = broker

    def ask(self, function: str, question: Question) -> Answer:
        """Go through the deployment's routes."""
        found = self._output.ask(question.method, question.path, question.headers, question.body)
        return Answer(found.status, found.headers, found.body)

    def deliver(self, function: str, native: Any) -> Delivery:
        """Send what the platform sends; it is told by the status, and by what is asked of Queues meanwhile."""
        kind, key = native["trigger"], native["key"]
        path = f"/_fnctl/{function}/{kind}/{key}"
        place = function if kind == "schedule" else path[1:]
        server = self._output.server(place)
        server.lines.clear()
        self._broker.asked.clear()
        headers = {name: value.replace("SECRET", SECRET) for name, value in native["headers"].items()}
        found = self._output.send(place, native["method"], path, list(headers.items()), native.get("body", "").encode())
        told = {"status": found.status, **({"queues": [f"{one.method} {one.path}" for one in self._broker.asked]} if kind != "schedule" else {})}
        return Delivery(told, _lines(server.lines))


def _lines(lines: list[tuple[str, str]]) -> list[str]:
    """Wait for the lines that are still under way: each event writes one at least."""
    until = time.monotonic() + SETTLED
    while time.monotonic() < until and not any('"received"' in line for _, line in lines):
        time.sleep(0.01)
    time.sleep(0.02)
    return [line for _, line in lines]


DRIVER = Vercel()
