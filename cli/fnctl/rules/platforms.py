"""The tables of a platform's page: what differs there, from what its adapter writes down in `abilities.json`, and its rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fnctl.rules import pages
from fnctl.rules.model import Rule

SECTIONS: Mapping[str, str] = {
    "triggers": "trigger `{}`",
    "trigger_options": "trigger `{0}`: `{1}`",
    "resources": "resource `{}`",
    "resource_options": "resource `{0}`: `{1}`",
    "verbs": "`uses`: `{1}` on a {0}",
    "grants": "`uses`: `{1}` on a {0}",
    "functions": "function: `{}`",
    "rollout": "`rollout`: `{}`",
    "steps": "workflow step: `{}`",
    "shared": "everybody's: `{}`",
}
"""How an entry of each section is called, by its key and the key's parts."""

ABLE: Mapping[str, str] = {"no": "**no**", "differs": "differs", "advice": "yes, and"}
_MARKED = re.compile(r"(?<=<!-- differs -->\n)(.*?)(?=<!-- end -->)", re.DOTALL)


def written(page: str, abilities: Mapping[str, Any], rules: Iterable[Rule], target: str) -> str:
    """Put the tables between `<!-- differs -->` and `<!-- end -->` of a page."""
    return _MARKED.sub(lambda _: "\n" + "\n".join(_tables(abilities, rules, target)) + "\n\n", page)


def _tables(abilities: Mapping[str, Any], rules: Iterable[Rule], target: str) -> Iterator[str]:
    yield from ("| the manifest says | there | why | instead |", "|---|---|---|---|")
    for section, words in SECTIONS.items():
        for key, entry in abilities.get(section, {}).items():
            source = abilities["sources"][entry["source"]]
            why = f"{_where(entry)}{entry['why']} ({source['title']}, {source['date']})"
            yield f"| {_called(words, key, entry)} | {ABLE[entry['able']]} | {_cell(why)} | {_cell(entry['instead'])} |"
    yield from ("", "| rule | | finds |", "|---|---|---|")
    for rule in rules:
        if target in rule.targets:
            yield f"| [{rule.code}](../rules/{rule.code}.md) | {rule.severity} | {_cell(pages.summary(rule))} |"


def _called(words: str, key: str, entry: Mapping[str, Any]) -> str:
    said = words.format(key, key) if "." not in key else words.format(*key.split(".", 1))
    values = [f"`{value}`" for value in entry.get("is", ())]
    return f"{said} {' or '.join(values)}" if values else said


def _where(entry: Mapping[str, Any]) -> str:
    if "plans" in entry:
        return f"on {' and '.join(entry['plans'])}: "
    said = entry.get("unless", "")
    if isinstance(said, str):  # a kind of trigger: it stands among the reasons
        return ""
    return f"without {' or '.join(f'`{word}: {str(value).lower()}`' for word, values in said.items() for value in values)}: "


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
