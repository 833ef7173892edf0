"""A rule's docstring as a page: the fixed headings in their order, and the limits that it names with their numbers and sources."""

from __future__ import annotations

import re
from collections.abc import Mapping
from textwrap import dedent

from fnctl.rules.limits import Limit, Limits, Runtime
from fnctl.rules.model import Rule

HEADINGS = ("What it does", "Why", "Example", "Use instead", "Sources")
_HEADING = re.compile(r"^(?:## )?(What it does|Why|Example|Use instead|Sources):?(?:[ \t]+|$)", re.MULTILINE)
_LIMIT = re.compile(r"`([a-z0-9_]+(?:\.[a-z0-9_]+)+)`")


def summary(rule: Rule) -> str:
    """Return the first line: what the rule does, in one sentence."""
    return rule.page.partition("\n")[0].strip()


def sections(rule: Rule) -> Mapping[str, str]:
    """Return the text under each heading. `What it does` is what stands before the first one, unless it has its own."""
    parts = _HEADING.split(rule.page)
    found = {HEADINGS[0]: parts[0].strip()}
    for heading, text in zip(parts[1::2], parts[2::2], strict=True):
        body = text.strip("\n").rstrip()
        found[heading] = dedent(body) if body.startswith(" ") else body
        if heading == HEADINGS[0]:
            found[heading] = f"{parts[0].strip()}\n\n{found[heading]}"
    return found


def code(text: str) -> bool:
    """Tell whether a section is a piece of a manifest, and not prose."""
    return bool(re.match(r"(?:#[^\n]*\n)*[a-z]+:(?:\s|$)", text))


def named(text: str, limits: Limits) -> dict[str, str]:
    """Say of each limit that a text names in backquotes what it is, where it is from and when that was written."""
    found: dict[str, str] = {}
    for id_ in dict.fromkeys(_LIMIT.findall(text)):
        fact = limits.table.get(id_) or limits.patterns.get(id_) or limits.words.get(id_) or limits.runtimes.get(id_)
        if fact is not None:
            source = f"{fact.source} ({fact.date})" if fact.date else fact.source
            says = fact.amount() if isinstance(fact, Limit) else fact.platform if isinstance(fact, Runtime) else fact.means
            found[id_] = f"{says}; {source}"
    return found


def markdown(rule: Rule, limits: Limits | None) -> str:
    """Write the page of docs/rules/."""
    targets = ", ".join(sorted(rule.targets)) or "every target"
    how = "always counts" if rule.fixed else "only with `extends: strict`" if rule.preset == "strict" else "counts unless `rules:` says otherwise"
    lines = [f"# {rule.code}: {rule.name}", "", f"{rule.severity.capitalize()} · {targets} · {how}", ""]
    texts = sections(rule)
    for heading in HEADINGS:
        text = texts.get(heading, "")
        block = f"```yaml fragment\n{text}\n```" if heading in HEADINGS[2:4] and code(text) else text
        lines += [f"## {heading}", "", block, ""]
    facts = named(texts.get("Sources", ""), limits) if limits else {}
    if facts:
        lines += [*(f"- `{id_}`: {text}" for id_, text in facts.items()), ""]
    return "\n".join(lines)
