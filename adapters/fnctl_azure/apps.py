"""Which function apps a service becomes: what decides it is the manifest alone, so that no edit moves a function to another host name."""

from __future__ import annotations

from collections.abc import Mapping

from fnctl.dataclass import dataclass
from fnctl.manifest.model import Function, Resource, Service


@dataclass(frozen=True)
class App:
    """One function app. `name` is that of `targets.azure.app`, else `python` or `node`; its artifact is called the same."""

    name: str
    functions: tuple[Function, ...]

    @property
    def python(self) -> bool:
        """Whether its functions are Python's."""
        return family(self.functions[0]) == "python"


def apps(service: Service) -> tuple[App, ...]:
    """Return the apps in the manifest's order, each with at least one function."""
    groups: dict[str, list[Function]] = {}
    for function in service.functions.values():
        groups.setdefault(app_of(service, function), []).append(function)
    return tuple(App(name, tuple(members)) for name, members in groups.items())


def app_of(service: Service, function: Function) -> str:
    """Return the name of a function's app: its own word, the target's, else its language."""
    return str(function.own.get("app") or service.settings.get("app") or family(function))


def apart(function: str, app: str | None = None) -> str:
    """Return the words of a manifest that put a function into another app: `app`, or one of its own."""
    return f"functions: {{ {function}: {{ targets: {{ azure: {{ app: {app or function} }} }} }} }}"


def remote_build(service: Service, app: App) -> bool:
    """Tell whether the platform installs an app's packages: one of its functions, or the target, asks for it. A Node app has them in its bundles."""
    return app.python and any(bool(function.own.get("remote_build", service.settings.get("remote_build"))) for function in app.functions)


def always_ready(service: Service, function: Function) -> int:
    """Return the instances that wait for a function's calls: its own word, the target's, else what `provisioned` asks of every platform."""
    said = function.own.get("always_ready", service.settings.get("always_ready"))
    return int(str(said)) if said is not None else function.provisioned or 0


def first_path(function: Function) -> str | None:
    """Return the path of a function's first route up to its first `{`; None without one."""
    return next((str(trigger.options["path"]).split("{", 1)[0] for trigger in function.triggers if trigger.kind == "http"), None)


def family(function: Function) -> str:
    """Return the language of a runtime, as a word: `python`, `node`, or somebody's own."""
    return function.runtime.rstrip("0123456789.").removesuffix("js")


ENGINES: Mapping[str, str] = {
    "queue": "storage",
    "bucket": "storage",
    "table": "cosmos",
    "topic": "service_bus",
    "stream": "event_hubs",
    "bus": "event_grid",
}
"""Which service of Azure a resource is made of, where the manifest does not choose."""


def engine(resource: Resource) -> str:
    """Return what a resource is made of: `targets.azure.engine`; Service Bus for a queue in order, as a Storage queue keeps none; else its type's."""
    if said := resource.own.get("engine"):
        return str(said)
    return "service_bus" if resource.options.get("fifo") else ENGINES[resource.type]


def service_bus(resource: Resource) -> bool:
    """Tell whether a queue or topic is one of Service Bus."""
    return engine(resource) == "service_bus"
