"""Sizes of what was built for Azure."""

from __future__ import annotations

from collections.abc import Iterator

from fnctl.rules.breach import oversize
from fnctl.rules.model import Found, Rule, Subject, rule


@rule("AZ501", "error", "azure", needs="built")
def package_too_large(subject: Subject) -> Iterator[Found]:
    """Find packages, after a build, that the plan cannot run.

    `fnctl validate --built` measures them.

    Why: A package over 1 GB cannot be run from. On Flex no number is published, and its temporary storage of 0.8 GB holds no more.

    Example:
        targets: { azure: {} }
        functions:
          api: { handler: "api.py:api", triggers: [{ http: GET / }], include: ["models/**"] }

    Use instead: `exclude` for what the code does not read; models and other data from a bucket.

    Sources: Run your functions from a package file in Azure, 2026-01; Azure Functions hosting options, 2026-09-16;
    `functions.package`, `functions.package.flex`
    """
    for built in subject.built.values():
        packed, unpacked = subject.limits.get("functions.package"), subject.limits.get("functions.package.flex")
        for limit, size in ((packed, built.size), (unpacked, built.unpacked_size)):
            if limit and size > limit.in_bytes():
                yield oversize(subject, limit, built, size, "`exclude` what the code does not read; keep data in a bucket")


RULES: tuple[Rule, ...] = (package_too_large,)
