"""Runs rules: each gives what it found, the engine adds its code, severity and target. A rule that fails is a finding, never a crash."""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableMapping
from typing import Any

from fnctl.diagnostics import Diagnostic
from fnctl.rules.alike import sample
from fnctl.rules.held import held
from fnctl.rules.model import Found, Rule, Subject
from fnctl.rules.reading import FIXED
from fnctl.rules.settings import Settings


def run(rules: Iterable[Rule], subject: Subject, settings: Settings | None = None, memo: MutableMapping[Any, Any] | None = None) -> list[Diagnostic]:
    """Run every rule that is for the subject's target, that the settings want, and for which the service holds something of what it needs.

    Without settings, those of the manifest. `memo` is remembered between the targets of one manifest.
    """
    target, chosen = subject.service.target, settings or Settings(subject.service.rules)
    few = sample(subject, {} if memo is None else memo)
    words, fine = held(few), _fine(subject, few, memo)
    found: list[Diagnostic] = []
    for rule in rules:
        if (rule.targets and target not in rule.targets) or (rule.needs and words.isdisjoint(rule.needs)) or not chosen.wants(rule):
            continue
        if rule.code in fine or (rule.alike and few is not subject and not _run(rule, few)):
            continue
        met = _run(rule, subject)
        if rule.alone and not met:
            fine.add(rule.code)
        found += met
    return found


def _fine(subject: Subject, few: Subject, memo: MutableMapping[Any, Any] | None) -> set[str]:
    """Return the codes of rules that look at the service alone and found nothing in it for another target, where that had the same functions."""
    if few is subject or memo is None or subject.service.elsewhere:
        return set()
    known: tuple[Any, set[str]] | None = memo.get(_fine)
    if known is None or known[0] is not few.service.functions:
        known = memo[_fine] = few.service.functions, set[str]()
    return known[1]


def fixed(rules: Iterable[Rule]) -> Callable[[Diagnostic], bool]:
    """Return what tells findings that stay: errors that say what cannot work."""
    codes = {rule.code for rule in rules if rule.fixed}
    return lambda d: d.severity == "error" and (d.code in codes or FIXED.fullmatch(d.code) is not None)


def _run(rule: Rule, subject: Subject) -> list[Diagnostic]:
    target = subject.service.target if rule.targets else None
    try:
        return [_diagnostic(rule, found, target) for found in rule.check(subject)]
    except Exception as error:  # noqa: BLE001  # a rule may be a stranger's: what it raises is a finding, and an error, for nothing was checked
        message = f"the rule {rule.code} failed: {type(error).__name__}: {error}"
        return [Diagnostic("FN965", "error", message, help=f"report it to its authors; until then, without it:\nfnctl validate --ignore {rule.code}")]


def _diagnostic(rule: Rule, found: Found, target: str | None) -> Diagnostic:
    return Diagnostic(rule.code, found.severity or rule.severity, found.message, found.span, found.label, found.notes, found.help, target)
