"""The command line without a process, as the tests of the command line have it."""

from __future__ import annotations

from cli.conftest import fnctl as fnctl
