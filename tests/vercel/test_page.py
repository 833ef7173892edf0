"""The page about Vercel holds the table that the adapter's own data gives. FNCTL_UPDATE_GOLDEN=1 writes it anew."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fnctl_vercel.plugin import Vercel

PAGE = Path(__file__).parents[2] / "docs" / "platforms" / "vercel.md"
TABLE = re.compile(r"(?<=<!-- abilities -->\n).*?(?=<!-- /abilities -->)", re.DOTALL)
WORDS = {
    "triggers": "a trigger `{}`",
    "resources": "a `{}`",
    "verbs": "`uses: {}`",
    "grants": "`uses: {}`",
    "shared": "rights of its own for each function",
    "trigger_options": "`{}` of a trigger",
    "resource_options": "`{}`",
    "functions": "`{}` of a function",
    "beta": "a {}",
    "steps": "a step that runs {}",
}
WHAT = {"no": "refused", "differs": "differs", "advice": "differs"}


def rows(found: dict[str, Any]) -> Iterator[str]:
    for section, entries in found.items():
        if section in ("title", "sources"):
            continue
        for key, entry in entries.items():
            what = WORDS[section].format(key.replace(".", " ") if section in ("trigger_options", "resource_options") else key)
            yield f"| {what} | {WHAT[entry['able']]} | {entry['why']} | {entry['instead']} |"


def test_the_table_of_what_it_cannot_do_is_the_adapters_own() -> None:
    found: Any = Vercel().abilities()
    table = "\n".join(("| what a manifest can say | here | why | instead |", "|---|---|---|---|", *rows(found))) + "\n"
    text = PAGE.read_text("utf-8")
    if os.environ.get("FNCTL_UPDATE_GOLDEN") == "1":
        PAGE.write_text(TABLE.sub(lambda _: table, text), "utf-8")
        text = PAGE.read_text("utf-8")
    written = TABLE.search(text)
    assert written is not None
    assert written[0] == table
