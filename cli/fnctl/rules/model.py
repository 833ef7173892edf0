"""What a rule is: a code, a severity, a docstring that is its page, and a function from a service to what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, Literal, TypeAlias

from fnctl.dataclass import dataclass, field
from fnctl.diagnostics import Severity
from fnctl.manifest.model import Service
from fnctl.rules.limits import Limits
from fnctl.source import Span

NOT_YET = frozenset({"FN190"})
"""What an adapter does not act on yet, and the platform would: deploys stop at it, builds go on with a warning, and `validate` only tells of it."""

Preset: TypeAlias = Literal["recommended", "strict"]
"""`recommended` rules always count; `strict` ones only where the manifest says `rules: { extends: strict }`."""


@dataclass(frozen=True, slots=True)
class Found:
    """One place where a rule is broken. `severity` softens the rule's own where a number is contested or unsure."""

    message: str
    span: Span | None = None
    label: str | None = None
    notes: tuple[str, ...] = ()
    help: str | None = None
    severity: Severity | None = None


@dataclass(frozen=True)
class Measured:
    """One built artifact: bytes packed and unpacked, its largest members (path, bytes), and all of them, the largest first."""

    functions: tuple[str, ...]
    size: int
    unpacked_size: int
    largest: tuple[tuple[str, int], ...] = ()
    members: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Subject:
    """What a rule looks at: one resolved service (of one target and stage), that platform's limits, the day, and after a build its sizes.

    `abilities` is what the adapter says that its platform lacks.
    """

    service: Service
    limits: Limits
    built: Mapping[str, Measured] = field(default_factory=dict)
    today: date = field(default_factory=date.today)
    abilities: Mapping[str, Any] = field(default_factory=dict)


Check: TypeAlias = Callable[[Subject], Iterable[Found]]


@dataclass(frozen=True)
class Rule:
    """One rule. `targets` empty means every target. `doc` has the fixed headings that docs/rules/ and `fnctl explain` show.

    A `fixed` rule says what cannot work: neither `rules:` nor a comment nor an option of the command line lowers it.
    `needs` are words of `fnctl.rules.held`: a rule is not asked about a service that holds none of them, for it could find nothing.
    `alike`: of functions that are alike (`fnctl.rules.alike`) it finds the same, so it is asked about one, and about all where that finds something.
    `alone`: it looks at functions, resources, tags and workflows alone, so what is fine for one target is so for others with the same ones.
    """

    code: str
    severity: Severity
    name: str
    check: Check
    doc: str = ""
    targets: frozenset[str] = frozenset()
    preset: Preset = "recommended"
    fixed: bool = False
    needs: frozenset[str] = frozenset()
    alike: bool = False
    alone: bool = False

    @property
    def page(self) -> str:
        """The docstring without its indentation: Markdown."""
        from inspect import cleandoc  # for readers only

        return cleandoc(self.doc)


def rule(
    code: str,
    severity: Severity,
    *targets: str,
    preset: Preset = "recommended",
    fixed: bool = False,
    needs: str | tuple[str, ...] = (),
    alike: bool = False,
    alone: bool = False,
) -> Callable[[Check], Rule]:
    """Make a rule of a function: its name becomes the rule's (`timeout_over_maximum` -> `timeout-over-maximum`), its docstring the page.

    `needs` is what a service must hold for the rule to find anything: one word of `fnctl.rules.held`, or several of which one is enough.
    `alike` is for rules that look at functions one by one, and not at names, routes and minutes: see `fnctl.rules.alike`. `alone` is for those
    that look at nothing that depends on the target: no limits, no abilities, no settings.
    """
    held = frozenset((needs,) if isinstance(needs, str) else needs)

    def make(check: Check) -> Rule:
        return Rule(
            code, severity, check.__name__.replace("_", "-"), check, check.__doc__ or "", frozenset(targets), preset, fixed, held, alike, alone
        )

    return make
