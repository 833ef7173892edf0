"""One sandbox for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fnctl_aws.sandbox import AwsSandbox, sandbox
from sandbox.account import Account

CANARY = {"FNCTL_CANARY": "canary-7f3a", "AWS_ACCESS_KEY_ID": "AKIAREALREALREAL", "AWS_SECRET_ACCESS_KEY": "real-secret", "AWS_PROFILE": "real"}


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsSandbox]:
    """A sandbox started on a machine that holds secrets, which no function may see."""
    folder = tmp_path_factory.mktemp("service")
    with pytest.MonkeyPatch.context() as machine:
        for name, value in CANARY.items():
            machine.setenv(name, value)
        made = sandbox(folder)
        assert isinstance(made, AwsSandbox)
        made.build_target("python3.11", "x86_64")
        made.build_target("nodejs20", "x86_64")
        made.start(lambda _sentence: None)
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="session")
def account(running: AwsSandbox) -> Account:
    return Account(running.start(lambda _sentence: None))
