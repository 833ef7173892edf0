"""One function app: its worker, its functions, how each invocation is timed, logged and tried again."""

from __future__ import annotations

import contextlib
import json
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fnctl_azure.standin.hosts import environment
from fnctl_azure.standin.hosts.model import Found, IndexFailed, Write
from fnctl_azure.standin.hosts.worker import Call, Outcome, Worker

UNSET = 1800.0
"""Seconds that a function may take where host.json says nothing: every plan but Consumption."""

DYNAMIC = (300.0, 600.0)
"""The same on Consumption, and the most that it lets host.json say."""

RESTART_SECONDS = 0.5
"""Between an ending worker and the next: one that ends at once must not eat the machine."""


@dataclass(frozen=True)
class Package:
    """What was published last: the unpacked folder, its language, and the command that starts a worker (the folder comes behind it)."""

    folder: Path
    language: str
    command: Sequence[str]


@dataclass(frozen=True)
class Ask:
    """What a trigger asks for: typed data and metadata; `reason` is the host's word for what caused it."""

    data: Mapping[str, Any]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    reason: str = "This function was programmatically called via the host APIs."
    trace: str = ""


class Stopped(Exception):  # an answer, not a mishap
    """The app has no worker: nothing is published, it could not be loaded, or it is being removed."""


