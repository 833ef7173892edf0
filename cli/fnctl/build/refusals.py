"""What uv and pip say when dependencies cannot be had, in our words: which package, who asked for it, and the ways out."""

from __future__ import annotations

import re
from collections import deque

from fnctl.build.requirements import Requirements, normal
from fnctl.build.tags import Machine
from fnctl.build.tools import said
from fnctl.errors import FnctlError

PACKAGE = r"([A-Za-z0-9][A-Za-z0-9._-]*?)(?:\[[^\]]*\])?(?:[=<>!~]=?[^\s,]*(?:, ?[=<>!~][^\s,]*)*)?"
NO_WHEEL = (
    re.compile(r"[Ww]heels are required for `([^`]+)`"),
    re.compile(PACKAGE + r" ha(?:s|ve) no (?:usable wheels|wheels with a matching)"),
)
DEPENDS = re.compile(PACKAGE + r" depends? on " + PACKAGE + r"(?=[\s,]|$)")
PIP_NONE = re.compile(r"satisfies the requirement " + PACKAGE + r" \(from (?!versions)([^)]*)\) \(from versions: none\)")
PIP_NONE_ASKED = re.compile(r"satisfies the requirement " + PACKAGE + r" \(from versions: none\)")


def uv(text: str, wanted: Requirements, machine: Machine) -> FnctlError:
    """Return what uv's refusal means."""
    flat = " ".join(text.split())
    culprit = next((found[1] for pattern in NO_WHEEL if (found := pattern.search(flat))), None)
    if culprit is None:
        return _unresolved(text, wanted)
    return _no_wheel(culprit, _chain(flat, culprit, wanted), text, wanted, machine)


def pip(text: str, wanted: Requirements, machine: Machine) -> FnctlError:
    """Return what pip's refusal means. With `--only-binary` it finds no version at all where there are only sources."""
    found = PIP_NONE.search(text)
    if found:
        return _no_wheel(found[1], [*_asked(found[2]), found[1]], text, wanted, machine)
    direct = PIP_NONE_ASKED.search(text)
    if direct:
        return _no_wheel(direct[1], [direct[1]], text, wanted, machine)
    return _unresolved(text, wanted)


def _asked(text: str) -> list[str]:
    """Read pip's `from a->b->-r file` into [b, a]."""
    return [re.split(r"[=<>!~ ]", step)[0] for step in reversed(text.split("->")) if not step.strip().startswith("-r")]


def _chain(text: str, culprit: str, wanted: Requirements) -> list[str]:
    """Return the shortest way from a name on the list to the culprit, both included."""
    parents: dict[str, list[str]] = {}
    for above, below in DEPENDS.findall(text):
        parents.setdefault(normal(below), []).append(normal(above))
    ways = deque([[normal(culprit)]])
    while ways:
        way = ways.popleft()
        if way[0] in wanted.names:
            return way
        ways.extend([above, *way] for above in parents.get(way[0], ()) if above not in way)
    return [normal(culprit)]


def _no_wheel(name: str, chain: list[str], text: str, wanted: Requirements, machine: Machine) -> FnctlError:
    platform = machine.platforms[0] if machine.platforms else "any platform"
    ways = (
        f"1. ask for another version, or another package, that has a wheel for Python {machine.python}",
        f"2. build it on such a machine and add `--find-links wheels` to requirements.txt:\n   python{machine.python} -m pip wheel {name} -w wheels",
        f"3. if it is plain Python, copy its package beside the handler (or name it in `include`), and drop `{chain[0]}` from {wanted.path.name}",
    )
    return FnctlError(
        f"`{name}` has no wheel for Python {machine.python} on {platform}, only sources",
        code="FN421",
        notes=(f"asked for by: {' -> '.join([wanted.path.name, *chain])}", *said(text, 6)),
        help="\n".join(ways),
    )


def _unresolved(text: str, wanted: Requirements) -> FnctlError:
    message = f"the dependencies in `{wanted.path.name}` cannot be resolved"
    notes = (str(wanted.path), *(said(text) or ("the resolver gave no reason",)))
    return FnctlError(message, code="FN422", notes=notes, help="correct the list, or check the network and the package index, then build again")
