"""Vercel's own checks: the limits and habits of its plans, by what they look at."""

from __future__ import annotations

from fnctl.rules.model import Rule
from fnctl_vercel.limits import functions, not_yet, project, sizes, stores, triggers

RULES: tuple[Rule, ...] = (*functions.RULES, *project.RULES, *triggers.RULES, *stores.RULES, *sizes.RULES, *not_yet.RULES)
