"""Did you mean, among very many words: what a wrong name costs does not grow with the number of wrong names."""

from __future__ import annotations

from collections.abc import Iterator

from fnctl.manifest.suggest import did_you_mean, nearest


class Counted(list[str]):
    """Words that count how often all of them are looked at."""

    looks = 0

    def __iter__(self) -> Iterator[str]:
        self.looks += 1
        return super().__iter__()


def test_many_words_are_put_in_order_once() -> None:
    words = Counted(f"queue-{number}" for number in range(5_000))
    assert nearest("qeue-4321", words) == "queue-4321"
    assert nearest("queue_17", words) == "queue-17"
    helps = [did_you_mean(f"nothing-{number}", words, "declare it") for number in range(1_200)]
    assert set(helps) == {"declare it"}
    assert nearest("queue_17", words) == "queue-17", "another spelling is known however much was asked"
    assert words.looks == 1


def test_a_word_is_not_its_own_neighbour() -> None:
    words = [f"queue-{number:04}" for number in range(300)]
    assert nearest("queue-0123", words) != "queue-0123"
