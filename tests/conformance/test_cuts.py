"""Runs that are cut at a write: refused, done without an answer, or killed with the write done.

Whatever happened, the exit code is true, and the next run reaches the same end as one that nobody disturbed, with nothing left behind. Some of the
writes are tried; all of them, with each fault, with FNCTL_FULL=1.
"""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from conformance.driver import Driver, Object, Project, met
from fakes.cli import Done
from fakes.counting import Fault

FULL = os.environ.get("FNCTL_FULL") == "1"
FAULTS: tuple[Fault, ...] = ("refused", "lost", "killed")
Verb: TypeAlias = Literal["deploy", "destroy"]


@dataclass(frozen=True)
class Cut:
    """Which write meets which fault: number `at` of all, or of those that `of` names."""

    fault: Fault
    at: int
    of: Callable[[str], bool] | None = None

    def __str__(self) -> str:
        return f"{self.fault} at {'publishing ' if self.of else ''}write {self.at}"


def cuts(writes: int, few: int) -> Iterable[Cut]:
    """All writes with all faults, or `few` spread over the run, the faults taking turns."""
    if FULL:
        return [Cut(fault, at) for at in range(1, writes + 1) for fault in FAULTS]
    return [Cut(FAULTS[2 * n % len(FAULTS)], 1 + (2 * n + 1) * writes // (2 * few)) for n in range(few)]


def run(project: Project, verb: Verb, cut: Cut) -> Done:
    """Run a verb into a fault."""
    wire = project.driver.wire
    wire.heal()
    wire.cut(cut.fault, at=cut.at, of=cut.of)
    running = project.start(verb, "--yes")
    wire.kill = running.kill
    done = met(running.wait(), None, verb, str(cut))
    wire.heal()
    return done


def truthful(done: Done, cut: Cut, before: set[Object], driver: Driver) -> None:
    """An exit code says what is there: 1 or 8, nothing was written; 5, all is as it was; 0, done; 6, another run is needed."""
    assert done.code in ((-signal.SIGKILL, 0) if cut.fault == "killed" else (0, 1, 5, 6, 8)), f"{cut}: {done}"
    if done.code in (1, 5, 8):
        assert driver.left() == before, f"{cut}: exit {done.code}, and not all is as it was"
    if done.code == 6:
        assert "fnctl deploy --target" in done.err, f"{cut}: no command to go on with\n{done.err}"


def test_an_update_that_is_cut_anywhere_is_finished_by_the_next(project: Project, driver: Driver) -> None:
    """To and fro between two releases: each run changes the code, makes a function and removes another."""
    project.first()
    shapes: list[tuple[int, str]] = [(1, "left"), (2, "right")]
    seen: dict[int, set[Object]] = {}
    writes = version = 0
    for version, name in shapes:
        driver.wire.heal()
        project.write(version, extra=(name,))
        project.deploy()
        seen[version], writes = driver.left(), len(driver.wire.writes())
    publishing = [Cut(fault, 1, driver.publishes) for fault in FAULTS]
    for cut, (version, name) in zip((*publishing, *cuts(writes, 2)), itertools.cycle(shapes)):
        before = driver.left()
        project.write(version, extra=(name,))
        done = run(project, "deploy", cut)
        truthful(done, cut, before, driver)
        again = project.deploy()
        assert done.code != 0 or again["status"] == "unchanged", f"{cut}: exit 0, and it was not done"
        assert driver.left() == seen[version], f"{cut}, of {writes}"
    assert (project.plan(), project.answer()["version"]) == ([], version)

    cut = next(iter(cuts(10, 1)))
    run(project, "destroy", cut)
    project.run("destroy", "--yes")
    assert driver.left() == set(), f"{cut}, while it was destroyed"


def test_a_first_deploy_that_is_cut_anywhere_is_finished_or_taken_back(project: Project, driver: Driver) -> None:
    project.first()
    writes, whole = len(driver.wire.writes()), driver.left()
    for cut in cuts(writes, 2):
        driver.reset()
        project.run("secret", "set", "TOKEN", stdin="the-secret-of-the-suite")
        empty = driver.left()
        truthful(run(project, "deploy", cut), cut, empty, driver)
        project.deploy()
        assert driver.left() == whole, f"{cut}, of {writes}"
    assert project.plan() == []