class App:
    """A function app on this machine. Safe to be called from many threads."""

    def __init__(self, name: str, address: str, place: Path, write: Write) -> None:
        self.name = name
        self.address = address
        self.functions: Mapping[str, Found] = {}
        self.error = ""
        self._place = place
        self._write = write
        self._package: Package | None = None
        self._settings: Mapping[str, str] = {}
        self._host: Mapping[str, Any] = {}
        self._worker: Worker | None = None
        self._lock = threading.RLock()
        self._ended = 0.0

    @property
    def published(self) -> bool:
        """Whether there is a package."""
        return self._package is not None

    @property
    def package(self) -> Package | None:
        """What was published last."""
        return self._package

    @property
    def settings(self) -> Mapping[str, str]:
        """Its settings, secrets followed."""
        return self._settings

    def publish(self, package: Package, settings: Mapping[str, str]) -> list[Found]:
        """Take a package and start it.

        Raises:
            IndexFailed: it cannot be loaded: the app has no functions then, as on the platform.
        """
        with self._lock:
            self._stop()
            self._package, self._settings, self.functions, self.error = package, dict(settings), {}, ""
            try:
                self._host = _host(package.folder, settings)
                worker = self._start(package)
            except IndexFailed as error:
                self.error = str(error)
                self.say(f"Error indexing: {error}", "Error", "Host.Startup")
                raise
            self._worker = worker
            self.functions = _found(worker, package.language, settings)
            self.say(f"{len(self.functions)} functions loaded", "Information", "Host.Startup")
            return list(self.functions.values())

    def fail(self, why: str) -> None:
        """End its worker: there is no package to run."""
        self.close()
        self.error = why
        self.say(why, "Error", "Host.Startup")

    def restart(self, settings: Mapping[str, str]) -> None:
        """Take new settings, which end the worker; one that cannot be loaded with them leaves the app without functions."""
        with self._lock:
            self._settings = dict(settings)
            if self._package is not None:
                with contextlib.suppress(IndexFailed):  # it is in the log, and in the host's status
                    self.publish(self._package, settings)

    def _start(self, package: Package) -> Worker:
        environ = environment.environ(self.name, self.address, package.language, self._place, package.command[0], self._settings)
        return Worker([*package.command, str(package.folder)], environ, package.folder, self._line)

    def close(self) -> None:
        """End its worker."""
        with self._lock:
            self._stop()
            self._package = None
            self.functions = {}

    def _stop(self) -> None:
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def setting(self, *path: str) -> Any:
        """Return a value of host.json, or None."""
        found: Any = self._host
        for name in path:
            found = found.get(name) if isinstance(found, Mapping) else None
        return found

    @property
    def seconds(self) -> float | None:
        """How long a function may run; None for ever."""
        said = self.setting("functionTimeout")
        unset = DYNAMIC[0] if dynamic(self._settings) else UNSET
        return None if said == "-1" else span(str(said)) if said else unset

    def run(self, function: str, ask: Ask, retry: tuple[int, int] = (0, 0)) -> Outcome:
        """Run one invocation to its end, and log it as the host does. Raises Stopped when there is no app to run it."""
        worker = self._alive()
        call = Call(str(uuid.uuid4()), function, ask.data, ask.metadata, retry, ask.trace or _trace())
        self.say(f"Executing 'Functions.{function}' (Reason='{ask.reason}', Id={call.id})", "Information", f"Function.{function}", function, call.id)
        begun = time.monotonic()
        limit = self.seconds
        outcome = worker.invoke(call, limit)
        if outcome is None:
            outcome = self._overdue(worker, call, limit or 0.0)
        self._tell(call, ask, outcome, (time.monotonic() - begun) * 1000)
        return outcome

    def deliver(self, function: str, ask: Ask, pause: Callable[[float], bool]) -> Outcome:
        """Run an invocation, and again as the function's own policy says. `pause` waits, and says whether to go on."""
        policy = _policy(self.functions[function].retry)
        count = 0
        while True:
            outcome = self.run(function, ask, (count, policy.most))
            if outcome.status == "Success" or (0 <= policy.most <= count) or not pause(policy.delay(count)):
                return outcome
            count += 1

    def _overdue(self, worker: Worker, call: Call, seconds: float) -> Outcome:
        """What runs too long is ended with its worker: nothing else stops it."""
        words = f"Timeout value of {clock(seconds)} exceeded by function 'Functions.{call.function}' (Id: '{call.id}'). Initiating cancellation."
        worker.close()
        return Outcome("Failure", error=words)

    def _alive(self) -> Worker:
        """Return the worker, started anew when the last one has ended."""
        with self._lock:
            if self._package is None or not self.functions:
                raise Stopped
            if self._worker is None or not self._worker.alive:
                self._stop()
                self.say("The worker has ended; starting another", "Warning", "Host.Startup")
                time.sleep(max(0.0, self._ended + RESTART_SECONDS - time.monotonic()))
                self._ended = time.monotonic()
                try:
                    self._worker = self._start(self._package)
                except IndexFailed as error:
                    self.error = str(error)
                    raise Stopped from error
            return self._worker

    def _tell(self, call: Call, ask: Ask, outcome: Outcome, duration: float) -> None:
        well = outcome.status == "Success"
        word = "Succeeded" if well else "Failed"
        category = f"Function.{call.function}"
        if not well:
            text = "\n".join(filter(None, (outcome.error, outcome.trace if outcome.trace not in outcome.error else "")))
            self.say(text, "Error", category, call.function, call.id, table="exceptions")
        told = f"Executed 'Functions.{call.function}' ({word}, Id={call.id}, Duration={duration:.0f}ms)"
        self.say(told, "Information" if well else "Error", category, call.function, call.id)
        for name in outcome.outputs:
            words = f"'{name}' of '{call.function}' is an output binding, which the sandbox does not write"
            self.say(words, "Warning", category, call.function, call.id)
        status = int(((outcome.value or {}).get("http") or {}).get("statusCode") or 200) if well and "http" in ask.data else 0
        self.say(
            call.function, "Information", "Host.Results", call.function, call.id, table="requests", success=well, status=status, duration=duration
        )

    def say(self, message: str, severity: str, category: str, function: str = "", invocation: str = "", **more: Any) -> None:
        """Write a line of the log."""
        if not logged(self.setting("logging", "logLevel"), category, severity):
            return
        row = {"table": "traces", "time": now(), "app": self.name, "function": function, "invocation": invocation}
        self._write({**row, "severity": severity, "message": message, "category": category, **more})

    def _line(self, text: str, severity: str, category: str, invocation: str) -> None:
        function = self._of(invocation)
        self.say(text, severity, f"Function.{function}.User" if function else category, function, invocation)

    def _of(self, invocation: str) -> str:
        worker = self._worker
        return worker.calls.get(invocation, "") if worker is not None and invocation else ""


