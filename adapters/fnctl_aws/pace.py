"""How fast each AWS control plane may be asked: token buckets shared by all threads of a run, slowed by a throttle and slowly recovered."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

RECOVERY = 0.05
"""Share of the full rate that a slowed bucket wins back per second: a halved one is itself again after ten quiet seconds."""
FLOOR = 1 / 16
"""Share of the full rate below which no number of throttles pushes a bucket."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Calls a second for some operations of one service; `operations` empty means every other one. A `rate` of None is unpaced."""

    service: str
    operations: frozenset[str]
    rate: float | None
    burst: float = 1.0


def _of(names: str) -> frozenset[str]:
    return frozenset(names.split())


# The first match counts. Where AWS states a bucket (rate and burst) we stay a little inside it; where it states a bare rate, rate and burst together
# stay within it, so that a server that counts in windows of one second never sees more than it allows.
RATES: tuple[Rate, ...] = (
    # Lambda quotas (Developer Guide, 2026): GetFunction 100/s, GetPolicy 15/s, all other control plane calls 15/s together. Invocations are not
    # control plane calls.
    Rate("lambda", _of("invoke invoke_async invoke_with_response_stream"), None),
    Rate("lambda", _of("get_function"), 90.0, burst=9.0),
    Rate("lambda", _of("get_policy"), 14.9),
    Rate("lambda", frozenset(), 14.9),
    # API Gateway quotas (Developer Guide, 2026): all control operations 10/s, burst 40.
    Rate("apigatewayv2", frozenset(), 9.5, burst=38.0),
    # IAM publishes none; steady writes are throttled at 15 to 20 a second [unsure]. What is unsure does not hold a deploy back: the burst is
    # generous, and a throttle halves the rate.
    Rate("iam", frozenset(), 20.0, burst=200.0),
    # CloudWatch Logs: CreateLogGroup and its neighbours 10/s [unsure], so likewise; reading has a quota of its own.
    Rate("logs", _of("filter_log_events get_log_events"), 9.5, burst=5.0),
    Rate("logs", frozenset(), 9.5, burst=150.0),
    # EventBridge Scheduler quotas (2026): group calls 10/s; schedules 250/s outside the primary regions.
    Rate("scheduler", _of("create_schedule_group delete_schedule_group get_schedule_group list_schedule_groups"), 9.5),
    Rate("scheduler", _of("tag_resource untag_resource list_tags_for_resource"), 9.5),
    Rate("scheduler", frozenset(), 200.0, burst=20.0),
    # Step Functions quotas (2026): DescribeStateMachine bucket 200 + 20/s; create, update, delete, publish, tag: bucket 100 + 1/s.
    Rate("stepfunctions", _of("describe_state_machine describe_state_machine_alias list_state_machine_versions"), 19.0, burst=190.0),
    Rate("stepfunctions", _of("start_execution start_sync_execution describe_execution stop_execution"), None),
    Rate("stepfunctions", frozenset(), 0.95, burst=95.0),
    # SNS quotas: Subscribe and Unsubscribe 100/s.
    Rate("sns", _of("subscribe unsubscribe"), 95.0, burst=5.0),
    # Systems Manager: PutParameter 3/s and reads 40/s by default [unsure].
    Rate("ssm", _of("put_parameter delete_parameter add_tags_to_resource"), 3.0, burst=3.0),
    Rate("ssm", frozenset(), 38.0, burst=5.0),
)


class Bucket:
    """Tokens that come back at `rate` a second, at most `burst` of them. Threads are served in the order they asked."""

    def __init__(
        self, rate: float, burst: float = 1.0, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        """Start full."""
        self.full_rate = self.rate = rate
        self._burst, self._tokens = burst, burst
        self._clock, self._sleep = clock, sleep
        self._at = self._slowed = clock()
        self._lock = threading.Lock()

    def take(self) -> None:
        """Wait for a token. It is reserved at once, so that waiting threads neither race nor starve."""
        with self._lock:
            self._refill()
            self._tokens -= 1
            wait = -self._tokens / self.rate
        if wait > 0:
            self._sleep(wait)

    def slow(self) -> None:
        """Halve the rate after a throttle; the throttles of one burst count once."""
        with self._lock:
            self._refill()
            if self.rate == self.full_rate or self._at - self._slowed >= 1.0:
                self.rate = max(self.rate / 2, self.full_rate * FLOOR)
                self._slowed = self._at

    def _refill(self) -> None:
        now = self._clock()
        passed, self._at = now - self._at, now
        self._tokens = min(self._burst, self._tokens + passed * self.rate)
        self.rate = min(self.full_rate, self.rate + passed * RECOVERY * self.full_rate)


class Pace:
    """The buckets of one run, by service and operation."""

    def __init__(self, rates: Iterable[Rate] | None = None) -> None:
        """Fill one bucket for every paced row; no rows, no pacing."""
        self._rows = [(rate, Bucket(rate.rate, rate.burst) if rate.rate else None) for rate in (RATES if rates is None else rates)]

    def bucket(self, service: str, operation: str) -> Bucket | None:
        """Return the bucket that an operation (`create_function`) draws from, None when it is unpaced."""
        for rate, bucket in self._rows:
            if rate.service == service and (not rate.operations or operation in rate.operations):
                return bucket
        return None
