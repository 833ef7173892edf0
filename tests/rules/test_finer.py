"""What one case for each rule does not show: rules that weigh their findings, and days on which they change."""

from __future__ import annotations

from pathlib import Path

import pytest

from rules.cases import Case, check

VERCEL = "targets: { vercel: { plan: pro } }\nfunctions:\n"
AZURE = "targets: { azure: {} }\nfunctions:\n"
POLL = '  poll: { handler: "jobs.py:poll", triggers: [{ schedule: every %s }] }\n'
QUEUES = """\
targets: {{ azure: {{}} }}
resources:
  jobs: {{ type: queue, visibility: 1m, dead_letter: lost{jobs} }}
  lost: {{ type: queue{lost} }}
functions:
  work: {{ handler: "jobs.py:work", triggers: [{{ queue: jobs }}] }}
  fold: {{ handler: "jobs.py:fold", triggers: [{{ {by} }}], dead_letter: lost }}
"""
BUS = ", targets: { azure: { engine: service_bus } }"
API = '  api: { handler: "api.py:app", runtime: %s, triggers: [{ http: GET / }] }\n'
ZONED = '      # %d times: - schedule: { cron: "0 3 * * *", name: z-#, timezone: Europe/Berlin }\n'
PLAIN = '      # %d times: - schedule: { cron: "0 3 * * *", name: p-# }\n'
LIST = "  poll:\n    handler: jobs.py:poll\n    triggers:\n"

CASES = [
    ("VC306", VERCEL + POLL % "7m", "2026-11-26", ["warning"]),
    ("VC306", VERCEL + POLL % "90m", "2026-11-26", []),
    ("VC310", VERCEL + POLL % "90m", "2026-11-26", ["error"]),
    ("VC310", VERCEL + POLL % "2d", "2026-11-26", []),
    ("VC306", VERCEL + POLL % "5h", "2026-11-26", ["warning"]),
    ("VC306", VERCEL + POLL % "30h", "2026-11-26", []),
    ("VC306", VERCEL + POLL % "2d", "2026-11-26", ["warning"]),
    ("VC306", VERCEL + POLL % "1d", "2026-11-26", []),
    ("VC302", VERCEL + LIST + PLAIN % 100 + ZONED % 100, "2026-11-26", []),
    ("VC302", VERCEL + LIST + PLAIN % 100 + ZONED % 101, "2026-11-26", ["error"]),
    ("VC302", VERCEL + LIST + PLAIN % 101 + ZONED % 101, "2026-11-26", ["error", "error"]),
    ("AWS105", "functions:\n" + API % "python3.10", "2026-10-30", []),
    ("AWS105", "functions:\n" + API % "python3.10", "2026-10-31", ["warning"]),
    ("AWS105", "functions:\n" + API % "python3.10", "2026-11-29", ["warning"]),
    ("AWS105", "functions:\n" + API % "python3.10", "2026-11-30", ["error"]),
    ("AWS116", "functions:\n" + API % "python3.10", "2026-10-30", ["advice"]),
    ("AWS116", "functions:\n" + API % "python3.10", "2026-10-31", []),
    ("AZ202", AZURE + API % "python3.10", "2026-10-31", []),
    ("AZ202", AZURE + API % "python3.10", "2026-11-01", ["warning"]),
    ("AZ208", AZURE + API % "python3.10", "2026-10-31", ["advice"]),
    ("AZ109", AZURE.replace("{}", "{ plan: consumption, always_ready: 1 }") + API % "python3.12", "2026-11-26", ["error"]),
    ("AZ109", AZURE.replace("{}", "{ plan: premium, always_ready: 1 }") + API % "python3.12", "2026-11-26", []),
    ("AZ411", AZURE.replace("{}", "{ remote_build: true }") + API % "python3.13", "2026-11-26", []),
    ("AZ411", AZURE.replace("{}", "{ remote_build: true }") + API % "python3.14", "2026-11-26", ["warning"]),
    ("AZ208", AZURE + API % "python3.10", "2026-11-01", []),
    ("AZ208", AZURE + API % "python3.10", "2026-04-30", []),
    ("FN108", QUEUES.format(jobs="", lost="", by="schedule: every 1d"), "2026-11-26", ["advice", "warning"]),
    ("FN108", QUEUES.format(jobs=BUS, lost=BUS, by="schedule: every 1d"), "2026-11-26", []),
    ("AZ315", QUEUES.format(jobs=BUS, lost=BUS, by="schedule: every 1d"), "2026-11-26", ["warning"]),
    ("AZ315", QUEUES.format(jobs=BUS, lost=BUS, by="http: GET /"), "2026-11-26", []),
    ("AZ315", QUEUES.format(jobs=BUS, lost="", by="http: GET /"), "2026-11-26", ["warning"]),
    ("AZ315", QUEUES.format(jobs="", lost="", by="http: GET /"), "2026-11-26", []),
]


@pytest.mark.parametrize(("code", "text", "today", "severities"), CASES, ids=[f"{code}-{index}" for index, (code, *_) in enumerate(CASES)])
def test_how_much_it_weighs(code: str, text: str, today: str, severities: list[str], tmp_path: Path) -> None:
    found, _ = check(Case(text, {"today": today}), tmp_path)
    assert [d.severity for d in found if d.code == code] == severities


@pytest.mark.parametrize(
    ("others", "notes"), [(2, ["f1", "f2"]), (3, ["f1", "f2", "f3"]), (4, ["f1", "f2", "f3", "and 1 more"]), (40, ["f1", "f2", "f3", "and 37 more"])]
)
def test_shared_rights_are_told_of_three_functions(others: int, notes: list[str], tmp_path: Path) -> None:
    more = f'  # {others} times: f#: {{ handler: "a.py:a", triggers: [{{ http: GET /# }}] }}\n'
    text = f'secrets: [KEY]\n{AZURE}  api: {{ handler: "api.py:app", secrets: [KEY], triggers: [{{ http: GET / }}] }}\n{more}'
    (found,) = (d for d in check(Case(text, {"target": "azure"}), tmp_path)[0] if d.code == "AZ407")
    assert [note.removesuffix(" also gets the secret KEY") for note in found.notes[1:]] == notes
