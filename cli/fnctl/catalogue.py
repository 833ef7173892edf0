"""Every code that is installed: rules of the core, the adapters and the plugins, what reading a manifest finds, and what a run meets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fnctl import plugins
from fnctl.dataclass import replace
from fnctl.diagnostics import Diagnostic
from fnctl.errors import FnctlError, UsageError
from fnctl.manifest.load import Document
from fnctl.manifest.model import Service
from fnctl.manifest.suggest import did_you_mean
from fnctl.rules import ignores, portable, reading, running
from fnctl.rules.model import Rule
from fnctl.rules.settings import CODE, EXTENDS, Settings, family


def every(more: plugins.Plugins | None = None) -> tuple[Rule, ...]:
    """Return them by code; of several adapters that say the same the first. An adapter that does not load has none: using it is the finding."""
    rules = [*reading.rules(), *portable.RULES, *(more or plugins.Plugins()).rules()]
    for name in plugins.names():
        try:
            rules += plugins.adapter(name).rules()
        except FnctlError:
            continue
    found: dict[str, Rule] = {}
    for one in rules:
        first = found.setdefault(one.code, one)
        if first is not one:  # what is not acted on yet: several adapters find it, and it means the same
            found[one.code] = replace(first, targets=first.targets | one.targets)
    return tuple(sorted(found.values(), key=lambda rule: (rule.code[:2] != "FN", rule.code)))


def troubles() -> tuple[running.Trouble, ...]:
    """Return what a run meets, by code: fnctl's own pages, and those that stand beside an adapter's plugin module."""
    from importlib import resources  # for readers only

    found = list(running.own())
    for name in plugins.names():
        try:
            package = type(plugins.adapter(name)).__module__.rpartition(".")[0]
        except FnctlError:
            continue
        page = resources.files(package) / running.FILE if package else None
        found += running.parse(page.read_bytes().decode("utf-8", "replace")) if page and page.is_file() else ()
    return tuple(sorted(found, key=lambda one: (one.code[:2] != "FN", one.code)))


def known(asked: Iterable[str], more: plugins.Plugins | None = None) -> None:
    """Check codes that a command line asks for, or their beginnings. Raises UsageError for one that no rule has."""
    rules = [rule.code for rule in every(more)]
    for code in asked:
        if not any(one.startswith(code) for one in rules):
            met = next((one.code for one in troubles() if one.code.startswith(code)), None)
            message = f"`{code}` is no rule: it says what a run met, and nothing turns it off" if met else f"there is no rule `{code}`"
            raise UsageError(message, help=f"see what it says:\nfnctl explain {met}" if met else _near(code, rules))


def _near(code: str, rules: Iterable[str]) -> str | None:
    """Say where to look. Another number is no misspelling: what is near in digits is about something else."""
    families = {family(rule) for rule in rules}
    if code.upper() in {*rules, *families}:
        return f"did you mean `{code.upper()}`?"
    if CODE.fullmatch(code) and family(code) in families:
        return f"see those that there are:\nfnctl rules {family(code)}"
    return did_you_mean(code, families, "see them all:\nfnctl rules")


def idle(document: Document, service: Service, settings: Settings, more: plugins.Plugins, *, alone: bool) -> Iterator[Diagnostic]:
    """Find comments that take nothing back, and settings of rules that nobody has. `alone`: the other targets were not looked at."""
    comments = ignores.read(document)
    if not comments.comments and not settings.rules:
        return
    rules = {rule.code: rule for rule in every(more)}
    words = {*rules, *map(family, rules)}

    def looked_for(code: str) -> bool:
        rule = rules[code]
        return settings.wants(rule) and (not alone or service.target in rule.targets or rule in reading.rules())

    yield from comments.unused(looked_for, rules)
    for key in settings.rules:
        if key != EXTENDS and key not in words:
            span = service.span("rules", key, key=True)
            yield Diagnostic("FN066", "warning", f"there is no rule {key}", span, "changes nothing", help=_near(key, rules))
        elif key in rules and rules[key].fixed:
            span = service.span("rules", key, key=True)
            yield Diagnostic("FN066", "warning", f"{key} cannot be changed", span, "changes nothing", help="it says what cannot work: mend it")
