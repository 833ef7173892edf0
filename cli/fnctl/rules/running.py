"""The pages of what a run meets: builds, platforms, ledgers, plugins. They are no rules: no manifest is to blame, and nothing turns them off."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from fnctl.dataclass import dataclass
from fnctl.diagnostics import Severity
from fnctl.pattern import later
from fnctl.rules.settings import family

FILE = "errors.md"
"""How the pages of an adapter's own codes are called, beside its plugin module."""
HEADINGS = ("What it says", "Why it happens", "What to do")
GROUPS = {"FN4": "Builds", "FN9": "Runs", "AWS": "AWS", "AZ": "Azure", "VC": "Vercel"}

INDEX = """\
What a command says when it cannot go on, beside what [the rules](rules/README.md) find in a manifest. `fnctl explain CODE` shows
the same in the terminal.

Every one is an error, unless its page says that it is a warning. [exit-codes.md](exit-codes.md) says what was changed until then."""

_PAGE = later(r"^# (?P<code>[A-Z]+[0-9]{3}) (?P<name>[a-z0-9-]+) \((?P<severity>error|warning)\)(?P<modules>[^\n]*)\n\n", re.MULTILINE)
_HEADING = later(r"^(Why it happens|What to do): ", re.MULTILINE)
_COMMANDS = later(r"(?:^  .+\n?)+", re.MULTILINE)
_DOCS = later(r"\bdocs/([a-z-]+\.md)")


@dataclass(frozen=True)
class Trouble:
    """What one code says. `modules` are those that say it, by dotted name: another one means another thing, and needs a code of its own."""

    code: str
    name: str
    severity: Severity
    modules: tuple[str, ...]
    page: str

    @property
    def summary(self) -> str:
        """The first line: what it says, in a sentence or two."""
        return self.page.partition("\n")[0]


@cache
def own() -> tuple[Trouble, ...]:
    """Read fnctl's own pages."""
    return parse(Path(__file__).with_name("running.md").read_text("utf-8"))


def parse(text: str) -> tuple[Trouble, ...]:
    """Read pages: `# CODE name (grade) MODULE...`, a paragraph, `Why it happens: ...`, `What to do: ...`; commands are indented by two."""
    heads = list(_PAGE.finditer(text))
    ends = [*(head.start() for head in heads[1:]), len(text)]
    return tuple(_trouble(head, text[head.end() : end].strip()) for head, end in zip(heads, ends, strict=True))


def _trouble(head: re.Match[str], page: str) -> Trouble:
    return Trouble(head["code"], head["name"], head["severity"], tuple(head["modules"].split()), page)  # type: ignore[arg-type]  # by _PAGE


def sections(trouble: Trouble) -> Mapping[str, str]:
    """Return the text under each heading."""
    first, *rest = _HEADING.split(trouble.page)
    return {HEADINGS[0]: first.strip()} | {heading: text.strip("\n") for heading, text in zip(rest[::2], rest[1::2], strict=True)}


def blocks(text: str) -> list[tuple[bool, str]]:
    """Tell prose and commands apart: (is it commands, text without its indentation)."""
    found, at = list[tuple[bool, str]](), 0
    for commands in _COMMANDS.finditer(text):
        found += [(False, text[at : commands.start()].strip()), (True, re.sub("^  ", "", commands[0].rstrip(), flags=re.MULTILINE))]
        at = commands.end()
    return [(is_command, part) for is_command, part in [*found, (False, text[at:].strip())] if part]


def group(trouble: Trouble) -> str:
    """Say where it comes from, with others of its kind."""
    return next((title for beginning, title in GROUPS.items() if trouble.code.startswith(beginning)), f"{family(trouble.code)}: an adapter's own")


def markdown(troubles: Iterable[Trouble]) -> str:
    """Write docs/errors.md: all of them in tables, then a page for each."""
    groups: dict[str, list[Trouble]] = {}
    for trouble in troubles:
        groups.setdefault(group(trouble), []).append(trouble)
    lines = ["# Errors of a run", "", INDEX, ""]
    for title, members in groups.items():
        lines += [f"## {title}", "", "| code | what it says |", "|---|---|"]
        lines += [f"| [{one.code}](#{one.code.lower()}-{one.name}) | {_linked(one.summary)} |" for one in members]
        lines.append("")
    return "\n".join([*lines, *(_page(one) for members in groups.values() for one in members)])


def _page(trouble: Trouble) -> str:
    parts = [f"## {trouble.code} {trouble.name}"]
    for heading, text in sections(trouble).items():
        lead = f"**{heading}.** " if heading != HEADINGS[0] else "A warning. " if trouble.severity == "warning" else ""
        (_, prose), *rest = blocks(text)
        parts += [lead + _linked(prose), *(f"```sh\n{part}\n```" if is_command else _linked(part) for is_command, part in rest)]
    return "\n\n".join(parts) + "\n"


def _linked(text: str) -> str:
    return _DOCS.sub(r"[\1](\1)", text)
