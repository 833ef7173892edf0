"""Find and load plugins: adapters and builders by name, everything else all at once. A broken one is a finding, never a crash."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from fnctl import hookspecs
from fnctl.dataclass import dataclass, replace
from fnctl.diagnostics import Diagnostic
from fnctl.errors import FnctlError, UsageError
from fnctl.hookspecs import HOOKS, MARK
from fnctl.rules.model import Rule
from fnctl.rules.settings import CODE, FAMILIES, family

if TYPE_CHECKING:
    import pluggy

    from fnctl.adapter import Adapter
    from fnctl.build.model import Builder
    from fnctl.events import Event
    from fnctl.graph import Json

ADAPTERS = "fnctl.adapters"
BUILDERS = "fnctl.builders"
PLUGINS = "fnctl.plugins"
KINDS = {ADAPTERS: "adapter", BUILDERS: "builder", PLUGINS: "plugin"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry point, and the distribution that declares it."""

    group: str
    name: str
    module: str
    distribution: str
    version: str


@dataclass(frozen=True)
class Described:
    """One line of `fnctl plugins`. `note` says what a platform cannot do yet, `error` why it did not load."""

    name: str
    kind: str
    distribution: str
    version: str
    hooks: tuple[str, ...]
    ready: bool
    note: str = ""
    error: str = ""


@cache
def entries() -> tuple[Entry, ...]:
    """Scan the installed distributions by hand: importlib.metadata costs 50 ms, pathlib 3, this 1."""
    seen: dict[tuple[str, str], Entry] = {}
    for folder in sys.path:
        for entry in _scan(folder or "."):
            seen.setdefault((entry.group, entry.name), entry)
    return tuple(seen.values())


def _scan(folder: str) -> Iterator[Entry]:
    try:
        found = [name for name in os.listdir(folder) if name.endswith(".dist-info")]  # noqa: PTH208  # see above
    except OSError:
        return
    for info in found:
        try:
            with open(f"{folder}/{info}/entry_points.txt", "rb") as file:  # noqa: PTH123  # see above
                raw = file.read()
        except OSError:
            continue
        if b"[fnctl." in raw:
            distribution, _, version = info.removesuffix(".dist-info").partition("-")
            yield from _parse(raw.decode("utf-8"), distribution.replace("_", "-"), version)


def _parse(text: str, distribution: str, version: str) -> Iterator[Entry]:
    group = ""
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith("["):
            group = line.strip("[]")
        elif "=" in line and group in KINDS:
            name, _, module = line.partition("=")
            yield Entry(group, name.strip(), module.strip().partition(":")[0], distribution, version)


def names() -> tuple[str, ...]:
    """Every target that an installed adapter speaks for."""
    return tuple(sorted(entry.name for entry in entries() if entry.group == ADAPTERS))


def adapter(name: str) -> Adapter:
    """Load one adapter by its target's name; no other is imported.

    Raises:
        UsageError: no installed distribution has it.
        FnctlError: it is there and broken.
    """
    entry = next((e for e in entries() if e.group == ADAPTERS and e.name == name), None)
    if entry is None:
        message = f"no adapter for the target '{name}' is installed"
        raise UsageError(
            message, code="FN960", help=f"installed: {', '.join(names())}; a third party's adapter comes with pip: pip install fnctl-adapter-{name}"
        )
    made = _speaks(_import(entry), entry)
    if made.name != name:
        message = f"the adapter of {entry.distribution} calls itself '{made.name}', its entry point '{name}'"
        raise FnctlError(message, code="FN961", help=f"report it to the authors of {entry.distribution}")
    return made


def _import(entry: Entry) -> ModuleType:
    try:
        return import_module(entry.module)
    except Exception as error:  # plugin load: whatever a stranger's module raises becomes a finding
        message = f"the plugin '{entry.name}' of {entry.distribution} {entry.version} does not load"
        why = f"{type(error).__name__}: {error}"
        raise FnctlError(message, code="FN961", notes=(why,), help=f"upgrade or remove it:\npip install -U {entry.distribution}") from error


def families() -> tuple[str, ...]:
    """Every runtime family that an installed builder builds."""
    return tuple(sorted(entry.name for entry in entries() if entry.group == BUILDERS))


def builder(runtime: str) -> Builder:
    """Load the builder of a runtime (`python` for python3.13); no other is imported.

    Raises:
        FnctlError: FN442, no installed distribution has it; FN961, it is there and broken.
    """
    from fnctl.build.model import Builder  # only a build asks

    family = re.split(r"[^a-z]", runtime, maxsplit=1)[0]
    entry = next((e for e in entries() if e.group == BUILDERS and e.name == family), None)
    if entry is None:
        message = f"nothing here builds the runtime `{runtime}`"
        here = f"there are builders for {', '.join(families())}"
        raise FnctlError(message, code="FN442", notes=(here,), help=f"correct `runtime`, or install its builder: pip install fnctl-builder-{family}")
    made = _given(_import(entry), entry, "fnctl_builder")
    if not isinstance(made, Builder) or made.family != family:
        message = f"the builder of {entry.distribution} does not build `{family}`, as its entry point says"
        raise FnctlError(message, code="FN961", notes=(f"{made!r:.60}",), help=f"report it to the authors of {entry.distribution}")
    return made


def _speaks(module: ModuleType, entry: Entry) -> Adapter:
    made: Adapter = _given(module, entry, "fnctl_adapter")
    return made


