"""What a folder cannot do. A rule is a function from a resolved service to what it found; its docstring is its page for `fnctl explain`."""

from __future__ import annotations

from collections.abc import Iterable

from fnctl.rules.model import Found, Rule, Subject, rule


@rule("FOLDER001", "warning", "folder")
def trigger_starts_nothing(subject: Subject) -> Iterable[Found]:
    """A folder holds code. Nothing in it listens to a queue or to the clock.

    ## What it does
    Finds triggers other than http.

    ## Why
    The function would be in the folder and never run.

    ## Example
        triggers: [{ schedule: "0 3 * * *" }]

    ## Use instead
    Start it yourself, or leave the function to another target with `only:`.

    ## Sources
    The folder's own README.
    """
    for function in subject.service.functions.values():
        for trigger in function.triggers:
            if trigger.kind != "http":
                yield Found(
                    f"nothing starts {function.name} on a {trigger.kind} trigger here",
                    subject.service.span(*trigger.at),
                    "a folder only holds the code",
                    help="start it yourself, or leave the function to another target with `only:`",
                )


RULES: tuple[Rule, ...] = (trigger_starts_nothing,)
