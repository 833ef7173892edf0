"""Questions to interpreters about handlers: many to one process, for starting one costs more than importing a small file."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from fnctl.build.jobs import attempt
from fnctl.dataclass import dataclass
from fnctl.graph import Json

SECONDS = 20
"""How long an import may take: twice what Lambda gives it, for this machine may be busy."""

TOGETHER = 8
"""Bundles that one Node imports after one another; Python forks for each, and takes any number."""

Answer: TypeAlias = "Mapping[str, Any]"
"""What a probe wrote down: nothing when all went well."""


@dataclass(frozen=True)
class Question:
    """One handler: the command of the probe, and what it has to know (`root`, `file`, `name`, `paths`, `provided`, `elsewhere`, `environ`)."""

    program: tuple[str, ...]
    spec: Mapping[str, Json]

    @property
    def forks(self) -> bool:
        """Whether each handler gets a process of its own, in one call."""
        return self.program[-1].endswith(".py") and hasattr(os, "fork")


def answers(questions: Sequence[Question], place: Path, parallel: int) -> list[Answer]:
    """Ask, several at a time, and return the answers in the order of the questions. `place` is an empty folder for the homes of the handlers."""
    asked = {number: _homed(question, place / str(number)) for number, question in enumerate(questions)}
    batches = list(_batches(asked, parallel))
    runs, _ = attempt({str(number): partial(_run, [asked[n] for n in batch]) for number, batch in enumerate(batches)}, parallel)
    ends = {n: runs[str(number)] for number, batch in enumerate(batches) for n in batch}
    done = {number: _read(question) for number, question in asked.items()}
    alone = [n for batch in batches if len(batch) > 1 for n in batch if done[n] is None or (done[n] and not asked[n].forks)]
    again, _ = attempt({str(number): partial(_run, [asked[number]]) for number in alone}, parallel)
    for number in alone:
        done[number], ends[number] = _read(asked[number]), again[str(number)]
    return [_named(ends[number] if (told := done[number]) is None else told, asked[number]) for number in asked]


def _homed(question: Question, home: Path) -> Question:
    (home / "home").mkdir(parents=True)
    own: dict[str, Json] = {"HOME": str(home / "home"), "TMPDIR": str(home / "home"), "PATH": os.defpath, "LANG": "C.UTF-8"}
    given: Any = question.spec["environ"]
    places: dict[str, Json] = {"answer": str(home / "answer.json"), "said": str(home / "said.txt"), "seconds": SECONDS}
    return Question(question.program, {**question.spec, **places, "environ": {**own, **given}})


def _batches(asked: Mapping[int, Question], parallel: int) -> Iterator[list[int]]:
    alike: dict[tuple[str, ...], list[int]] = {}
    for number, question in asked.items():
        alike.setdefault(question.program, []).append(number)
    for numbers in alike.values():
        size = max(1, -(-len(numbers) // parallel)) if asked[numbers[0]].forks else TOGETHER if asked[numbers[0]].program[-1].endswith(".mjs") else 1
        for start in range(0, len(numbers), size):
            yield numbers[start : start + size]


def _run(questions: Sequence[Question]) -> Answer:
    """Run one probe to its end, and say how it ended; what it found lies in the files that the questions name."""
    for question in questions:
        Path(str(question.spec["answer"])).unlink(missing_ok=True)
    lines = "".join(f"{json.dumps(question.spec)}\n" for question in questions)
    environ = {"PATH": os.defpath, "LANG": "C.UTF-8"}
    patience = SECONDS * len(questions) + 5 if questions[0].forks else SECONDS
    try:
        done = subprocess.run(list(questions[0].program), env=environ, input=lines.encode(), capture_output=True, timeout=patience, check=False)
    except subprocess.TimeoutExpired:
        return {"type": "timeout"}
    except OSError as error:  # the interpreter has gone since it was found
        return {"type": "ended", "code": 127, "text": str(error)}
    return {"type": "ended", "code": done.returncode, "text": (done.stderr or done.stdout).decode("utf-8", "replace")[-1000:]}


def _read(question: Question) -> Answer | None:
    try:
        found: dict[str, Any] = json.loads(Path(str(question.spec["answer"])).read_bytes())
    except (OSError, ValueError):
        return None
    return found


def _named(answer: Answer, question: Question) -> Answer:
    """Complete an answer that is about the process and not about an exception."""
    if answer.get("type") == "timeout":
        return {"type": "timeout", "text": f"{SECONDS} s"}
    if answer.get("type") == "ended" and "text" not in answer:
        said = Path(str(question.spec["said"]))
        return {**answer, "text": said.read_text("utf-8", "replace")[-1000:] if said.exists() else ""}
    return answer
