"""`dataclass`, `field` and `replace` as the standard library's, without what these cost before a line of work: 10 ms of imports, 0.5 ms a class.

`validate` knows fifty such classes and uses a part of them. Here a class gets its `__init__` when it has several objects, and all share the other
methods. Type checkers see the standard library's own, and so do its `fields`, `asdict`, `replace` and `is_dataclass`. No keyword-only fields, no
`order`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

__all__ = ("dataclass", "field", "replace")
_NOTHING: Any = object()
FEW = 8
"""Objects that are made before a class gets an `__init__` of its own: compiling one takes as long as making twenty without, and half of the classes
have a handful of objects."""
MANY = 24
"""Objects that are replaced before a class with slots gets a copier of its own, by the same reckoning."""


class _Field:
    """What `field` says of one value."""

    __slots__ = ("compare", "default", "factory", "repr")

    def __init__(self, default: Any, factory: Any, *, compare: bool, repr: bool) -> None:  # noqa: A002  # the standard library's word
        self.default, self.factory, self.compare, self.repr = default, factory, compare, repr


class _Fields:
    """The place of `__dataclass_fields__`, filled by the standard library when somebody asks."""

    def __get__(self, _: object, cls: type) -> Any:
        import dataclasses

        made = [(name, Any, _standard(one)) for name, one in cls.__record__.items()]  # type: ignore[attr-defined]
        fields = vars(dataclasses.make_dataclass(cls.__name__, made))["__dataclass_fields__"]
        cls.__dataclass_fields__ = fields  # type: ignore[attr-defined]
        return fields


def _standard(one: _Field) -> Any:
    import dataclasses

    given = {"default": one.default} if one.default is not _NOTHING else {"default_factory": one.factory} if one.factory is not _NOTHING else {}
    return dataclasses.field(**given, compare=one.compare, repr=one.repr)


def _field(*, default: Any = _NOTHING, default_factory: Any = _NOTHING, compare: bool = True, repr: bool = True) -> Any:  # noqa: A002  # the same
    return _Field(default, default_factory, compare=compare, repr=repr)


def _dataclass(cls: type | None = None, /, *, frozen: bool = False, eq: bool = True, slots: bool = False) -> Any:
    def make(cls: type) -> type:
        return _made(cls, frozen=frozen, eq=eq, slots=slots)

    return make if cls is None else make(cls)


def _replace(value: Any, /, **changes: Any) -> Any:
    cls = value.__class__
    known = getattr(cls, "__record__", None)
    if known is None:
        import dataclasses

        return dataclasses.replace(value, **changes)
    copied = _COPIERS.get(cls)
    if copied is None or not known.keys() >= changes.keys():
        return cls(**{**{name: getattr(value, name) for name in known}, **changes})
    made = copied(value)
    for name, changed in changes.items():
        setattr(made, name, changed)
    made.__class__ = cls
    return made


def _made(cls: type, *, frozen: bool, eq: bool, slots: bool) -> type:
    own = {name: _declared(cls.__dict__.get(name, _NOTHING)) for name in cls.__annotations__}
    fields = {**getattr(cls, "__record__", {}), **own}
    added: dict[str, Any] = {"__record__": fields, "__match_args__": tuple(fields), "__dataclass_fields__": _Fields(), "__repr__": _repr}
    if eq:
        added |= {"__eq__": _eq, "__hash__": _hash if frozen else None}
    if frozen:
        added |= {"__setattr__": _refuse, "__delattr__": _refuse}
    if slots:
        added["__reduce__"] = _reduce  # without a __dict__, copy and pickle would set attributes, which a frozen object refuses
    added = {name: method for name, method in added.items() if name not in cls.__dict__ or name == "__match_args__"}
    if slots:
        kept = {name: value for name, value in cls.__dict__.items() if name not in (*own, "__dict__", "__weakref__")}
        cls = type(cls)(cls.__name__, cls.__bases__, {**kept, **added, "__slots__": tuple(own), "__qualname__": cls.__qualname__})
    else:
        for name, one in own.items():
            _default(cls, name, one)
        for name, method in added.items():
            setattr(cls, name, method)
    cls.__init__ = _first(cls, frozen=frozen)  # type: ignore[misc]
    if frozen and slots:
        _COPIERS[cls] = _copier(cls)
    return cls


def _declared(given: Any) -> _Field:
    return given if isinstance(given, _Field) else _Field(given, _NOTHING, compare=True, repr=True)


def _default(cls: type, name: str, one: _Field) -> None:
    """Leave a default where class attributes are looked for, and nothing else."""
    if one.default is not _NOTHING:
        setattr(cls, name, one.default)
    elif name in cls.__dict__:
        delattr(cls, name)


def _first(cls: type, *, frozen: bool) -> Callable[..., None]:
    """Make the `__init__` for the first few objects. Where more come, or one is not made as it should be, it puts the real one in its own place."""
    fields: dict[str, _Field] = cls.__record__  # type: ignore[attr-defined]
    left = FEW

    def init(self: Any, *args: Any, **given: Any) -> None:
        nonlocal left
        left -= 1
        values = dict(zip(fields, args, strict=False))
        if left < 0 or len(args) > len(fields) or not values.keys().isdisjoint(given) or not fields.keys() >= given.keys():
            return _real(cls, self, args, given, frozen=frozen)
        values.update(given)
        for name, one in fields.items():
            value = values.get(name, _NOTHING)
            if value is _NOTHING:
                value = one.default if one.factory is _NOTHING else one.factory()
            if value is _NOTHING:
                return _real(cls, self, args, given, frozen=frozen)
            object.__setattr__(self, name, value)
        return None

    return init


def _real(cls: type, made: Any, args: tuple[Any, ...], given: dict[str, Any], *, frozen: bool) -> None:
    init = _init(cls, frozen=frozen)
    cls.__init__ = init  # type: ignore[misc]
    init(made, *args, **given)


def _init(cls: type, *, frozen: bool) -> Any:
    fields: dict[str, _Field] = cls.__record__  # type: ignore[attr-defined]
    known: dict[str, Any] = {"_nothing": _NOTHING, "_set": object.__setattr__}
    words, values = ["self"], []
    for name, one in fields.items():
        value = name
        if one.factory is not _NOTHING:
            known[f"_factory_{name}"] = one.factory
            words.append(f"{name}=_nothing")
            value = f"_factory_{name}() if {name} is _nothing else {name}"
        elif one.default is not _NOTHING:
            known[f"_default_{name}"] = one.default
            words.append(f"{name}=_default_{name}")
        else:
            words.append(name)
        values.append(value)
    lines = [f"_set(self, '{name}', {value})" if frozen else f"self.{name} = {value}" for name, value in zip(fields, values, strict=True)]
    if cls in _COPIERS:
        known |= {"_cls": cls, "_thawed": _thawed(cls), "_fields": tuple(fields)}
        slowly = f" for _it in zip(_fields, ({''.join(f'{value}, ' for value in values)})): _set(self, *_it)"
        quickly = ["_set(self, '__class__', _thawed)", *(f"self.{name} = {value}" for name, value in zip(fields, values, strict=True))]
        # What is made from the class, and is no dataclass itself, cannot be thawed.
        lines = ["if self.__class__ is not _cls:", slowly, " return", *quickly, "self.__class__ = _cls"]
    exec(f"def __init__({', '.join(words)}):\n " + "\n ".join(lines or ["pass"]), known)  # noqa: S102  # names of fields, as the standard library does it
    known["__init__"].__qualname__ = f"{cls.__qualname__}.__init__"
    return known["__init__"]


_COPIERS: dict[type, Callable[[Any], Any]] = {}
"""What copies an object of a frozen class with slots, and leaves it thawed."""


@cache
def _thawed(cls: type) -> type:
    """Make the class that a frozen object has while it is filled: setting a slot is then one instruction, and no call."""
    return type(cls)(cls.__name__, (cls,), {"__slots__": (), "__setattr__": object.__setattr__, "__delattr__": object.__delattr__})


def _copier(cls: type) -> Callable[[Any], Any]:
    """Make what copies an object, thawed. Where many are copied, it puts one that is compiled in its own place."""
    fields: dict[str, _Field] = cls.__record__  # type: ignore[attr-defined]
    left = MANY

    def copied(value: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            return _compiled(cls, fields)(value)
        made: Any = object.__new__(_thawed(cls))
        for name in fields:
            setattr(made, name, getattr(value, name))
        return made

    return copied


def _compiled(cls: type, fields: Iterable[str]) -> Callable[[Any], Any]:
    known: dict[str, Any] = {"_new": object.__new__, "_thawed": _thawed(cls)}
    lines = ["made = _new(_thawed)", *(f"made.{name} = value.{name}" for name in fields), "return made"]
    exec("def copied(value):\n " + "\n ".join(lines), known)  # noqa: S102  # as above
    _COPIERS[cls] = known["copied"]
    return known["copied"]  # type: ignore[no-any-return]


def _compared(value: Any) -> tuple[Any, ...]:
    return tuple(getattr(value, name) for name, one in value.__record__.items() if one.compare)


def _eq(self: Any, other: object) -> Any:
    return _compared(self) == _compared(other) if other.__class__ is self.__class__ else NotImplemented


def _hash(self: Any) -> int:
    return hash(_compared(self))


def _repr(self: Any) -> str:
    shown = (f"{name}={getattr(self, name)!r}" for name, one in self.__record__.items() if one.repr)
    return f"{self.__class__.__qualname__}({', '.join(shown)})"


def _refuse(_self: Any, name: str, *_: object) -> None:
    from dataclasses import FrozenInstanceError

    message = f"cannot assign to or delete field {name!r}"
    raise FrozenInstanceError(message)


def _reduce(self: Any) -> tuple[Any, ...]:
    return self.__class__, tuple(getattr(self, name) for name in self.__record__)


if TYPE_CHECKING:
    from dataclasses import dataclass, field, replace
else:
    dataclass, field, replace = _dataclass, _field, _replace
