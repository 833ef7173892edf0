"""Every rule that is installed: the core's, the adapters', the plugins', and the pages of what reading a manifest finds."""

from __future__ import annotations

from collections.abc import Iterator

from fnctl import plugins
from fnctl.diagnostics import Diagnostic
from fnctl.errors import FnctlError
from fnctl.manifest.load import Document
from fnctl.manifest.model import Service
from fnctl.rules import ignores, portable, reading
from fnctl.rules.model import Rule
from fnctl.rules.settings import Settings


def every(more: plugins.Plugins | None = None) -> tuple[Rule, ...]:
    """Return them by code. An adapter that does not load has none: using it is the finding."""
    rules = [*reading.rules(), *portable.RULES, *(more or plugins.Plugins()).rules()]
    for name in plugins.names():
        try:
            rules += plugins.adapter(name).rules()
        except FnctlError:
            continue
    return tuple(sorted({rule.code: rule for rule in rules}.values(), key=lambda rule: (rule.code[:2] != "FN", rule.code)))


def idle(document: Document, service: Service, settings: Settings, more: plugins.Plugins, *, alone: bool) -> Iterator[Diagnostic]:
    """Find comments that take nothing back, and settings of rules that nobody has. `alone`: the other targets were not looked at."""
    comments = ignores.read(document)
    if not comments.comments and not settings.rules:
        return
    rules = {rule.code: rule for rule in every(more)}

    def exists(code: str) -> bool:
        return any(known == code or known.rstrip("0123456789") == code for known in rules)

    def looked_for(code: str) -> bool:
        rule = rules[code]
        return settings.wants(rule) and (not alone or service.target in rule.targets or rule in reading.rules())

    yield from comments.unused(looked_for, exists)
    for key in settings.unknown(exists):
        message, help = f"there is no rule {key}", "`fnctl rules` lists them"
        yield Diagnostic("FN066", "warning", message, service.span("rules", key, key=True), "changes nothing", help=help)
