"""A function's `budget`: what its artifact may weigh, checked after the build and before anybody may upload it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fnctl.build.contents import Contents
from fnctl.diagnostics import Diagnostic
from fnctl.manifest.model import Service

LARGEST = 3
"""How many packages are named."""


def over(service: Service, made: Iterable[Contents]) -> Iterator[Diagnostic]:
    """Find artifacts that weigh more than a function's budget says; where functions share one, all of it counts."""
    for found in made:
        for name in found.functions:
            for word, most in service.functions[name].budget.items():
                used = found.packed if word == "packed" else found.size
                if used > most:
                    yield _finding(service, name, word, used, most, found)


def _finding(service: Service, name: str, word: str, used: int, most: int, found: Contents) -> Diagnostic:
    largest = ", ".join(f"{one.label} {_kilobytes(one.packed if word == 'packed' else one.size)}" for one in found.packages[:LARGEST])
    return Diagnostic(
        "FN446",
        "error",
        f"the artifact of `{name}` is over its budget",
        service.span("functions", name, "budget", word),
        f"{_kilobytes(used)} {word}, and the budget is {_kilobytes(most)}",
        (f"largest: {largest}",),
        f"leave something out with `exclude`, or raise the budget; see what it is made of:\nfnctl size {name}",
    )


def _kilobytes(number: int) -> str:
    return f"{-(-number // 1024):,} KB"
