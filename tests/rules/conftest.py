"""The command line without a process."""

from __future__ import annotations

from cli.conftest import fnctl as fnctl
