"""What ends a run early, and with which exit code.

    FnctlError                 1   the input is wrong, or something failed before the first write
    ├── UsageError             2   the command line makes no sense
    ├── StalePlan              4   a saved plan no longer fits what is there
    ├── LockHeld               7   another run is deploying this service and stage
    ├── LockLost               6   our lock was taken over while we worked
    ├── CredentialsError       8   none, expired, or not allowed
    └── CloudError             1   the platform refused a call, or the connection broke
        └── Unreachable        1   nothing answers at the endpoint

Findings are values (`fnctl.diagnostics`); an exception is for what cannot go on. Each carries the diagnostics that are shown for it.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar

from fnctl.diagnostics import Diagnostic
from fnctl.source import Span


class Exit(IntEnum):
    """The process's answer to whoever called it; docs/exit-codes.md has the long form."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    CHANGES = 3
    DRIFT = 4
    RESTORED = 5
    STOPPED = 6
    LOCKED = 7
    CREDENTIALS = 8
    INTERRUPTED = 130


class FnctlError(Exception):
    """A run that cannot go on, with the diagnostics that say why.

    Args:
        message: one sentence, no full stop.
        help: what to do next.
        span: the manifest line that asked for what failed.
        notes: facts, such as the platform's own words.
    """

    exit: ClassVar[Exit] = Exit.FINDINGS
    code: ClassVar[str] = "FN900"

    def __init__(
        self,
        message: str,
        *,
        help: str | None = None,  # the word that every diagnostic uses
        span: Span | None = None,
        notes: tuple[str, ...] = (),
        code: str | None = None,
        diagnostics: tuple[Diagnostic, ...] = (),
    ) -> None:
        super().__init__(message)
        own = Diagnostic(code or self.code, "error", message, span=span, notes=notes, help=help)
        self.diagnostics = diagnostics or (own,)


class UsageError(FnctlError):
    """The command line makes no sense."""

    exit = Exit.USAGE
    code = "FN902"


class StalePlan(FnctlError):
    """A saved plan that no longer fits what is there."""

    exit = Exit.DRIFT
    code = "FN904"


class LockHeld(FnctlError):
    """Another run is deploying the same service and stage."""

    exit = Exit.LOCKED
    code = "FN907"


class LockLost(FnctlError):
    """Our lock was taken over while we worked: stop before the next write."""

    exit = Exit.STOPPED
    code = "FN906"


class CredentialsError(FnctlError):
    """No credentials, expired ones, or ones that are not allowed to do this."""

    exit = Exit.CREDENTIALS
    code = "FN908"


class CloudError(FnctlError):
    """The platform refused a call. `reason` is the platform's own error code, `unknown` means that the call may have taken effect."""

    code = "FN910"

    def __init__(
        self,
        message: str,
        *,
        reason: str = "",
        unknown: bool = False,
        help: str | None = None,
        notes: tuple[str, ...] = (),
        code: str | None = None,
    ) -> None:
        super().__init__(message, help=help, notes=notes, code=code)
        self.reason = reason
        self.unknown = unknown


class Unreachable(CloudError):
    """Nothing answers at the endpoint."""

    code = "FN911"
