"""The rules that every target shares."""

from __future__ import annotations

from fnctl.rules import fitness, habits, once, overrides, portability, references, security
from fnctl.rules.model import Rule

RULES: tuple[Rule, ...] = (
    *references.RULES,
    *once.RULES,
    overrides.unknown_limit,
    overrides.fixed_limit,
    *portability.RULES,
    *security.RULES,
    *fitness.RULES,
    *habits.RULES,
)
