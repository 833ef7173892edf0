"""What every test run shares: no accidental cloud, and an honest account of what was skipped."""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import settings

# The same draws in every run, however slow the machine: a change is not blamed for what it did not break. What is new is looked for by scripts/fuzz,
# with the same laws.
settings.register_profile("fnctl", derandomize=True, deadline=None)
settings.load_profile("fnctl")

# Tests speak to loopback only. What the machine knows of real accounts is taken away before the first import can read it.
CREDENTIALS = re.compile(r"(AWS|AZURE|VERCEL|FNCTL)_")
KEPT = re.compile(r"FNCTL_(PYTHON|NODE)_\d|FNCTL_UPDATE_GOLDEN$|FNCTL_FULL$|AWS_CA_BUNDLE$")
INTERPRETER = re.compile(r"\b(python|node|interpreter)\b", re.IGNORECASE)

ROOT = Path(__file__).parents[1]


def pytest_configure() -> None:
    """Take credentials out of the environment and point the SDKs' own files at nothing."""
    for name in [name for name in os.environ if CREDENTIALS.match(name) and not KEPT.match(name)]:
        del os.environ[name]
    os.environ.update(AWS_EC2_METADATA_DISABLED="true", AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


def reasons(skipped: list[pytest.TestReport]) -> Counter[str]:
    """Count skips by reason."""
    return Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skipped if isinstance(report.longrepr, tuple))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """End with a table of what was not tested, and why."""
    counts = reasons(terminalreporter.stats.get("skipped", []))
    if hasattr(config, "workerinput") or not counts:
        return
    terminalreporter.section("not tested")
    for reason, count in counts.most_common():
        terminalreporter.write_line(f"{count:5}  {reason}")
    if failing(counts):
        terminalreporter.write_line(
            "CI=true: a test that was skipped for want of an interpreter is a failure (scripts/setup finds or makes one)", red=True
        )


def failing(counts: Counter[str]) -> bool:
    """Tell whether a skip fails the run: in CI one for want of an interpreter does, for then the machine is set up wrongly."""
    return os.environ.get("CI") == "true" and any(INTERPRETER.search(reason) for reason in counts)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run that skipped what it must not."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if hasattr(session.config, "workerinput") or reporter is None:
        return
    if failing(reasons(reporter.stats.get("skipped", []))) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
