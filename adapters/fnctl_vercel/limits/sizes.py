"""Sizes of what was built for Vercel."""

from __future__ import annotations

from collections.abc import Iterator

from fnctl.rules.breach import oversize
from fnctl.rules.model import Found, Measured, Rule, Subject, rule

SHOWN = 5


@rule("VC401", "error", "vercel", needs="built")
def bundle_too_large(subject: Subject) -> Iterator[Found]:
    """Find functions, after a build, that are over the platform's size unpacked.

    `fnctl validate --built` measures them.

    Why: 250 MB for Node, 500 MB for Python. New projects have a beta up to 5 GB, so that much is a warning; what is over it fails.

    Example:
        targets: { vercel: {} }
        functions:
          api: { handler: "api.py:api", triggers: [{ http: GET / }], include: ["models/**"] }

    Use instead: `exclude` for what the code does not read; models and other data from a bucket.

    Sources: vercel.com/docs/functions/limitations, 2026-07-01; `function.size.beta`
    """
    beta = subject.limits["function.size.beta"]
    for built in (one for artifact in subject.built.values() for one in _functions(artifact)):
        runtimes = {subject.service.functions[name].runtime for name in built.functions if name in subject.service.functions}
        family = "nodejs" if any(runtime.startswith("nodejs") for runtime in runtimes) else "python"
        limit = subject.limits[f"function.size.{family}"]
        if built.unpacked_size > limit.in_bytes():
            help = "`exclude` what the code does not read; keep data in a bucket"
            found = oversize(subject, limit, built, built.unpacked_size, help)
            from dataclasses import replace  # few come here

            yield replace(found, severity="warning") if built.unpacked_size <= beta.in_bytes() else found


def _functions(built: Measured) -> Iterator[Measured]:
    """Take an output apart: the limit is for each of its functions. Anything else counts as one."""
    found: dict[str, list[tuple[str, int]]] = {}
    for path, size in built.members:
        place, mark, inside = path.partition(".func/")
        if mark:
            found.setdefault(place, []).append((inside, size))
    for place, members in found.items():
        name = place.removeprefix("functions/").removeprefix("_fnctl/").partition("/")[0]
        yield Measured((name,), built.size, sum(size for _, size in members), tuple(members[:SHOWN]))
    if not found:
        yield built


RULES: tuple[Rule, ...] = (bundle_too_large,)