def _given(module: ModuleType, entry: Entry, name: str) -> Any:  # what the hook is declared to return, or whatever a stranger gives
    hook = getattr(module, name, None)
    try:
        found: Any = hook() if hook is not None and (hasattr(hook, MARK) or hasattr(hook, "fnctl_impl")) else None
    except Exception as error:  # plugin load: as above
        message = f"the plugin '{entry.name}' of {entry.distribution} {entry.version} does not fit this fnctl"
        raise FnctlError(
            message, code="FN961", notes=(f"{type(error).__name__}: {error}",), help=f"upgrade it:\npip install -U {entry.distribution}"
        ) from error
    if found is None:
        message = f"the plugin '{entry.name}' of {entry.distribution} implements no {name}()"
        raise FnctlError(message, code="FN961", help=f"report it to the authors of {entry.distribution}")
    return found


def _manager() -> pluggy.PluginManager:
    import pluggy  # most runs have no plugin

    for name in HOOKS:
        pluggy.HookspecMarker("fnctl")(getattr(hookspecs, name))
    manager = pluggy.PluginManager("fnctl")
    manager.add_hookspecs(hookspecs)
    return manager


class Plugins:
    """The typed face of pluggy for what is neither adapter nor builder: policy rules and event observers."""

    def __init__(self) -> None:
        self.findings: list[Diagnostic] = []
        self._manager: pluggy.PluginManager | None = None
        self._rules: list[Rule] | None = None
        modules = [self._load(entry) for entry in entries() if entry.group == PLUGINS]
        loaded = [(entry, module) for entry, module in modules if module is not None]
        if loaded:
            self._register(loaded)

    def rules(self) -> list[Rule]:
        """Return every rule that a plugin adds. What a plugin raises, and what is no rule, is a finding, told once."""
        if self._manager is not None and self._rules is None:
            self._rules = [rule for hook in self._manager.hook.fnctl_rules.get_hookimpls() for rule in self._asked(hook.plugin_name, hook.function)]
        return self._rules or []

    def _asked(self, name: str, hook: Callable[..., Any]) -> Iterator[Rule]:
        try:
            found = list(hook())
        except Exception as error:  # noqa: BLE001  # plugin load: whatever a stranger raises becomes a finding
            why = f"{type(error).__name__}: {error}"
            self._finding(f"the plugin '{name}' failed to give its rules: {why}", "report it to its authors; none of its rules were checked")
            return
        for rule in found:
            if not isinstance(rule, Rule):
                self._finding(f"the plugin '{name}' gives {rule!r:.60} where a rule belongs", "make it with fnctl.rules.model.rule")
            elif not CODE.fullmatch(rule.code) or family(rule.code) in FAMILIES:
                help = f"take letters of your own and three digits, such as ACME001; {', '.join(FAMILIES)} are fnctl's"
                self._finding(f"the plugin '{name}' gives a rule the code '{rule.code}', which it cannot have", help)
            else:
                yield rule

    def _finding(self, message: str, help: str) -> None:
        self.findings.append(Diagnostic("FN961", "warning", message, help=help))

    def observe(self, event: Event) -> list[Diagnostic]:
        """Hand an event to every observer. What one raises becomes a warning, told once."""
        if self._manager is None:
            return []
        try:
            self._manager.hook.fnctl_event(event=event)
        except Exception as error:  # noqa: BLE001  # event observers: never a failed deploy
            finding = Diagnostic("FN962", "warning", f"a plugin failed while it observed: {type(error).__name__}: {error}")
            if finding not in self.findings:
                self.findings.append(finding)
                return [finding]
        return []

    def _load(self, entry: Entry) -> tuple[Entry, ModuleType | None]:
        try:
            return entry, _import(entry)
        except FnctlError as error:
            self.findings += [_warning(d) for d in error.diagnostics]
            return entry, None

    def _register(self, loaded: Iterable[tuple[Entry, ModuleType]]) -> None:
        import pluggy

        self._manager = manager = _manager()
        for entry, module in loaded:
            for marked in (getattr(module, name) for name in HOOKS if hasattr(getattr(module, name, None), MARK)):
                pluggy.HookimplMarker("fnctl")(marked, **getattr(marked, MARK))
            try:
                manager.register(module, name=entry.name)
            except (ValueError, pluggy.PluginValidationError) as error:
                why = f"the plugin '{entry.name}' of {entry.distribution} does not fit: {error}"
                self.findings.append(Diagnostic("FN961", "warning", why, help=f"upgrade or remove it:\npip install -U {entry.distribution}"))


def _warning(diagnostic: Diagnostic) -> Diagnostic:
    return replace(diagnostic, severity="warning")


def schemas(wanted: Iterable[str] | None = None) -> Mapping[str, Mapping[str, Json]]:
    """Each installed adapter's own manifest words, by target. One that does not load is left out: using it is the finding."""
    found: dict[str, Mapping[str, Json]] = {}
    for name in wanted if wanted is not None else names():
        try:
            found[name] = adapter(name).schema()
        except FnctlError:
            continue
    return found


def describe() -> list[Described]:
    """List every plugin with its hooks, and what broke."""
    return [_describe(entry) for entry in sorted(entries(), key=lambda e: (e.group, e.name))]


def _describe(entry: Entry) -> Described:
    kind = KINDS[entry.group]
    try:
        module = _import(entry)
        made = adapter(entry.name) if kind == "adapter" else None
        if kind == "builder":
            builder(entry.name)
    except FnctlError as error:
        first = error.diagnostics[0]
        return Described(entry.name, kind, entry.distribution, entry.version, (), ready=False, error="; ".join((first.message, *first.notes)))
    hooks = tuple(hook for hook in HOOKS if callable(getattr(module, hook, None)))
    note = "" if made is None or made.ready else "not yet: it validates and builds, and does not deploy"
    return Described(entry.name, kind, entry.distribution, entry.version, hooks, ready=made is None or made.ready, note=note)