@dataclass(frozen=True)
class Policy:
    """A retry policy. `most` is -1 for ever, 0 for never."""

    most: int
    least: float
    cap: float
    fixed: bool

    def delay(self, count: int) -> float:
        """Seconds before the try behind `count` others."""
        return self.least if self.fixed else min(self.cap, self.least * 2**count)


def _policy(said: Mapping[str, str]) -> Policy:
    words = {name.lower().replace("_", ""): value for name, value in said.items()}
    if not words:
        return Policy(0, 0.0, 0.0, fixed=True)
    fixed = "fixed" in words.get("strategy", words.get("retrystrategy", "fixed")).lower()
    least = span(words.get("delayinterval" if fixed else "minimuminterval", "0"))
    return Policy(int(words.get("maxretrycount", "0")), least, span(words.get("maximuminterval", "0")) or least, fixed)


def _found(worker: Worker, language: str, settings: Mapping[str, str]) -> dict[str, Found]:
    retries = {name: {key: _seconds(value) for key, value in policy.items()} for name, policy in worker.retries.items()}
    found = {name: Found(name, bindings, language, retries.get(name, {})) for name, bindings in worker.functions.items()}
    return {name: one for name, one in found.items() if settings.get(f"AzureWebJobs.{name}.Disabled", "").lower() not in ("true", "1")}


def _seconds(value: Any) -> str:
    """Write a policy's value as text: a duration is an object of the protocol in one language, and text in the other."""
    return str(value.get("seconds", 0)) if isinstance(value, Mapping) else str(value)


def _host(folder: Path, settings: Mapping[str, str]) -> Mapping[str, Any]:
    """Read host.json, with what settings say in its place: AzureFunctionsJobHost__extensions__queues__batchSize."""
    try:
        found: dict[str, Any] = json.loads((folder / "host.json").read_text("utf-8-sig"))
    except (OSError, ValueError) as error:
        words = f"host.json cannot be read: {error}"
        raise IndexFailed(words) from error
    for path, value in _overrides(settings):
        place = found
        for name in path[:-1]:
            place = place.setdefault(name, {})
        place[path[-1]] = value
    said = found.get("functionTimeout")
    if said and dynamic(settings) and not 1.0 <= (-1.0 if said == "-1" else span(str(said))) <= DYNAMIC[1]:
        words = f"functionTimeout must be greater than 00:00:01 and less than {clock(DYNAMIC[1])}."
        raise IndexFailed(words)
    return found


def dynamic(settings: Mapping[str, str]) -> bool:
    """Tell whether an app is on Consumption: the platform says so in its environment."""
    return settings.get("WEBSITE_SKU") == "Dynamic"


def _overrides(settings: Mapping[str, str]) -> Iterator[tuple[list[str], str]]:
    for name, value in settings.items():
        head, *path = re.split(r"__|:", name)
        if head.lower() == "azurefunctionsjobhost" and path:
            yield path, value


LEVELS = ("Trace", "Debug", "Information", "Warning", "Error", "Critical", "None")


def logged(levels: Any, category: str, severity: str) -> bool:
    """Tell whether host.json's levels let a line through: the longest category that the line's begins with decides, then `default`."""
    said: Mapping[str, str] = levels if isinstance(levels, Mapping) else {}
    fitting = [name for name in said if name.lower() != "default" and f"{category}.".lower().startswith(f"{name}.".lower())]
    least = said[max(fitting, key=len)] if fitting else said.get("default", "Information")
    return LEVELS.index(severity) >= (LEVELS.index(least) if least in LEVELS else 2)


def now() -> str:
    """This moment, as RFC 3339 in UTC."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def span(text: str) -> float:
    """Read a time span in seconds: `00:05:00`, `1.02:00:00`, or a bare number."""
    days, dot, rest = text.rpartition(".") if re.fullmatch(r"\d+\.\d+:.*", text) else ("", "", text)
    parts = [float(part) for part in rest.split(":")]
    seconds = 0.0
    for part in parts:
        seconds = seconds * 60 + part
    return seconds + (int(days) * 86400 if dot else 0)


def clock(seconds: float) -> str:
    """Write seconds as a time span."""
    whole = int(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def _trace() -> str:
    return f"00-{uuid.uuid4().hex}-{uuid.uuid4().hex[:16]}-00"
