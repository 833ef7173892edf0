"""A walk over a graph on a pool of threads: every item after what it needs, as many at a time as allowed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from typing import TypeVar

K = TypeVar("K", bound=str)


def walk(edges: Mapping[K, frozenset[K]], work: Callable[[K], bool], *, parallel: int, stop: Callable[[], bool] = lambda: False) -> list[K]:
    """Call `work` for every key once all that it needs is done.

    Args:
        edges: key -> the keys it needs; edges to keys that are not in the map are ignored.
        work: returns False when it failed. It must not raise, except for what should end the whole walk.
        parallel: threads at most.
        stop: asked before new work is taken; what is in flight is always finished.

    Returns:
        The keys that were never started, in order: after a failure, after `stop`, or behind either.
    """
    sorter: TopologicalSorter[K] = TopologicalSorter({key: [n for n in sorted(needs) if n in edges] for key, needs in edges.items()})
    sorter.prepare()
    started: set[K] = set()
    failed = False
    with ThreadPoolExecutor(max_workers=max(1, min(parallel, len(edges) or 1)), thread_name_prefix="fnctl") as pool:
        flying: dict[Future[bool], K] = {}
        waiting: list[K] = []
        while sorter.is_active():
            waiting = [*sorter.get_ready(), *waiting]  # depth first: what others wait for longest (a paced call) starts soonest
            while waiting and not failed and not stop() and len(flying) < parallel:
                key = waiting.pop(0)
                started.add(key)
                flying[pool.submit(work, key)] = key
            if not flying:
                break
            done, _ = wait(flying, timeout=0.2, return_when=FIRST_COMPLETED)
            for future in done:
                key = flying.pop(future)
                if future.result():
                    sorter.done(key)
                else:
                    failed = True
    return [key for key in edges if key not in started]
