"""Answers for people as aligned columns. Nothing is wrapped, so that a URL stays whole and a column can be cut out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from fnctl.adapter import LogLine, Reply
from fnctl.graph import Json
from fnctl.plugins import Described
from fnctl.results import BuiltArtifact, Result, Status, StatusReport, notes_of
from fnctl.views.theme import Paint, count, printable, seconds, size


def columns(headings: Sequence[str], rows: Iterable[Sequence[str]], paint: Paint) -> list[str]:
    """Align a table by its widest cells; the last column runs free."""
    table = [list(headings), *(list(row) for row in rows)]
    widths = [max(len(row[i]) for row in table) for i in range(len(headings) - 1)]
    lines = ["  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip() for row in table]
    return [paint(lines[0], "dim"), *lines[1:]]


def build(artifacts: Sequence[BuiltArtifact], paint: Paint) -> str:
    """One line an artifact: what it holds, how big it is, where it lies."""
    if not artifacts:  # every function is an image
        return "no artifacts"
    rows = [
        (", ".join(a.functions), size(a.artifact.size), size(a.artifact.unpacked_size), "cached" if a.cached else "built", a.path.as_posix())
        for a in artifacts
    ]
    notes = (f"note: {note}" for note in notes_of(artifacts))
    return "\n".join([*columns(("FUNCTION", "ZIP", "UNPACKED", "", "PATH"), rows, paint), *notes])


_STATES = {"missing": "error", "changed": "warning"}
_LOCK = (("host", "on"), ("pid", "pid"), ("since", "since"), ("age", "for"), ("expires", "expires"))


def status(report: StatusReport, paint: Paint) -> str:
    """What is there now, and what is not as it should be."""
    lines = [paint(f"{report.service} on {report.target}, stage {report.stage}", "bold") + f" ({report.identity})"]
    lines.append(f"release  {_release(report.release)}")
    lines.append(f"ledger   {report.ledger}")
    if report.sandbox:
        lines.append(f"sandbox  {report.sandbox.get('endpoint', '')} (pid {report.sandbox.get('pid', '?')})")
    if report.lock:
        lines.append(f"lock     held by {holder(report.lock)}")
    rows = [(f.name, f.state, f.url or f.id or "-") for f in report.functions]
    if rows:
        heading, *table = columns(("FUNCTION", "STATE", "WHERE"), rows, paint)
        lines += ["", heading, *(paint(row, _STATES[f.state]) if f.state != "live" else row for row, f in zip(table, report.functions, strict=True))]
    return "\n".join([*lines, *_remarks(report)])


def _remarks(report: StatusReport) -> list[str]:
    details = [f"{f.name} {f.detail}" for f in report.functions if f.detail]
    remarks = ["", *details] if details else []
    here = f"--target {report.target} --stage {report.stage}{' --sandbox' if report.sandbox else ''}"
    if report.interrupted:
        remarks += ["", "A run was interrupted here; the next one picks it up:", f"fnctl deploy {here}"]
    if report.drift:
        remarks += ["", f"{count(report.drift, 'object differs', 'objects differ')} from the release; see what:", f"fnctl plan {here}"]
    return remarks


def _release(release: Mapping[str, Json] | None) -> str:
    if release is None:
        return "none"
    commit = f", commit {_commit(release)}" if release.get("commit") else ""
    restores = f", restores {release['restores']}" if release.get("restores") else ""
    return f"{release.get('release')}, {_when(release.get('when'))} by {release.get('who')}{commit}{restores}"


def _commit(release: Mapping[str, Json]) -> str:
    """Shorten a commit; the `+` that says that the folder held changes stays."""
    whole = str(release.get("commit") or "-")
    return f"{whole[:10]}+" if len(whole) > 10 and whole.endswith("+") else whole[:10]


def _when(value: Json) -> str:
    return str(value).replace("T", " ").replace("Z", " UTC") if value else "-"


def holder(lock: Mapping[str, Json]) -> str:
    """Name who holds a lock, from where and since when: whatever of that is known."""
    words = [str(lock.get("owner") or lock.get("who") or "someone")]
    words += [f"{word} {_moment(key, lock[key])}" for key, word in _LOCK if lock.get(key)]
    return ", ".join(words)


def _moment(key: str, value: Json) -> str:
    """Write a lock's times, which are Unix seconds, as everything else is dated."""
    if key in ("since", "expires") and isinstance(value, int | float):
        return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(value))
    return str(value)


def history(releases: Iterable[Mapping[str, Json]], paint: Paint) -> str:
    """Releases, the newest first; the current one is marked."""
    rows = [
        (
            f"{r['release']}{' *' if r.get('current') else ''}",
            _when(r.get("when")),
            str(r.get("who") or "-"),
            _commit(r),
            str(r.get("functions") or 0),
            f"restores {r['restores']}" if r.get("restores") else "",
        )
        for r in releases
    ]
    return "\n".join(columns(("RELEASE", "WHEN", "WHO", "COMMIT", "FUNCTIONS", ""), rows, paint)) if rows else "No releases yet."


