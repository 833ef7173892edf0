"""The rules, what a run meets, and the words of the manifest, for people and for machines."""

from __future__ import annotations

import dataclasses
import json
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fnctl.manifest.words import Word, spelt
from fnctl.rules import pages, running
from fnctl.rules.limits import Limits
from fnctl.rules.model import Rule
from fnctl.views.machine import document
from fnctl.views.tables import columns
from fnctl.views.theme import Paint, count

_NO_TEXT = re.compile(r"^```.*\n|^```$", re.MULTILINE)
_MOST = 4
"""Further places of a key that are named; the rest is counted."""


@dataclass(frozen=True)
class Ability:
    """What a platform makes of a key: `yes`, `no`, `differs` or `advice`; why, what to use instead, and the limits that it has for it."""

    target: str
    able: str = "yes"
    why: str = ""
    instead: str = ""
    limits: tuple[pages.Fact, ...] = ()


def table(rules: Sequence[Rule], paint: Paint) -> str:
    """A line for each rule, under what it is about."""
    groups: dict[str, list[Rule]] = {}
    for rule in rules:
        groups.setdefault(pages.group(rule), []).append(rule)
    headings = ("CODE", "GRADE", "ON", "COUNTS", "WHAT IT DOES")
    parts = []
    for title, group in groups.items():
        rows = [(rule.code, rule.severity, _on(rule), _counts(rule), pages.summary(rule)) for rule in group]
        parts.append("\n".join([paint(f"{title} ({len(group)})", "bold"), *columns(headings, rows, paint)]))
    return "\n\n".join(parts)


def _on(rule: Rule) -> str:
    return ", ".join(sorted(rule.targets)) or "all"


def _counts(rule: Rule) -> str:
    return "always" if rule.fixed else rule.preset


def rules_document(rules: Iterable[Rule]) -> dict[str, Any]:
    """fnctl/rules/1: one entry for each rule."""
    return document("rules", {"rules": [_entry(rule) for rule in rules]})


def _entry(rule: Rule) -> dict[str, Any]:
    head = {"code": rule.code, "name": rule.name, "severity": rule.severity, "preset": rule.preset, "fixed": rule.fixed}
    return {**head, "targets": sorted(rule.targets), "group": pages.group(rule), "summary": pages.summary(rule)}


def explained(rule: Rule, tables: Sequence[Limits], paint: Paint, width: int) -> str:
    """One rule's page: what it does, why, an example, what to use instead, and the limits that it rests on."""
    head = paint(f"{rule.code}: {rule.name}", "bold")
    line = f"{paint(rule.severity, rule.severity)}, on {', '.join(sorted(rule.targets)) or 'every target'}; counts {pages.counts(rule)}"
    texts = pages.sections(rule)
    parts = [f"{head}\n{line}", _text(texts[pages.HEADINGS[0]], width)]
    for heading in pages.HEADINGS[1:]:
        text, facts = (texts.get(heading, ""), []) if heading != pages.SOURCES else pages.sources(rule, tables)
        block = "\n".join([*([_text(text, width - 2)] if text else []), *(_wrapped(f"- {fact}", width - 2, "  ") for fact in facts)])
        parts += [paint(heading, "bold") + "\n" + textwrap.indent(block, "  ")] if block else []
    return "\n\n".join(parts)


def rule_document(rule: Rule, tables: Sequence[Limits]) -> dict[str, Any]:
    """fnctl/explain/1 of a rule."""
    limits = [_limit(fact) for fact in pages.facts(rule, tables)]
    page = {heading.lower().replace(" ", "_"): text for heading, text in pages.sections(rule).items()}
    return document("explain", {"rule": {**_entry(rule), "page": page, "limits": limits}, "error": None, "keys": []})


