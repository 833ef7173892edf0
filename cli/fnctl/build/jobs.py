"""Work in threads: all of it is tried, all errors come at once, and each says which function it is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from fnctl.build.cache import Cache
from fnctl.build.model import BuildTarget, Bundle
from fnctl.dataclass import replace
from fnctl.diagnostics import Diagnostic, ordered
from fnctl.errors import FnctlError
from fnctl.manifest.model import Function, Service

T = TypeVar("T")

UNBUILT = "the functions cannot be built"


def each(jobs: Mapping[str, Callable[[], T]], parallel: int, failed: str) -> dict[str, T]:
    """Run jobs in threads and keep their order; the errors of all of them become one."""
    done, findings = attempt(jobs, parallel)
    if findings:
        raise FnctlError(failed, diagnostics=tuple(ordered(dict.fromkeys(findings))))
    return done


def attempt(jobs: Mapping[str, Callable[[], T]], parallel: int) -> tuple[dict[str, T], list[Diagnostic]]:
    """Run jobs in threads: what those came to that went well, in their order, and what the others found."""
    done: dict[str, T] = {}
    findings: list[Diagnostic] = []
    pool = ThreadPoolExecutor(max(1, parallel), thread_name_prefix="build")
    try:
        futures = {name: pool.submit(job) for name, job in jobs.items()}
        for name, future in futures.items():
            try:
                done[name] = future.result()
            except FnctlError as error:
                findings += error.diagnostics
    finally:  # Ctrl-C starts nothing more
        pool.shutdown(cancel_futures=True)
    return done, findings


def apart(
    service: Service, targets: Mapping[str, BuildTarget], cache: Cache, make: Callable[[Service, Function, BuildTarget, Cache], Bundle]
) -> dict[str, Bundle]:
    """Bundle functions that have nothing to do with one another, in threads.

    Args:
        service: the manifest.
        targets: function name -> the machine that will run it.
        cache: the run's memory.
        make: bundles one of them.

    Raises:
        FnctlError: with the diagnostics of every function that failed.
    """

    def job(name: str, target: BuildTarget) -> Callable[[], Bundle]:
        return about(service, name, lambda: make(service, service.functions[name], target, cache))

    return each({name: job(name, target) for name, target in targets.items()}, cache.parallel, UNBUILT)


def about(service: Service, name: str, make: Callable[[], T]) -> Callable[[], T]:
    """Let what goes wrong in a job say which function it is about."""

    def job() -> T:
        try:
            return make()
        except FnctlError as error:
            raise FnctlError(str(error), diagnostics=tuple(_placed(found, service, name) for found in error.diagnostics)) from error

    return job


def _placed(found: Diagnostic, service: Service, name: str) -> Diagnostic:
    """Point at the manifest's line that asked, unless the finding has a better place."""
    if found.span:
        return replace(found, notes=(*found.notes, f"while building `{name}`"))
    return replace(found, span=service.span("functions", name, "handler"), label=f"needed by `{name}`")
