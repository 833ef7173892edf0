"""`--version`, in one line."""

from __future__ import annotations

import sys


def line() -> str:
    """Write fnctl's version, Python's and the system's. `platform` would take longer to import than all the rest."""
    import os

    from fnctl import __version__

    python = ".".join(str(part) for part in sys.version_info[:3])
    system = " ".join((os.uname().sysname, os.uname().release, os.uname().machine)) if hasattr(os, "uname") else sys.platform
    return f"fnctl {__version__} (Python {python}, {system})"
