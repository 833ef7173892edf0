"""One artifact an app: its functions' own files, their packages, the shim that the host loads, and what the shim reads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from fnctl.build.model import Bundle, File, Recipe
from fnctl.build.shims import digest, fits, joined, python
from fnctl.dataclass import replace
from fnctl.errors import FnctlError
from fnctl.graph import Json
from fnctl.manifest import keys
from fnctl.manifest.model import Function, Service
from fnctl_azure.apps import App, apart, apps, family, first_path, remote_build
from fnctl_azure.artifact.bindings import doors
from fnctl_azure.artifact.clashes import clashes
from fnctl_azure.artifact.host import LONGEST, UNSET, host, plan_of, timeout
from fnctl_azure.artifact.library import PINS, listed, wheels
from fnctl_azure.names import setting

CONFIG = "_fnctl.json"
PACKAGES = ".python_packages/lib/site-packages/"
"""Where the Python worker looks for an app's packages."""

PYTHON = ("function", "event", "asgi", "wsgi", "task", "native")
NODE = ("fetch", "function", "event", "task", "native")
_INTERFACES = {"python": PYTHON, "node": NODE}

_PYTHON_ENTRY = b'''"""What Azure Functions loads; made by fnctl."""

import os

from fnctl_azure.runtime.entry import start

app = start(os.path.dirname(os.path.abspath(__file__)))
'''
_NODE_PACKAGE = {"name": "fnctl-app", "private": True, "type": "module", "main": "_fnctl.mjs"}
_ROOT = b'"""The part of the adapter for azure that runs there."""\n'


def recipes(service: Service, bundles: Mapping[str, Bundle]) -> Iterator[Recipe]:
    """Yield what each app is made of.

    Raises:
        FnctlError: an interface that its runtime does not have, or functions of one app that need two versions of a package (AZ603) or of a
            module (AZ604).
    """
    for app in apps(service):
        for function in app.functions:
            _able(service, app, function)
        members = {function.name: bundles[function.name] for function in app.functions}
        found = tuple(clashes(service, app, members)) if app.python else ()
        if found:
            message = f"the functions of the app `{app.name}` cannot live together"
            raise FnctlError(message, diagnostics=found)
        yield _prebuilt(app, members) or (_python if app.python else _node)(service, app, members)


def _prebuilt(app: App, bundles: Mapping[str, Bundle]) -> Recipe | None:
    """Return an app that somebody else has packed whole: what is in it is theirs to know."""
    (name, bundle), *_ = bundles.items()
    if bundle.prebuilt is None:
        return None
    return Recipe(app.name, (), {PACKAGES: ()} if app.python else {}, (name,), {"functions": {name: []}, "shim": ""}, prebuilt=bundle.prebuilt)


def _able(service: Service, app: App, function: Function) -> None:
    known = _INTERFACES.get(family(function))
    if known is None:
        raise FnctlError(
            f"function {function.name}: fnctl builds no {function.runtime} for Azure",
            code="FN440",
            help="Python and Node.js; an app that is packed already comes as its `artifact`",
            span=service.span("functions", function.name, "runtime"),
        )
    if function.artifact and len(app.functions) > 1:
        raise FnctlError(
            f"function {function.name}: an `artifact` is a whole app, and `{app.name}` has other functions too",
            code="FN450",
            help=f"split it off: {apart(function.name)}",
            span=service.span("functions", function.name, "artifact"),
        )
    fits(service, function, known)


def _python(service: Service, app: App, bundles: Mapping[str, Bundle]) -> Recipe:
    code = _python_code(app)
    own = _once(file for bundle in bundles.values() for file in bundle.files)
    made = (*own, *code, *_said(service, app, bundles))
    if not remote_build(service, app):
        return Recipe(app.name, made, {PACKAGES: wheels(bundles)}, _names(app), _facts(service, app, code))
    lines, here = listed(bundles)
    asked = File("requirements.txt", "".join(f"{line}\n" for line in lines.values()).encode())
    # What no index has lies beside the functions' own files, for the platform's builder clears the folder of packages.
    held = {PACKAGES: (), "": here}
    return Recipe(app.name, (*made, asked), held, _names(app), _facts(service, app, code), installed={PACKAGES: tuple(lines)})


