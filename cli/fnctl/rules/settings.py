"""Which rules count, and how much: the manifest's `rules:`, and `--select` and `--ignore`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import cast

from fnctl.dataclass import dataclass, field, replace
from fnctl.diagnostics import Diagnostic, Severity
from fnctl.pattern import later
from fnctl.rules.model import Rule

EXTENDS = "extends"
STRICT = "strict"
CODE = later(r"[A-Z]{2,8}[0-9]{3}")
FAMILIES = ("FN", "SEC", "ADV", "FIT", "AWS", "AZ", "VC")
"""How fnctl's own codes begin; a plugin has letters of its own."""


@dataclass(frozen=True)
class Settings:
    """`rules` as the manifest says it: `extends`, codes, and families such as ADV. `select` and `ignore` are codes or their beginnings."""

    rules: Mapping[str, str] = field(default_factory=dict)
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def wants(self, rule: Rule) -> bool:
        """Tell whether a rule has to run."""
        if rule.fixed:
            return True
        if not self.chosen(rule.code):
            return False
        said = self.said(rule.code)
        if said is not None:
            return said != "off"
        return rule.preset == "recommended" or self.rules.get(EXTENDS) == STRICT or bool(self.select)

    def chosen(self, code: str) -> bool:
        """Tell whether the command line lets a code through. The longer beginning wins: `--select AWS --ignore AWS1`."""
        into = max((len(p) for p in self.select if code.startswith(p)), default=-1 if self.select else 0)
        out = max((len(p) for p in self.ignore if code.startswith(p)), default=-1)
        return into > out

    def said(self, code: str) -> str | None:
        """Return what the manifest says of a code: itself, else its family."""
        return self.rules.get(code) or self.rules.get(family(code))

    def graded(self, found: Iterable[Diagnostic], fixed: Callable[[Diagnostic], bool]) -> list[Diagnostic]:
        """Give findings the severity that the manifest asks for, and leave out what is off or was not asked for. What is `fixed` stays as it is."""
        out = []
        for d in found:
            said = self.said(d.code)
            if fixed(d):
                out.append(d)
            elif said != "off" and self.chosen(d.code):
                out.append(d if said is None else replace(d, severity=cast("Severity", said)))
        return out


def family(code: str) -> str:
    """Return what a code has in common with its relatives: ADV of ADV008."""
    return code.rstrip("0123456789")
