"""The table in docs/portability.md: what ran where, in what, and that the answers are equal; written anew by FNCTL_UPDATE_GOLDEN=1."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from fnctl.manifest.model import Function
from portable.conftest import DRIVERS, service
from portable.drivers import Running
from portable.test_events import CASES, differences
from portable.test_http import FUNCTIONS, questions, unequal

PAGE = Path(__file__).parents[2] / "docs" / "portability.md"
TABLE = re.compile(r"(?<=<!-- ran -->\n\n)(\|[^\n]*\n)+")


def test_the_table_in_the_docs_is_what_ran(running: Callable[[str], Running]) -> None:
    printed = "\n".join(table(running)) + "\n"
    page = PAGE.read_text("utf-8")
    if os.environ.get("FNCTL_UPDATE_GOLDEN") == "1":
        page = TABLE.sub(lambda _: printed, page)
        PAGE.write_text(page, "utf-8")
    (found,) = TABLE.finditer(page)
    assert found[0] == printed


def table(running: Callable[[str], Running]) -> Iterator[str]:
    """Print one line for each function of the example."""
    there = {target: service(target).functions for target in DRIVERS}
    titles = [f"on {target}" for target in DRIVERS]
    yield f"| function | | {' | '.join(titles)} |"
    yield "|---|---|" + "---|" * len(titles)
    for function in {name: at for functions in there.values() for name, at in functions.items()}.values():
        cells = [cell(target, functions, function.name, running) for target, functions in there.items()]
        yield f"| `{function.name}` | {words(function)} | {' | '.join(cells)} |"


def words(function: Function) -> str:
    """Say how a function is written."""
    kinds = ", ".join(dict.fromkeys(trigger.kind for trigger in function.triggers if trigger.kind != "http"))
    language = "TypeScript" if function.runtime.startswith("nodejs") else "Python"
    return f"`{function.interface}` in {language}{': ' if kinds else ''}{kinds}"


def cell(target: str, there: Mapping[str, Function], function: str, running: Callable[[str], Running]) -> str:
    """Put everything to one function on one platform, and count what came out equal."""
    if function not in there:
        return "not there"
    client = DRIVERS[target].clients["nodejs" if there[function].runtime.startswith("nodejs") else "python"]
    if function in FUNCTIONS:
        return counted(len(questions(function)), len(unequal(running(target), function)), client)
    asked = [name for name, case in CASES.items() if function in case["functions"] and target not in case.get("not", {})]
    return counted(len(asked), sum(bool(differences(running(target), target, name, function)) for name in asked), client)


def counted(asked: int, wrong: int, client: str) -> str:
    """Say how many were equal."""
    return f"{asked - wrong} of {asked} equal, {client}"
