"""Azure's own checks: the limits and habits of its plans, by what they look at."""

from __future__ import annotations

from fnctl.rules.model import Rule
from fnctl_azure.limits import apps, engines, functions, not_yet, rollout, settings, sharing, sizes, triggers

RULES: tuple[Rule, ...] = (
    *functions.RULES,
    *settings.RULES,
    *triggers.RULES,
    *apps.RULES,
    *engines.RULES,
    *sharing.RULES,
    *sizes.RULES,
    *rollout.RULES,
    *not_yet.RULES,
)
