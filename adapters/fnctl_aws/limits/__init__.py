"""AWS's own checks, by what they look at: the limits of its services for the region, what it does not act on yet, and advice."""

from __future__ import annotations

from fnctl.rules.model import Rule
from fnctl_aws.limits import advice, concurrency, environment, events, functions, habits, http, images, not_yet, resources, sources

RULES: tuple[Rule, ...] = (
    *not_yet.RULES,
    *functions.RULES,
    *images.RULES,
    *environment.RULES,
    *concurrency.RULES,
    *http.RULES,
    *sources.RULES,
    *events.RULES,
    *resources.RULES,
    *advice.RULES,
    *habits.RULES,
)
