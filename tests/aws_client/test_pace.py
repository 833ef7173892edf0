from __future__ import annotations

import pytest

from aws_client.stub import most_in_a_window
from fnctl_aws.pace import RATES, Bucket, Pace


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def taken(bucket: Bucket, clock: Clock, count: int) -> list[float]:
    times = []
    for _ in range(count):
        bucket.take()
        times.append(clock.now)
    return times


@pytest.mark.parametrize(("rate", "burst", "allowed"), [(14.9, 1, 15), (9.5, 1, 10), (9.5, 38, 48), (90.0, 1, 91)])
def test_no_window_of_a_second_sees_more_than_the_quota(rate: float, burst: float, allowed: int) -> None:
    clock = Clock()
    assert most_in_a_window(taken(Bucket(rate, burst, clock=clock, sleep=clock.sleep), clock, 200)) <= allowed


def test_a_burst_goes_at_once_and_the_rest_at_the_rate() -> None:
    clock = Clock()
    times = taken(Bucket(10, 5, clock=clock, sleep=clock.sleep), clock, 25)
    assert times[4] == 100.0
    assert times[24] == pytest.approx(102.0)


def test_a_throttle_halves_the_rate_and_quiet_seconds_bring_it_back() -> None:
    clock = Clock()
    bucket = Bucket(10, clock=clock, sleep=clock.sleep)
    for _ in range(16):
        bucket.slow()  # one burst of throttles counts once
    assert bucket.rate == 5
    clock.sleep(5)
    bucket.take()
    assert bucket.rate == pytest.approx(7.5)
    clock.sleep(60)
    bucket.take()
    assert bucket.rate == 10


def test_no_number_of_throttles_stops_it() -> None:
    clock = Clock()
    bucket = Bucket(16, clock=clock, sleep=clock.sleep)
    for _ in range(100):
        bucket.slow()
        clock.sleep(1.0)
    assert bucket.rate >= 1


@pytest.mark.parametrize(
    ("service", "operation", "rate"),
    [
        ("lambda", "create_function", 14.9),
        ("lambda", "list_tags", 14.9),
        ("lambda", "get_function", 90.0),
        ("lambda", "get_policy", 14.9),
        ("lambda", "invoke", None),
        ("apigatewayv2", "get_apis", 9.5),
        ("iam", "create_role", 20.0),
        ("scheduler", "create_schedule_group", 9.5),
        ("scheduler", "create_schedule", 200.0),
        ("s3", "put_object", None),
        ("sts", "get_caller_identity", None),
    ],
)
def test_each_operation_has_its_bucket(service: str, operation: str, rate: float | None) -> None:
    bucket = Pace().bucket(service, operation)
    assert (bucket.full_rate if bucket else None) == rate


def test_get_function_and_the_rest_do_not_share() -> None:
    pace = Pace()
    assert pace.bucket("lambda", "get_function") is not pace.bucket("lambda", "create_function")
    assert pace.bucket("lambda", "create_function") is pace.bucket("lambda", "list_tags")


def test_the_rows_name_operations_that_exist() -> None:
    from botocore import xform_name
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    for row in RATES:
        model = ServiceModel(Loader().load_service_model(row.service, "service-2"))
        assert row.operations <= {xform_name(name) for name in model.operation_names}, row
