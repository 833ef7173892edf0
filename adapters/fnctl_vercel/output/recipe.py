"""The one artifact of a service: config.json, and for every place a `.func` with the author's files, the runtime and the way in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from fnctl.build.model import Bundle, File, Recipe
from fnctl.build.shims import fits, joined, python
from fnctl.dataclass import replace
from fnctl.errors import FnctlError
from fnctl.graph import Json
from fnctl.manifest.model import Function, Service
from fnctl_vercel.output.functions import configuration, settings
from fnctl_vercel.output.places import Place, places
from fnctl_vercel.output.routes import routes
from fnctl_vercel.output.schedules import cron_entries, zoned_entries

NAME, TREE = "output", ".vercel/output"
"""The archive's name, and where Vercel's own CLI looks for the same tree."""
BOOTSTRAP = "vercel-runtime==0.24.1 --hash=sha256:74ad58f550e8e4079945b3e278fed62270703befe9b97bf91ab919e3bc22f226"
"""Vercel's own Python runtime, which its builder puts into every function too; it vendors what it needs."""
INTERFACES = {"python": ("function", "event", "task", "asgi", "wsgi", "native"), "nodejs": ("fetch", "function", "event", "task", "native")}

_TRAMPOLINE = '''"""What Vercel imports; made by fnctl."""

import os
import time

_here = os.path.dirname(os.path.abspath(__file__))
os.environ.update(
    __VC_PY_BOOT_START_MS=str(int(time.monotonic() * 1000)),
    __VC_HANDLER_MODULE_NAME={module!r},
    __VC_HANDLER_ENTRYPOINT={file!r},
    __VC_HANDLER_ENTRYPOINT_ABS=os.path.join(_here, {file!r}),
    __VC_HANDLER_VENDOR_DIR="_vendor",
    __VC_HANDLER_VARIABLE_NAME={name!r},
)
from vercel_runtime.vc_init import vc_handler  # noqa: E402, F401
'''
_PYTHON_ENTRY = b'''"""What Vercel's runtime serves; made by fnctl."""

import os

from fnctl_vercel.runtime.entry import start

app = start(os.path.dirname(os.path.abspath(__file__)))
'''
_ROOTS = (
    File("_fnctl_vercel.py", _PYTHON_ENTRY),
    File("fnctl_vercel/__init__.py", b'"""The part of the adapter for vercel that runs there."""\n'),
)


def recipe(service: Service, bundles: Mapping[str, Bundle]) -> Recipe:
    """Say what the artifact is made of. Raises FnctlError for a function that it cannot hold."""
    members = [File("config.json", _json(deployment(service)))]
    wheels, folders = {}, dict[str, str]()
    for place in places(service):
        bundle = bundles[place.function.name]
        _able(service, place.function, bundle)
        folders.setdefault(place.function.name, place.folder)  # the first of several: they hold the same code
        members += [replace(file, path=place.folder + file.path) for file in (*bundle.files, *_added(service, place, bundle))]
        if bundle.wheels:
            wheels[f"{place.folder}_vendor/"] = bundle.wheels
    return Recipe(NAME, tuple(members), wheels, tuple(bundles), unpacked=TREE, folders=folders)


def deployment(service: Service) -> dict[str, Json]:
    """Return config.json; `raw` of the manifest has the last word."""
    raw = service.settings.get("raw")
    parts: dict[str, Json] = {"crons": cron_entries(service), "schedules": zoned_entries(service)}
    written = {key: value for key, value in parts.items() if value}
    return {"version": 3, "routes": list(routes(service)), **written, **(raw if isinstance(raw, Mapping) else {})}


def _added(service: Service, place: Place, bundle: Bundle) -> Iterator[File]:
    node = bundle.target.runtime.startswith("nodejs")
    native = place.function.interface == "native"
    handler = "_fnctl.mjs" if node else "vc__handler__python.vc_handler"
    yield File(".vc-config.json", _json(configuration(service, place, handler)))
    file, name = bundle.entry
    if node:
        own = f'// Made by fnctl.\nexport * from "./{file}";\nexport {{ {name} as default }} from "./{file}";\n'.encode()
        yield File("_fnctl.mjs", own) if native else joined("fnctl_vercel.runtime", (place.function,))
    else:
        module = (file.removesuffix(".py").replace("/", "."), file, name) if native else ("_fnctl_vercel", "_fnctl_vercel.py", "app")
        yield File("vc__handler__python.py", _TRAMPOLINE.format(module=module[0], file=module[1], name=module[2]).encode())
    if not native:
        yield File("_fnctl.json", _json(settings(service, place, bundle)))
        yield from () if node else python("fnctl_vercel", _ROOTS, bundle.target.runtime)


def _able(service: Service, function: Function, bundle: Bundle) -> None:
    if bundle.prebuilt:
        raise FnctlError(
            f"function {function.name}: an `artifact` cannot be part of the output for Vercel, which is made as a whole",
            code="FN450",
            help=f"name its source as `handler`, or leave it out with `targets.{service.target}.only`",
            span=service.span("functions", function.name, "artifact"),
        )
    known = next((names for family, names in INTERFACES.items() if function.runtime.startswith(family)), None)
    if known is None:
        raise FnctlError(
            f"function {function.name}: fnctl builds no {function.runtime} for Vercel",
            code="FN440",
            help=f"Python and Node.js; or leave it out with `targets.{service.target}.only`",
            span=service.span("functions", function.name, "runtime"),
        )
    fits(service, function, known)


def _json(value: Mapping[str, Json]) -> bytes:
    return f"{json.dumps(value, indent=1, sort_keys=True)}\n".encode()
