"""What every adapter needs to reach its platform: whether an endpoint is safe to speak to, and patience with what takes long there."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import TypeVar
from urllib.parse import urlsplit

from fnctl.adapter import Cancel, LogQuery, Run
from fnctl.errors import CloudError, FnctlError
from fnctl.events import Event
from fnctl.graph import Address

T = TypeVar("T")

TALK_AFTER = 3.0
"""Seconds after which a person wants to know what is being waited for."""
AGAIN = "run the same command again"


def loopback(url: str) -> bool:
    """Tell whether a URL stays on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def safe(url: str, *, local: bool, source: str) -> None:
    """Refuse an endpoint that would carry credentials in the open, or, where it is to be `local`, away from this machine.

    Raises:
        FnctlError: FN966; its help names `source`, the variable that the endpoint came from.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        message = f"the endpoint `{url}` is not an http or https URL"
        raise FnctlError(message, code="FN966", help=only_here(source))
    if not loopback(url) and (local or parts.scheme == "http"):
        message = f"the endpoint {url} is neither https nor on this machine"
        raise FnctlError(message, code="FN966", help=only_here(source))


def only_here(source: str) -> str:
    """Say what an endpoint may be."""
    return f"http is accepted on 127.0.0.1, ::1 and localhost only, and a sandbox is on this machine: look at {source}"


def wait(what: str, done: Callable[[], T | None], run: Run, *, every: Sequence[float], limit: float, address: Address | None = None) -> T:
    """Poll `done` until it returns something, first densely, then at the last step of `every`, and return that.

    `what` follows the words "waiting for". `limit` is in seconds; the run's deadline counts too.

    Raises:
        CloudError: the time is up (reason `Timeout`), or the run was stopped (reason `Interrupted`).
    """
    began, told, attempt = time.monotonic(), False, 0
    while (result := done()) is None:
        pause = every[min(attempt, len(every) - 1)]
        now = time.monotonic()
        if now + pause > min(began + limit, run.deadline):
            message = f"gave up waiting for {what} after {now - began:.0f} s"
            raise CloudError(message, reason="Timeout", help=AGAIN)
        told = told or tell(run, now + pause - began, f"waiting for {what}", address)
        if run.cancel() is Cancel.NOW or not run.sleep(pause):
            message = f"stopped while waiting for {what}"
            raise CloudError(message, reason="Interrupted", help=AGAIN)
        attempt += 1
    return result


def rest(query: LogQuery, seconds: float) -> bool:
    """Wait for the next look at the logs; False once the run was told to stop."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if query.cancel() is not Cancel.NO:
            return False
        time.sleep(0.05)
    return True


def tell(run: Run | None, waited: float, message: str, address: Address | None = None) -> bool:
    """Say once that something takes long; True when it was said."""
    if run is None or waited <= TALK_AFTER:
        return False
    run.emit(Event("log", {"message": message}, address))
    return True
