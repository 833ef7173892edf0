"""Whole screens, 80 columns, no colour: from values to text."""

from __future__ import annotations

import pytest

from cli import samples
from cli.conftest import golden
from fnctl.errors import Exit
from fnctl.plugins import Described
from fnctl.results import Result, Shown
from fnctl.views import document, plan, tables
from fnctl.views.progress import Lines
from fnctl.views.theme import painter

PLAIN = painter(color=False)
NOT_YET = "not yet: it validates and builds, and does not deploy"
PLUGINS = [
    Described("aws", "adapter", "fnctl-cli", "0.1.0", ("fnctl_adapter",), ready=True),
    Described("azure", "adapter", "fnctl-cli", "0.1.0", ("fnctl_adapter",), ready=False, note=NOT_YET),
    Described("policy", "plugin", "acme-policy", "2.0", (), ready=False, error="ImportError: no module named acme"),
]
SHOWN = Shown(
    "aws",
    {
        "name": "orders",
        "functions": {
            "api": {"memory": 512, "env": {"ON": "yes", "URL": "https://x"}, "triggers": [{"kind": "http", "deep": [[1]]}, "plain"], "uses": {}}
        },
        "secrets": ["KEY"],
    },
    {"functions.api.memory": "fnctl.yaml:6:42 (defaults)", "functions.api.env": "fnctl.yaml:9:10 (functions.api)"},
)

SCREENS = {
    "plan": plan.render(samples.PLAN, color=False, width=80),
    "plan-ascii": plan.render(samples.plan(samples.CHANGES[8]), color=False, width=80, unicode=False),
    "plan-empty": plan.render(samples.plan(unchanged=9), color=False, width=80),
    "plan-shared": plan.render(samples.SHARED, color=False, width=80),
    "plan-colour": plan.render(samples.plan(samples.CHANGES[4], samples.CHANGES[10], unchanged=1), color=True, width=80),
    "status": tables.status(samples.STATUS, PLAIN),
    "build": tables.build(samples.BUILT, PLAIN),
    "history": tables.history(samples.HISTORY, PLAIN),
    "history-empty": tables.history([], PLAIN),
    "outputs": tables.outputs(samples.OUTPUTS, PLAIN),
    "secrets": tables.secrets({"STRIPE_KEY": "3", "SIGNING_KEY": None}, PLAIN),
    "plugins": tables.plugins(PLUGINS, PLAIN),
    "logs": "\n".join(tables.log_line(line, width=8, paint=PLAIN) for line in samples.LOGS),
    "reply": tables.reply(samples.REPLY, PLAIN),
    "timings": tables.timings({"plan": 0.2, "apply": 12.5, "calls": 41.0}, PLAIN),
    "show": document.render([SHOWN], PLAIN, explain=True),
    "sandbox": tables.sandbox(
        {"pid": 7, "endpoint": "http://127.0.0.1:1", "started": 1.0, "log": "x.log", "differences": ["IAM decides nothing."]}, PLAIN
    ),
    "exports": tables.exports({"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "ODD": "two words"}),
    "closing": "\n\n".join(
        tables.closing(result, PLAIN, 62.0)
        for result in (
            samples.DEPLOYED,
            samples.STOPPED,
            samples.RESTORED,
            Result("restored", Exit.OK, 8, restores=5),
            Result("unchanged", Exit.OK, 7),
            Result("destroyed", Exit.OK, kept=("bucket/uploads",)),
            Result("destroyed", Exit.OK),
            Result("cancelled", Exit.FINDINGS),
        )
    ),
}


@pytest.mark.parametrize("name", SCREENS)
def test_screen(name: str) -> None:
    golden(name, SCREENS[name] + "\n")


@pytest.mark.parametrize("verbose", [False, True], ids=["plain", "verbose"])
def test_progress_lines(verbose: bool) -> None:
    said: list[str] = []
    lines = Lines(said.append, verbose=verbose)
    for event in samples.EVENTS:
        lines(event)
    golden(f"progress{'-verbose' if verbose else ''}", "\n".join(said) + "\n")


def test_no_url_is_ever_broken() -> None:
    for name in ("status", "outputs"):
        assert any(samples.URL in line for line in SCREENS[name].splitlines()), name


def test_a_secret_is_shown_as_a_hash_that_changes_with_it() -> None:
    line = next(line for line in SCREENS["plan"].splitlines() if "SIGNING_KEY" in line)
    before, after = (word for word in line.split() if word.startswith("sha:"))
    assert before != after
    assert samples.SECRET not in SCREENS["plan"]


def test_a_log_line_cannot_steer_the_terminal() -> None:
    assert "\x1b" not in SCREENS["reply"]


def test_only_the_wide_table_of_a_plan_is_cut_to_the_width() -> None:
    addresses = {change.address for change in samples.PLAN.changes}
    assert all(len(line) <= 80 for line in SCREENS["plan"].splitlines() if not any(a in line for a in addresses))
