"""What uv and pip say when dependencies cannot be had, in our words: which package, who asked for it, and the ways out."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable

from fnctl.build.lists import Requirements, normal
from fnctl.build.tags import Machine
from fnctl.build.tools import said
from fnctl.errors import FnctlError
from fnctl.pattern import later

PACKAGE = r"([A-Za-z0-9][A-Za-z0-9._-]*?)(?:\[[^\]]*\])?(?:[=<>!~]=?[^\s,]*(?:, ?[=<>!~][^\s,]*)*)?"
NO_WHEEL = (
    later(r"[Ww]heels are required for `([^`]+)`"),
    later(PACKAGE + r" ha(?:s|ve) no (?:usable wheels|wheels with a matching)"),
)
DEPENDS = later(PACKAGE + r" depends? on " + PACKAGE + r"(?=[\s,]|$)")
PIP_NONE = later(r"satisfies the requirement " + PACKAGE + r"(?: ;[^(]*)? (?:\(from (?!versions)([^)]*?)\) )?\(from versions: none\)")
PIP_UNHASHED = later(r"^    ([A-Za-z0-9][\w.-]*)(?:[=<>!~ \[]|$)", re.MULTILINE)
PIP_OTHER = later(r"^    (\S+) from ", re.MULTILINE)
PIP_STEP = later(r"^(?:Collecting ([\w.-]+)|Processing (?:\S*/)?([\w.]+)-).*? \(from ([A-Za-z0-9][\w.-]*?)(?:->|\)|[=<>!~\[])", re.MULTILINE)


def uv(text: str, wanted: Requirements, machine: Machine) -> FnctlError:
    """Return what uv's refusal means."""
    flat = " ".join(text.split())
    culprit = next((found[1] for pattern in NO_WHEEL if (found := pattern.search(flat))), None)
    if culprit is None:
        return _unresolved(text, wanted)
    return _no_wheel(culprit, _chain(DEPENDS.findall(flat), culprit, wanted), text, wanted, machine)


def pip(output: str, text: str, wanted: Requirements, machine: Machine) -> FnctlError:
    """Return what pip's refusal means. With `--only-binary` it finds no version at all where there are only sources."""
    if "do not match the hashes" in text.lower():
        return _other_file(text, wanted)
    if "--require-hashes mode" in text:
        return unhashed(PIP_UNHASHED.findall(text), wanted)
    found = PIP_NONE.search(text)
    if found is None:
        return _unresolved(text, wanted)
    pairs = [(above, collected or processed) for collected, processed, above in PIP_STEP.findall(output)]
    asked = re.match(r"[A-Za-z0-9][\w.-]*", found[2] or "")
    return _no_wheel(found[1], _chain([*pairs, *([(asked[0], found[1])] if asked else [])], found[1], wanted), text, wanted, machine)


def _chain(pairs: Iterable[tuple[str, str]], culprit: str, wanted: Requirements) -> list[str]:
    """Return the shortest way from a name on the list to the culprit, both included; pairs are (who depends, on what)."""
    parents: dict[str, list[str]] = {}
    for above, below in pairs:
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


def unhashed(names: Iterable[str], wanted: Requirements) -> FnctlError:
    """Say which packages have no digest in a list that gives digests for others."""
    source = wanted.lock or wanted.path
    those = ", ".join(f"`{name}`" for name in sorted(set(names))) or "some packages"
    return FnctlError(
        f"`{source.name}` has digests for some packages, but none for {those}",
        code="FN426",
        notes=(str(source), "a list with digests is meant to say of every file which one it is, those of dependencies too"),
        help=f"write it anew with all of them:\n  {RENEW[wanted.kind]}",
    )


RENEW = {
    "requirements": "uv pip compile --generate-hashes requirements.in --output-file requirements.txt",
    "pyproject": "uv lock",
    "lock": "uv lock",
    "poetry": "poetry lock",
}


def _other_file(text: str, wanted: Requirements) -> FnctlError:
    source, found = wanted.lock or wanted.path, PIP_OTHER.search(text)
    message = (
        f"the file of `{found[1].partition('==')[0]}` is not the one that `{source.name}` names"
        if found
        else "a package is not the one that was named"
    )
    help_ = f"find out who changed it, before anything else; if you did, write the list anew:\n  {RENEW[wanted.kind]}"
    return FnctlError(message, code="FN427", notes=(str(source), *said(text)), help=help_)
