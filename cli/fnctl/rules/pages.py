"""A rule's docstring as a page: the fixed headings in their order, and the limits that it names with their numbers and sources."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from textwrap import dedent

from fnctl.rules.limits import TARGETS, Limit, Limits, Pattern, Runtime, Words, document, load
from fnctl.rules.model import Rule
from fnctl.rules.settings import family

GROUPS = {
    "FN0": "Shape and references",
    "FN1": "Portability",
    "SEC": "Security",
    "ADV": "Good habits",
    "FIT": "When not to use functions",
    "AWS": "AWS",
    "AZ": "Azure",
    "VC": "Vercel",
}
"""What the rules are about, by how their codes begin."""

INDEX = """\
What `fnctl validate` looks for. `fnctl rules` lists them, and `fnctl explain CODE` shows a page in the terminal.

| word | meaning |
|---|---|
| `always` | what cannot work stays an error, whatever is said of it |
| `recommended` | counts unless `rules:` says otherwise |
| `strict` | counts with `rules: { extends: strict }`, or where it is named |

[manifest.md](../manifest.md#findings) says more about choosing. Where a number is contested, its finding is a warning."""

SOURCES = "Sources"
HEADINGS = ("What it does", "Why", "Example", "Use instead", SOURCES)
_HEADING = re.compile(r"^(?:## )?(What it does|Why|Example|Use instead|Sources):?(?:[ \t]+|$)", re.MULTILINE)
_DOCS = re.compile(r"\bdocs/((?:platforms/)?[a-z-]+\.md)")
_LIMIT = re.compile(r"`([a-z0-9_]+(?:\.[a-z0-9_]+)+|nodejs\d+)`")
_ONLY_LIMITS = re.compile(r"(`[a-z0-9_.]+`(,\s+|$))+")


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


@dataclass(frozen=True)
class Fact:
    """A limit that a page names: its number on each plan (a plan without a name has None), where it is from and when that was written."""

    id: str
    target: str
    amounts: Mapping[str | None, str]
    source: str
    date: str
    sure: str

    @property
    def text(self) -> str:
        """Say it in a line: `60 s on hobby, 800 s on pro`; without the plans where all of them have the same."""
        if len(set(self.amounts.values())) == 1 and len(self.amounts) >= len(document(self.target)["plans"]):
            return next(iter(self.amounts.values()))
        return ", ".join(f"{amount} on {plan}" for plan, amount in self.amounts.items())


def every_plan(targets: Iterable[str]) -> list[Limits]:
    """Load the limits of some platforms, one table for each plan; of all that are known where none is named."""
    chosen = [target for target in TARGETS if target in set(targets)] or list(TARGETS)
    return [load(target, plan=plan) for target in chosen for plan in (document(target)["plans"] or [None])]


def facts(rule: Rule, tables: Iterable[Limits]) -> list[Fact]:
    """Look up the limits that a page names in backquotes under `Sources`."""
    return look_up(dict.fromkeys(_LIMIT.findall(sections(rule).get(SOURCES, ""))), tables)


def look_up(ids: Iterable[str], tables: Iterable[Limits]) -> list[Fact]:
    """Find limits by their ids, on every plan of the first platform that has them."""
    found: dict[str, Fact] = {}
    for id_ in ids:
        for limits in tables:
            one = limits.table.get(id_) or limits.patterns.get(id_) or limits.words.get(id_) or limits.runtimes.get(id_)
            if one is not None and (id_ not in found or found[id_].target == limits.target):
                known = found[id_].amounts if id_ in found else {}
                found[id_] = Fact(id_, limits.target, {**known, limits.plan: _says(one)}, one.source, one.date, one.sure)
    return list(found.values())


def _says(one: Limit | Pattern | Words | Runtime) -> str:
    if isinstance(one, Limit):
        return one.amount()
    if isinstance(one, Runtime):
        dates = {"deprecated": one.deprecated, "no new functions": one.create_blocked, "no updates": one.update_blocked}
        named = [f"`{one.platform}`"] if one.platform != one.id else []
        return ", ".join([*named, *(f"{word} from {day}" for word, day in dates.items() if day)]) or "no end is announced"
    return one.means


def group(rule: Rule) -> str:
    """Say what a rule is about, with others of its kind."""
    return next((title for beginning, title in GROUPS.items() if rule.code.startswith(beginning)), f"{family(rule.code)}: a plugin's own")


def counts(rule: Rule) -> str:
    """Say when a rule counts."""
    return "always" if rule.fixed else "with `extends: strict`" if rule.preset == "strict" else "unless `rules:` says otherwise"


def markdown(rule: Rule, tables: Iterable[Limits]) -> str:
    """Write the page of docs/rules/."""
    targets = ", ".join(sorted(rule.targets)) or "every target"
    lines = [f"# {rule.code}: {rule.name}", "", f"{rule.severity.capitalize()} · {targets} · counts {counts(rule)} · [all rules](README.md)", ""]
    return "\n".join([*lines, _DOCS.sub(r"[\1](../\1)", body(rule, tables))])


def body(rule: Rule, tables: Iterable[Limits]) -> str:
    """Write the sections of a page as Markdown, with the limits that it rests on."""
    texts, lines = sections(rule), list[str]()
    for heading in HEADINGS:
        text, found = (texts.get(heading, ""), []) if heading != SOURCES else sources(rule, tables)
        block = f"```yaml fragment\n{text}\n```" if heading in HEADINGS[2:4] and code(text) else text
        bullets = "\n".join(f"- {fact}" for fact in found)
        if text or found:
            lines += [f"## {heading}", "", *(f"{part}\n" for part in (block, bullets) if part)]
    return "\n".join(lines)


def sources(rule: Rule, tables: Iterable[Limits]) -> tuple[str, list[str]]:
    """Return what stands under `Sources`, and a line for each limit that it names. Where it names limits only, the lines say it all."""
    text = sections(rule).get(SOURCES, "")
    found = [f"`{fact.id}`: {fact.text} ({fact.source}, {fact.date})" for fact in facts(rule, tables)]
    return ("" if found and _ONLY_LIMITS.fullmatch(text) else text), found


def index(rules: Iterable[Rule]) -> str:
    """Write the first page of docs/rules/: every rule, under what it is about."""
    groups: dict[str, list[Rule]] = {}
    for rule in rules:
        groups.setdefault(group(rule), []).append(rule)
    lines = ["# Rules", "", INDEX, ""]
    for title, members in groups.items():
        lines += [f"## {title}", "", "| code | grade | counts | what it does |", "|---|---|---|---|"]
        lines += [f"| [{r.code}]({r.code}.md) | {r.severity} | {'always' if r.fixed else r.preset} | {summary(r)} |" for r in members]
        lines.append("")
    return "\n".join(lines)
