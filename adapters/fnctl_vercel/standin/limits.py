"""What a plan allows, and how many calls: the numbers that the platform documents, and the buckets behind 429."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from fnctl_vercel.standin.account import Team
from fnctl_vercel.standin.web import Pairs, Refused

MB = 1024 * 1024
BODY = int(4.5 * MB)
"""vercel.com/docs/functions/limitations, 2026-07-01: request, and answer that is not streamed."""
UNPACKED = {"python": 500 * MB, "nodejs": 250 * MB}
VARIABLES = 64 * 1024
"""All values of a deployment together (docs/environment-variables, 2026-06-16)."""
VARIABLES_COUNT = 1000
ROUTES = 2048
CRONS = 100
DAY = 86_400


@dataclass(frozen=True)
class Plan:
    """What differs between plans; None for no limit."""

    functions: int | None
    seconds: int
    memory: int
    regions: int
    cron_seconds: int
    uploads: int
    deployments: int
    rolling: bool
    steps_back: int | None


PLANS: Mapping[str, Plan] = {
    "hobby": Plan(12, 300, 2048, 1, DAY, 5_000, 100, rolling=False, steps_back=1),
    "pro": Plan(None, 1800, 4096, 5, 60, 40_000, 6_000, rolling=True, steps_back=None),
    "enterprise": Plan(None, 1800, 4096, 20, 60, 40_000, 1_000_000, rolling=True, steps_back=None),
}


@dataclass
class Buckets:
    """How many calls of a kind a team has left until when."""

    _left: dict[tuple[str, str], tuple[int, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    overrides: dict[str, int] = field(default_factory=dict)
    """Smaller numbers for a test, by kind."""

    def take(self, team: Team | None, kind: str) -> Pairs:
        """Count one call, and return the fields that say what is left. Raises Refused 429 when nothing is."""
        total, seconds = self._size(team, kind)
        key, now = (team.id if team else "", kind), time.time()
        with self._lock:
            left, until = self._left.get(key, (total, now + seconds))
            left, until = (total, now + seconds) if until <= now else (min(left, total), until)
            self._left[key] = max(0, left - 1), until
        pairs = _said(total, left - 1, until)
        if left <= 0:
            raise _too_many(team, kind, total, until - now, pairs)
        return pairs

    def clear(self) -> None:
        """Begin anew."""
        with self._lock:
            self._left.clear()
            self.overrides.clear()

    def _size(self, team: Team | None, kind: str) -> tuple[int, int]:
        plan = PLANS[team.plan if team else "hobby"]
        total, seconds = {"upload": (plan.uploads, DAY), "deployment": (plan.deployments, DAY)}.get(kind, (6_000, 60))
        return self.overrides.get(kind, total), seconds


def _said(total: int, left: int, until: float) -> Pairs:
    return (("x-ratelimit-limit", str(total)), ("x-ratelimit-remaining", str(max(0, left))), ("x-ratelimit-reset", str(int(until) + 1)))


def _too_many(team: Team | None, kind: str, total: int, seconds: float, pairs: Pairs) -> Refused:
    codes = {"upload": "api-upload-free" if team and team.plan == "hobby" else "api-upload-paid", "deployment": "api-deployments-per-day"}
    wait = max(1, int(seconds) + 1)
    words = f'Too many requests - try again in {wait} seconds (more than {total}, code: "{codes.get(kind, "api-requests")}").'
    limit = {"total": total, "remaining": 0, "reset": int(time.time() + wait)}
    more = {"retryAfter": {"value": wait, "str": f"{wait} seconds"}, "limit": limit}
    return Refused(429, "too_many_requests", words, more, (("retry-after", str(wait)), *pairs))
