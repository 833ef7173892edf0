"""`fnctl explain`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from fnctl import catalogue, plugins
from fnctl.commands import complete
from fnctl.commands.run import Run
from fnctl.commands.schema import manifest
from fnctl.errors import FnctlError, UsageError
from fnctl.manifest import words
from fnctl.manifest.suggest import did_you_mean
from fnctl.manifest.words import ANY, LIST, Word
from fnctl.rules import pages
from fnctl.rules.limits import TARGETS, document
from fnctl.rules.model import Rule
from fnctl.rules.running import Trouble
from fnctl.views import rules as view
from fnctl.views.rules import Ability

_CODE = re.compile(r"[A-Za-z]{2,8}[0-9]{3}")
_OF_FUNCTIONS = {"concurrency.reserved": "reserved", "concurrency.provisioned": "provisioned", "concurrency.per_instance": "per_instance"}

LIMITS = {
    "functions.timeout": ("lambda.timeout", "functions.timeout", "functions.timeout.http", "function.timeout"),
    "functions.memory": ("lambda.memory", "lambda.memory.min", "functions.memory", "function.memory"),
    "functions.env": ("lambda.environment", "project.environment", "project.environment.count"),
    "functions.layers": ("lambda.layers",),
    "functions.description": ("lambda.description",),
    "functions.concurrency.reserved": ("lambda.concurrency", "functions.instances", "functions.instances.min", "function.concurrency.setting"),
    "functions.logs.retention": ("logs.retention",),
    "functions.triggers.queue.batch": ("lambda.mapping.batch", "lambda.mapping.batch.fifo", "storage.queue.batch"),
    "functions.triggers.queue.window": ("lambda.mapping.window",),
    "functions.triggers.queue.max_concurrency": ("lambda.mapping.concurrency", "lambda.mapping.concurrency.min"),
    "functions.triggers.schedule.every": ("scheduler.interval.min", "cron.interval.min"),
    "functions.triggers.schedule.input": ("scheduler.input",),
    "resources.visibility": ("sqs.visibility", "queue.visibility"),
    "resources.retention": ("sqs.retention", "sqs.retention.min", "queue.retention", "queue.retention.min"),
    "resources.delay": ("sqs.delay", "queue.delay"),
}
"""What the platforms allow under a key, names and list marks of its path left out; `fnctl limits` has them all."""


def explain(
    ctx: typer.Context,
    word: Annotated[
        str,
        typer.Argument(
            metavar="CODE|KEY", help="A code (AWS101, FN421), or a key of the manifest (timeout, http.path).", autocompletion=complete.codes
        ),
    ],
) -> None:
    """Explain a rule: why, an example, what to use instead, its limits and their sources. Or an error: why it happens, and what to do. Or a key of
    the manifest: what may stand there, and where.

    Examples:
        fnctl explain AWS101
        fnctl explain FN421
        fnctl explain functions.timeout
        fnctl explain queue.batch --output json
    """
    run: Run = ctx.obj
    rule = next((rule for rule in catalogue.every(plugins.Plugins()) if rule.code == word.upper()), None)
    if rule is not None:
        _rule(run, rule)
        return
    trouble = next((one for one in catalogue.troubles() if one.code == word.upper()), None)
    if trouble is not None:
        _trouble(run, trouble)
        return
    if _CODE.fullmatch(word):
        catalogue.known((word,))
        _unknown(word, [rule.code for rule in catalogue.every() if rule.code.startswith(word)])
    schema = manifest()
    if word.partition(".")[0] not in words.names(schema) and any(word in document(target)["limits"] for target in TARGETS):
        message = f"`{word}` is a limit of a platform"
        raise UsageError(message, help=f"see it, with its source:\nfnctl limits {word} --verbose")
    found = [(one, list(_abilities(one))) for one in words.find(schema, word)]
    if not found:
        _unknown(word, words.names(schema))
    if run.json:
        run.document(view.keys_document(found))
    else:
        run.show("\n\n\n".join(view.key(one, abilities, run.paint, run.width) for one, abilities in found))


def _rule(run: Run, rule: Rule) -> None:
    tables = pages.every_plan(rule.targets)
    if run.json:
        run.document(view.rule_document(rule, tables))
    else:
        run.show(view.explained(rule, tables, run.paint, run.width))


def _trouble(run: Run, trouble: Trouble) -> None:
    if run.json:
        run.document(view.trouble_document(trouble))
    else:
        run.show(view.trouble(trouble, run.paint, run.width))


def _unknown(word: str, known: Any) -> None:
    message = f"there is no rule and no key of the manifest called `{word}`"
    near = did_you_mean(word.rpartition(".")[2], known, "")
    raise UsageError(message, help=near or "see the rules, and the manifest's keys:\nfnctl rules\nfnctl schema")


def _abilities(word: Word) -> Iterator[Ability]:
    """Say of each installed platform whether it keeps a key. A word of one platform alone is that one's."""
    if word.target is not None:
        yield Ability(word.target)
        return
    section, key = _section(word)
    asked = LIMITS.get(".".join(part for part in word.path if part not in (ANY, LIST)), ()) if word.kind in (None, "queue") else ()
    for target in plugins.names() if section else ():
        try:
            abilities = plugins.adapter(target).abilities()
        except FnctlError:  # an adapter that does not load is a finding of `validate`
            continue
        entry = abilities.get("resources", {}).get(word.kind) if section == "resource_options" else None
        said = abilities.get(section, {})
        entry = (
            entry or said.get(key) or (said.get(key.partition(".")[0]) if section == "functions" else None)
        )  # of a whole map, or of one word in it
        limits = tuple(pages.look_up(asked, pages.every_plan([target]))) if asked and target in TARGETS else ()
        yield Ability(target, entry["able"], _narrowed(entry), entry["instead"], limits) if entry else Ability(target, limits=limits)


def _section(word: Word) -> tuple[str, str]:
    """Find where an adapter would say that it lacks a key."""
    match word.path:
        case ("functions" | "workflows", _, "triggers", _, kind):
            return "triggers", kind
        case ("functions" | "workflows", _, "triggers", _, kind, option, *_):
            return "trigger_options", f"{kind}.{option}"
        case ("resources", _, option, *_) if word.kind is not None:
            return "resource_options", f"{word.kind}.{option}"
        case ("functions", _, *rest):
            option = ".".join(rest)
            return "functions", _OF_FUNCTIONS.get(option, "retention" if option == "logs.retention" else option)
        case ("rollout", option, *_):
            return "rollout", option
        case _:
            return "", ANY


def _narrowed(entry: Any) -> str:  # an adapter's JSON
    """Say why, and for which values and plans alone."""
    only = [f"for {', '.join(map(str, entry['is']))}"] if "is" in entry else []
    only += [f"on {', '.join(entry['plans'])}"] if "plans" in entry else []
    return f"{entry['why']} ({' '.join(only)})" if only else str(entry["why"])
