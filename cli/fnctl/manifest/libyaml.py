"""PyYAML's C parser, without the nine tenths of PyYAML that build objects: importing those costs more than reading 200 functions.

`yaml/__init__.py` imports loaders, dumpers, constructors and resolvers, which compile patterns and fill tables. The parser needs errors, events,
tokens and nodes. So a package `yaml` with the real path and an empty namespace is there while these load, and stays: the first attribute that it
does not have runs the real `__init__.py` in it. Whoever imports yaml later has all of it, with the same classes. Where anything is not as expected,
all of PyYAML is imported as always.
"""

from __future__ import annotations

import sys
from _thread import RLock
from importlib.machinery import PathFinder
from types import ModuleType
from typing import Any

__all__ = (
    "AliasEvent",
    "CParser",
    "MappingEndEvent",
    "MappingStartEvent",
    "ScalarEvent",
    "SequenceEndEvent",
    "SequenceStartEvent",
    "StreamEndEvent",
    "YAMLError",
)

_PARTS = ("error", "tokens", "events", "nodes", "_yaml")
_ERRORS = {
    "scanner": "ScannerError",
    "parser": "ParserError",
    "composer": "ComposerError",
    "constructor": "ConstructorError",
    "emitter": "EmitterError",
    "serializer": "SerializerError",
    "representer": "RepresenterError",
}
"""Modules of which the C parser takes one exception each, at its import."""


def _prepare() -> None:
    """Import the parser's part of PyYAML, unless all of it is there; leave nothing behind when that fails."""
    spec = PathFinder.find_spec("yaml") if "yaml" not in sys.modules else None
    if spec is None or spec.loader is None or spec.submodule_search_locations is None:
        return
    package = ModuleType("yaml")
    package.__spec__, package.__loader__, package.__package__ = spec, spec.loader, "yaml"
    package.__path__, package.__file__ = spec.submodule_search_locations, spec.origin
    sys.modules["yaml"] = package
    try:
        _parser_of(package)
    except Exception:  # noqa: BLE001  # no C parser, or another PyYAML: the ordinary import says what there is
        for name in ("yaml", *(f"yaml.{part}" for part in _PARTS)):
            sys.modules.pop(name, None)
    else:
        vars(package)["__getattr__"] = _completed(package)  # a module's own `__getattr__` (PEP 562)


def _parser_of(package: ModuleType) -> None:
    """Import the C parser into a package that has nothing yet. It looks for its exceptions there, which need no module of their own."""
    from yaml.error import MarkedYAMLError, YAMLError

    class ReaderError(YAMLError):
        """A character that YAML does not allow, or bytes that are no text."""

        def __init__(self, name: Any, position: Any, character: Any, encoding: Any, reason: Any) -> None:
            super().__init__(reason)
            self.name, self.position, self.character, self.encoding, self.reason = name, position, character, encoding, reason

    stands_in = {module: {error: type(error, (MarkedYAMLError,), {})} for module, error in _ERRORS.items()} | {"reader": {"ReaderError": ReaderError}}
    for name in _PARTS[1:-1]:
        __import__(f"yaml.{name}")
    for name, errors in stands_in.items():
        vars(package)[name] = ModuleType(f"yaml.{name}")
        vars(vars(package)[name]).update(errors)
    __import__("yaml._yaml")
    for name in stands_in:
        del vars(package)[name]


def _completed(package: ModuleType) -> Any:
    """Return the `__getattr__` that makes the package whole: the real `__init__.py`, and the real exceptions for the C parser."""
    lock = RLock()  # the second thread waits, and then finds what the first has made
    begun = False

    def attribute(name: str) -> Any:
        nonlocal begun
        with lock:
            if not begun:
                begun = True
                package.__spec__.loader.exec_module(package)  # type: ignore[union-attr]  # looked at before
                for module, error in {**_ERRORS, "reader": "ReaderError"}.items():
                    setattr(sys.modules["yaml._yaml"], error, getattr(sys.modules[f"yaml.{module}"], error))
                del vars(package)["__getattr__"]
        try:
            return vars(package)[name]
        except KeyError:
            message = f"module 'yaml' has no attribute {name!r}"
            raise AttributeError(message, name=name, obj=package) from None

    return attribute


_prepare()

from yaml.error import YAMLError  # noqa: E402  # after what makes it cheap
from yaml.events import (  # noqa: E402
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

CParser: Any = getattr(sys.modules.get("yaml._yaml"), "CParser", None)
"""None in an interpreter for which PyYAML was built without libyaml: its own parser is ten times slower, and gives the same events."""
