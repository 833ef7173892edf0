"""The quick `dataclass` against the standard library's: whatever fnctl does with such objects comes out the same."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any

import pytest

from fnctl import dataclass as quick
from fnctl.source import Span

OPTIONS = [{}, {"frozen": True}, {"frozen": True, "slots": True}, {"frozen": True, "eq": False}]


def make(maker: Any, options: dict[str, bool]) -> Any:
    """Make the same class with either."""

    @maker.dataclass(**options)
    class Thing:
        """A thing."""

        name: str
        size: int = 1
        words: dict[str, int] = maker.field(default_factory=dict)
        hidden: object = maker.field(default=None, compare=False, repr=False)

        @property
        def twice(self) -> int:
            return self.size * 2

    return Thing


def outcome(action: Any) -> Any:
    """Return what an action gives, or the type of what it raises."""
    try:
        return action()
    except Exception as error:  # noqa: BLE001  # whatever it is, both must raise it
        return type(error)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize(
    "action",
    [
        lambda cls, replace: repr(cls("a", 2, hidden=3)).rpartition("<locals>")[2],
        lambda cls, replace: (cls("a") == cls("a"), cls("a") == cls("b"), cls("a", hidden=1) == cls("a", hidden=2), cls("a") == "a"),
        lambda cls, replace: cls("a").__hash__ is not None and hash(cls("a")) == hash(cls("a")),
        lambda cls, replace: cls(),
        lambda cls, replace: cls("a", 1, {}, None, 5),
        lambda cls, replace: cls("a", nothing=1),
        lambda cls, replace: cls("a").words is not cls("a").words,
        lambda cls, replace: setattr(cls("a"), "name", "b"),
        lambda cls, replace: delattr(cls("a"), "name"),
        lambda cls, replace: (replace(cls("a"), size=7).size, replace(cls("a", 3), name="b").size, cls("a", 4).twice),
        lambda cls, replace: replace(cls("a"), nothing=7),
        lambda cls, replace: dataclasses.replace(cls("a", 3), name="b").size,
        lambda cls, replace: dataclasses.asdict(cls("a", words={"b": 1})),
        lambda cls, replace: [(f.name, f.compare, f.repr, f.default_factory) for f in dataclasses.fields(cls)],
        lambda cls, replace: (dataclasses.is_dataclass(cls), dataclasses.is_dataclass(cls("a")), cls.__match_args__, cls.__doc__, cls.__name__),
        lambda cls, replace: (copy.copy(cls("a", 2)).size, copy.deepcopy(cls("a", words={"b": 2})).words),
        lambda cls, replace: (hasattr(cls("a"), "__dict__"), getattr(cls, "size", None) == 1, hasattr(cls, "words"), hasattr(cls, "name")),
    ],
)
def test_it_does_what_the_standard_library_does(options: dict[str, bool], action: Any) -> None:
    ours, theirs = make(quick, options), make(dataclasses, options)
    expected = outcome(lambda: action(theirs, dataclasses.replace))
    assert outcome(lambda: action(ours, quick.replace)) == expected


def test_the_first_object_is_like_the_second() -> None:
    cls = make(quick, {"frozen": True})
    assert (cls(name="a", size=2), cls("a", size=2)) == (cls("a", 2), cls("a", 2))


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_the_hundredth_object_is_like_the_first(options: dict[str, bool]) -> None:
    cls = make(quick, options)
    first = cls("a", 2, {"b": 3}, 4)
    for number in range(100):
        one, same = cls("a", size=2, words={"b": 3}, hidden=4), quick.replace(first, size=number)
        assert [(x.name, x.size, x.words, x.hidden, type(x)) for x in (one, same)] == [("a", size, {"b": 3}, 4, cls) for size in (2, number)]
    assert (cls("a").words, first.size) == ({}, 2)
    assert cls("a").words is not cls("a").words


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_a_class_that_is_made_from_one_and_is_none_itself_works_too(options: dict[str, bool]) -> None:
    cls = make(quick, options)

    class Other(cls):  # type: ignore[misc, valid-type]  # a class that the test makes
        pass

    for number in range(20):
        assert cls("a").size == 1
        other = quick.replace(Other("a", 2), size=number)
        assert (type(other), other.name, other.size, other.words) == (Other, "a", number, {})


def test_a_frozen_object_stays_frozen_however_it_was_made() -> None:
    cls = make(quick, {"frozen": True, "slots": True})
    for made in [*(cls("a", number) for number in range(20)), *(quick.replace(cls("a"), size=number) for number in range(100))]:
        with pytest.raises(dataclasses.FrozenInstanceError):
            made.size = 5


def test_frozen_objects_without_a_dict_can_be_pickled() -> None:
    span = Span("fnctl.yaml", 1, 2, end_column=4)
    assert pickle.loads(pickle.dumps(span)) == span
    assert {span: 1}[copy.deepcopy(span)] == 1


@pytest.mark.parametrize("options", [{"frozen": True}, {"frozen": True, "slots": True}], ids=str)
def test_a_frozen_object_takes_no_new_name(options: dict[str, bool]) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        make(quick, options)("a").other = 1