def outputs(values: Mapping[str, Mapping[str, Json]], paint: Paint) -> str:
    """Where each function is."""
    rows = [(name, str(value.get("url") or value.get("id") or "-")) for name, value in values.items()]
    return "\n".join(columns(("FUNCTION", "WHERE"), rows, paint)) if rows else "No functions."


def secrets(versions: Mapping[str, str | None], paint: Paint) -> str:
    """Names and versions, never values."""
    rows = [(name, "set" if version is not None else "missing", version or "-") for name, version in versions.items()]
    return "\n".join(columns(("SECRET", "STATE", "VERSION"), rows, paint)) if rows else "The manifest declares no secrets."


def plugins(found: Iterable[Described], paint: Paint) -> str:
    """What is installed, what it implements, and what broke."""
    rows = [(p.name, p.kind, f"{p.distribution} {p.version}", ", ".join(p.hooks) or "-", _state(p)) for p in found]
    return "\n".join(columns(("NAME", "KIND", "FROM", "HOOKS", "STATE"), rows, paint))


def _state(plugin: Described) -> str:
    if plugin.error:
        return f"broken: {plugin.error}"
    return plugin.note or "ready"


def log_line(line: LogLine, *, width: int, paint: Paint) -> str:
    """One line of a function's log; `width` of the name's column."""
    clock = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(line.time))
    return f"{paint(clock, 'dim')} {paint(line.function.ljust(width), 'link')} {printable(line.message.rstrip())}"


def reply(answer: Reply, paint: Paint) -> str:
    """The talk around an answer: status, duration, error, logs. The body itself is data, for stdout."""
    words = ["ok" if answer.ok else "failed"]
    words += [str(answer.status)] if answer.status is not None else []
    words += [seconds(answer.seconds)] if answer.seconds is not None else []
    lines = [paint("  ".join(words), "good" if answer.ok else "error")]
    lines += [printable(answer.error)] if answer.error else []
    return "\n".join([*lines, *(paint(f"| {printable(line.rstrip())}", "dim") for line in answer.logs)])


def closing(result: Result, paint: Paint, took: float | None = None) -> str:
    """How it ended, in one or two sentences, with the command that goes on. `took` in seconds."""
    time_taken = "" if took is None else f" in {seconds(took)}"
    lines = [_SENTENCES[result.status](result, time_taken, paint)]
    lines += [f"kept: {name}" for name in result.kept]
    return "\n".join([*lines, "Go on with:", result.next] if result.next else lines)


def _deployed(result: Result, took: str, paint: Paint) -> str:
    return paint(f"Release {result.release} is live", "good") + f"{took}."


def _unchanged(result: Result, took: str, paint: Paint) -> str:
    release = f" Release {result.release} stays." if result.release else ""
    return paint("Unchanged", "good") + f"{took}: nothing was written.{release}"


def _restored(result: Result, took: str, paint: Paint) -> str:
    if result.exit:
        return paint(f"Failed{took}; what was there before is restored and verified.", "warning")
    return paint(f"Release {result.release} is live", "good") + f"{took}: it restores release {result.restores}."


def _stopped(_result: Result, took: str, paint: Paint) -> str:
    return paint(f"Stopped half-way{took}: some of the changes are made, some are not.", "error")


def _destroyed(result: Result, took: str, paint: Paint) -> str:
    return paint("Destroyed", "good") + (f"{took}; what is kept is named below." if result.kept else f"{took}: nothing of it is left.")


def _cancelled(_result: Result, _took: str, _paint: Paint) -> str:
    return "Cancelled: nothing was written."


_SENTENCES: Mapping[Status, Callable[[Result, str, Paint], str]] = {
    "deployed": _deployed,
    "unchanged": _unchanged,
    "destroyed": _destroyed,
    "restored": _restored,
    "stopped": _stopped,
    "cancelled": _cancelled,
}


def timings(values: Mapping[str, float], paint: Paint) -> str:
    """Where the time went."""
    rows = [(name, f"{value:.3f} s" if not name.endswith(("calls", "writes")) else f"{value:.0f}") for name, value in values.items()]
    return "\n".join(columns(("PHASE", "TIME"), rows, paint))


def exports(environ: Mapping[str, str]) -> str:
    """What a shell can eval to reach a sandbox."""
    from shlex import quote

    return "\n".join(f"export {name}={quote(value)}" for name, value in sorted(environ.items()))


def sandbox(found: Mapping[str, Json] | None, paint: Paint) -> str:
    """Whether the stand-in runs, where, and what it is not."""
    if found is None:
        return "No sandbox is running."
    lines = [paint("running", "good"), *(f"{key:<9} {found[key]}" for key in ("endpoint", "pid", "started", "log") if found.get(key) is not None)]
    told = found.get("differences")
    differences = [f"- {sentence}" for sentence in told] if isinstance(told, (list, tuple)) else []
    return "\n".join([*lines, *(["", "It differs from the platform:"] if differences else []), *differences])