def _node(service: Service, app: App, bundles: Mapping[str, Bundle]) -> Recipe:
    code = _node_code(app)
    own = [replace(file, path=f"{name}/{file.path}") for name, bundle in bundles.items() for file in bundle.files]
    package = File("package.json", json.dumps(_NODE_PACKAGE, indent=1).encode())
    made = (*own, package, *code, *_said(service, app, bundles))
    return Recipe(app.name, made, {}, _names(app), _facts(service, app, code), packages=PINS)


def _names(app: App) -> tuple[str, ...]:
    return tuple(function.name for function in app.functions)


def _facts(service: Service, app: App, code: tuple[File, ...]) -> dict[str, Json]:
    """Return what a deploy needs to know: which functions the host will list, and the shim's own digest."""
    return {"functions": {f.name: [str(door["name"]) for door in doors(service, f)] for f in app.functions}, "shim": digest(code)}


def _once(found: Iterable[File]) -> list[File]:
    """Return files that several functions share once; one path with two contents is the archive's error."""
    return list(dict.fromkeys(found))


def _said(service: Service, app: App, bundles: Mapping[str, Bundle]) -> tuple[File, File]:
    """Return host.json, and what the manifest says to the shim: baked, so that nothing is guessed at the first call."""
    settings = configuration(service, app, bundles)
    return (File("host.json", _text(host(service, app))), File(CONFIG, _text(settings)))


def _text(document: Mapping[str, Json]) -> bytes:
    return json.dumps(document, indent=1, sort_keys=True).encode()


def configuration(service: Service, app: App, bundles: Mapping[str, Bundle]) -> dict[str, Json]:
    """Say to the runtime what the manifest says of an app's functions."""
    plain = all(function.logs.format == "text" for function in app.functions)
    return {
        "service": service.name,
        "stage": service.stage,
        "app": app.name,
        "secrets": sorted({name for function in app.functions for name in function.secrets}),
        "logs": {"format": "text" if plain else "json", "level": _least(app)},
        "functions": [_function(service, app, function, bundles[function.name]) for function in app.functions],
        **({"neighbours": found} if (found := _neighbours(app)) else {}),
    }


def _neighbours(app: App) -> dict[str, Json]:
    """Return the paths of functions that others of their own app call, by the variable that says so: only the host knows its own address."""
    used = {name for function in app.functions for name in function.uses}
    mine = [function for function in app.functions if function.name in used]
    return {setting(function.name, "function"): path for function in mine if (path := first_path(function))}


_ORDER = ("debug", "info", "warning", "warn", "error")


def _least(app: App) -> str:
    """Return the most talkative level of an app: its functions write to one logger, and the host filters each by host.json."""
    return min((function.logs.level.lower() for function in app.functions), key=_ORDER.index)


def _function(service: Service, app: App, function: Function, bundle: Bundle) -> dict[str, Json]:
    file, name = bundle.entry
    routes: list[Json] = [
        [str(trigger.options.get("method", "ANY")), str(trigger.options["path"])] for trigger in function.triggers if trigger.kind == "http"
    ]
    return {
        "function": function.name,
        "interface": function.interface,
        "file": file if app.python else f"{function.name}/{file}",
        "name": name,
        "source": function.handler_file,
        "level": function.logs.level.lower(),
        "routes": routes,
        "doors": list(doors(service, function)),
        **({"idempotent": _idempotent(service, app, function.idempotent)} if function.idempotent else {}),
    }


DAY = 86_400
"""Seconds for which an answer is remembered where nothing is said."""


def _idempotent(service: Service, app: App, said: Mapping[str, Json]) -> Json:
    """Say what names the work, how long it is remembered, and in which setting the table is. A claim lasts as long as the host lets a call run."""
    path = keys.path(said.get("key"))
    lease = timeout(service, app) or LONGEST.get(plan_of(service, app), UNSET)
    return {"key": list(path) if path else None, "ttl": said.get("ttl") or DAY, "lease": lease, "table": setting(str(said["table"]), "table")}


def shim(app: App) -> str:
    """Return the digest of fnctl's own part of an app: known before anything is built."""
    return digest(_python_code(app) if app.python else _node_code(app))


def _python_code(app: App) -> tuple[File, ...]:
    roots = (File("function_app.py", _PYTHON_ENTRY), File("fnctl_azure/__init__.py", _ROOT))
    return python("fnctl_azure", roots, app.functions[0].runtime)


def _node_code(app: App) -> tuple[File, ...]:
    return (joined("fnctl_azure.runtime", app.functions),)
