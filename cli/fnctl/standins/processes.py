"""Processes of this machine: whose they are, what they use, what they started. Linux reads /proc, others ask ps."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")


def started(pid: int) -> str | None:
    """When the process started, in the kernel's own words; None for one that is gone or waits to be reaped.

    A pid is used again one day, a pid with its start time is not.
    """
    fields = _stat(pid)
    if fields is not None:
        return None if fields[0] in ("Z", "X") else fields[19]
    answer = _ps(pid, "lstart=,stat=") if not _PROC.joinpath("self").exists() else ""
    words = answer.split()
    return None if not words or words[-1].startswith("Z") else " ".join(words[:-1])


def memory(pid: int) -> int:
    """Megabytes that it has used at most (Linux) or uses now; 0 when nobody can say."""
    try:
        for line in (_PROC / str(pid) / "status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) // 1024
    except OSError:
        pass
    answer = _ps(pid, "rss=").strip()
    return int(answer) // 1024 if answer.isdigit() else 0


def end(pid: int) -> None:
    """Kill it and all that it started and still knows as its own."""
    family = [pid, *descendants(pid)]
    for member in family:
        try:
            os.kill(member, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue


def descendants(pid: int) -> list[int]:
    """Children, and theirs."""
    children: dict[int, list[int]] = {}
    for child, parent in _parents():
        children.setdefault(parent, []).append(child)
    found: list[int] = []
    todo = [pid]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


def group(leader: int) -> list[int]:
    """The members of a process group that are alive, by session too: a group of that number that is not a session's is somebody else's."""
    if not _PROC.joinpath("self").exists():
        rows = (line.split() for line in _run(["ps", "-axo", "pid=,pgid=,stat="]).splitlines())
        return [int(pid) for pid, number, state in rows if number == str(leader) and not state.startswith("Z")]
    stats = ((int(e.name), _stat(int(e.name))) for e in _PROC.iterdir() if e.name.isdigit())
    return [pid for pid, fields in stats if fields and fields[0] not in ("Z", "X") and fields[2] == fields[3] == str(leader)]


def _parents() -> Iterator[tuple[int, int]]:
    if not _PROC.joinpath("self").exists():
        for line in _run(["ps", "-axo", "pid=,ppid="]).splitlines():
            pid, parent = line.split()
            yield int(pid), int(parent)
        return
    for entry in _PROC.iterdir():
        fields = _stat(int(entry.name)) if entry.name.isdigit() else None
        if fields is not None:
            yield int(entry.name), int(fields[1])


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat from the state on; the name before them may hold spaces and brackets."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _ps(pid: int, fields: str) -> str:
    return _run(["ps", "-o", fields, "-p", str(pid)])


def _run(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