def trouble(one: running.Trouble, paint: Paint, width: int) -> str:
    """What a run met: what it says, why, and what to do; commands as they are typed."""
    first, *rest = running.sections(one).items()
    parts = [f"{paint(f'{one.code}: {one.name}', 'bold')}\n{paint(one.severity, one.severity)} of a run", _wrapped(first[1], width)]
    for heading, text in rest:
        shown = (textwrap.indent(part, "  ") if is_command else _wrapped(part, width - 2) for is_command, part in running.blocks(text))
        parts.append(paint(heading, "bold") + "\n" + textwrap.indent("\n".join(shown), "  "))
    return "\n\n".join(parts)


def trouble_document(one: running.Trouble) -> dict[str, Any]:
    """fnctl/explain/1 of what a run met."""
    page = {heading.lower().replace(" ", "_"): text for heading, text in running.sections(one).items()}
    head = {"code": one.code, "name": one.name, "severity": one.severity, "group": running.group(one), "summary": one.summary}
    return document("explain", {"rule": None, "error": {**head, "page": page}, "keys": []})


def _limit(fact: pages.Fact) -> dict[str, Any]:
    return {**dataclasses.asdict(fact), "amounts": [{"plan": plan, "text": text} for plan, text in fact.amounts.items()]}


def key(word: Word, abilities: Sequence[Ability], paint: Paint, width: int) -> str:
    """One key of the manifest: what it is for, what may stand there, and which platforms keep it."""
    kind = f" (of a {word.kind})" if word.kind else ""
    parts = [paint(word.where, "bold") + kind, _wrapped(str(word.first("description") or ""), width)]
    facts = [*_facts(word), *(("also at", spelt(path)) for path in word.also[:_MOST])]
    facts += [("", f"and {count(len(word.also) - _MOST, 'more place')}")] if len(word.also) > _MOST else []
    facts += [(ability.target, _able(ability)) for ability in abilities]
    column = max(len(name) for name, _ in facts)
    rows = [_wrapped(f"{name.ljust(column)}  {text}", width, " " * (column + 2)) for name, text in facts]
    return "\n\n".join([*(part for part in parts if part), "\n".join(rows)])


def _facts(word: Word) -> list[tuple[str, str]]:
    found = [("type", " or ".join(word.types) + (", needed" if word.required else ""))]
    found += [("values", ", ".join(map(_plain, word.values)))] if word.values else []
    found += [("default", _plain(default))] if (default := word.first("default")) is not None else []
    found += [("form", str(says))] if (says := word.first("errorMessage")) else []
    found += [("example", _plain(one)) for one in (word.first("examples") or ())[:2]]
    return found


def _able(ability: Ability) -> str:
    said = ability.able + (f": {ability.why}; {ability.instead}" if ability.why else "")
    return "; ".join([said, *(f"`{fact.id}` {fact.text}" for fact in ability.limits)])


def keys_document(found: Iterable[tuple[Word, Sequence[Ability]]]) -> dict[str, Any]:
    """fnctl/explain/1 of keys."""
    return document("explain", {"rule": None, "error": None, "keys": [_key(word, abilities) for word, abilities in found]})


def _key(word: Word, abilities: Sequence[Ability]) -> dict[str, Any]:
    says: Mapping[str, Any] = {
        name: word.first(keyword)
        for name, keyword in (("description", "description"), ("default", "default"), ("form", "errorMessage"), ("pattern", "pattern"))
    }
    head = {"path": word.where, "kind": word.kind, "also": [spelt(path) for path in word.also], "types": list(word.types), "required": word.required}
    rest = {"values": list(word.values), "examples": list(word.first("examples") or ())}
    return {**head, **says, **rest, "targets": [_target(ability) for ability in abilities]}


def _target(ability: Ability) -> dict[str, Any]:
    return {**dataclasses.asdict(ability), "limits": [_limit(fact) for fact in ability.limits]}


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _text(text: str, width: int) -> str:
    """Wrap prose; a piece of a manifest stays as it is."""
    blocks = _NO_TEXT.sub("", text).split("\n\n")
    return "\n\n".join(block if pages.code(block) or block.startswith(" ") else _wrapped(block, width) for block in blocks).strip("\n")


def _wrapped(text: str, width: int, indent: str = "") -> str:
    text = text if indent else " ".join(text.split())
    return textwrap.fill(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
